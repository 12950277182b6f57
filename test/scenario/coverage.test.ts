/** The stories together reach every row and every gate, and no two of them tell the same. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gateEntry, gateList } from "../../guardian/core/gate-list.ts";
import { defaultTable } from "../../guardian/core/verdict-table.ts";

const folder = "test/scenario";
const stories = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, log: readFileSync(join(folder, name, "expected.log"), "utf8") }));

/**
 * Rows that a running guardian does not reach, because our eyes are in doubt before (row 1): they
 * are there for tables that an operator changed.
 */
const guardedRows = ["1a", "13a"];

/** Gates that hold only what the default table never asks for, or what another part tells first. */
const guardedGates = ["third witness", "reverse ping", "eyes, lag of the store behind …"];

test("every row of the table is reached in a story", () => {
  const missing = defaultTable
    .map(({ row }) => row)
    .filter((row) => !stories.some(({ log }) => log.includes(`(row ${row})`)));
  assert.deepEqual(missing, guardedRows);
});

test("every gate holds somebody in a story", () => {
  const held = new Set<string>();
  for (const { log } of stories) {
    for (const match of log.matchAll(/held by (.*)/g)) {
      for (const part of (match[1] ?? "").split("; ")) {
        const name = part.slice(0, part.indexOf(":"));
        const entry = gateEntry(name);
        if (entry !== undefined) held.add(entry.gate);
      }
    }
  }
  const missing = gateList.map(({ gate }) => gate).filter((gate) => !held.has(gate));
  assert.deepEqual([...missing].sort(), [...guardedGates].sort());
});

/** What was said in a story, without times, names and numbers. */
function reasonsOf(log: string): string {
  const lines = log
    .split("\n")
    .filter((line) => /^ +[0-9.]+ /.test(line) && !/^ +[0-9.]+ +world /.test(line))
    .map((line) =>
      line
        .replace(/^ *[0-9.]+ +\S+ +/, "")
        .replace(/(?:compute|vm)-[\d-]+/g, "#")
        .replace(/\d+(?:\.\d+)?/g, "#"),
    );
  return [...new Set(lines)].sort().join("\n");
}

test("no two stories give the same set of reasons", () => {
  const seen = new Map<string, string>();
  for (const { name, log } of stories) {
    const reasons = reasonsOf(log);
    assert.equal(seen.get(reasons), undefined, `${name} tells what ${seen.get(reasons)} tells`);
    seen.set(reasons, name);
  }
  assert.ok(stories.length >= 60, `${stories.length} stories`);
});

test("every story says in words what is expected", () => {
  for (const { name } of stories) {
    const readme = readFileSync(join(folder, name, "README.md"), "utf8");
    assert.match(readme, /^# .+\n\n[^\n]{40,}/, name);
  }
});
