/** The list of mutants is complete, and each can still be planted; `npm run mutants` tries them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gateList } from "../../guardian/core/gate-list.ts";
import { defaultTable } from "../../guardian/core/verdict-table.ts";
import { allMutants, equivalents } from "../mutants/all-mutants.ts";
import { noMutant } from "../mutants/invariant-mutants.ts";

const tree = "dist";
const mutants = allMutants(tree);
const names = mutants.map(({ name }) => name);

test("every row, gate, invariant and proof rule has a mutant", () => {
  for (const { row } of defaultTable) {
    assert.ok(names.includes(`row ${row} never matches`), `row ${row}`);
    assert.ok(names.includes(`row ${row} does the opposite`), `row ${row}`);
  }
  for (const { gate } of gateList) assert.ok(names.includes(`gate ${gate} never holds`), gate);
  for (let number = 1; number <= 30; number += 1) {
    const has = names.some((name) => name.startsWith(`invariant ${number}:`));
    assert.notEqual(
      has,
      noMutant[number] !== undefined,
      `invariant ${number}: a mutant or a reason`,
    );
  }
  const rules = names.filter((name) => name.startsWith("rule "));
  assert.ok(rules.length >= 14, `${rules.length} rules are found in the text: ${rules.join("; ")}`);
});

test("each mutant finds its place and changes it", () => {
  for (const { name, changes } of mutants) {
    for (const { file, apply } of changes) {
      const source = readFileSync(join(tree, file), "utf8");
      assert.notEqual(apply(source), source, `${name} changes nothing in ${file}`);
    }
  }
});

test("what is called equivalent is in the list", () => {
  for (const name of Object.keys(equivalents)) assert.ok(names.includes(name), name);
});
