/** Every kind of alert that can be a page has a runbook, and runbooks name commands that exist. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { runbookOf, runbooks } from "../../guardian/channels/links.ts";
import { pageKinds } from "../support/page-kinds.ts";

const pages = readdirSync("docs/runbooks").filter((name) => name !== "README.md");

function text(page: string): string {
  return readFileSync(`docs/runbooks/${page}`, "utf8");
}

test("every kind that can be a page has a runbook", () => {
  const kinds = pageKinds();
  assert.ok(kinds.length >= 20, kinds.join(", "));
  for (const kind of ["blind", "fence-failed", "hung", "row-11a", "device-x", "storm-x"]) {
    assert.ok(kinds.includes(kind), `${kind} is not found any more: ${kinds.join(", ")}`);
  }
  for (const kind of kinds) {
    const page = runbookOf(kind);
    assert.ok(page !== undefined, `${kind}: write docs/runbooks/${kind}.md, name it in links.ts`);
  }
});

test("links and pages are the same, and the list has them all", () => {
  const linked = new Set<string>([...runbooks.exact, ...runbooks.begins]);
  assert.deepEqual(pages.map((name) => name.replace(/\.md$/, "")).sort(), [...linked].sort());
  for (const name of linked) {
    assert.ok(text("README.md").includes(`| [\`${name}\`](${name}.md) |`), `README: ${name}`);
  }
});

for (const page of pages) {
  test(`${page} says what it is, why, whom it hurts, what to do and when it ends`, () => {
    const body = text(page);
    assert.ok(body.startsWith(`# \`${page.replace(/\.md$/, "")}\`: `));
    for (const part of ["Causes", "Impact", "What to do", "Ends when"]) {
      const section = body.split(`\n## ${part}\n`)[1]?.split("\n## ")[0] ?? "";
      assert.ok(section.trim().length > 15, `${part} says nothing`);
    }
  });
}

test("every guardian command in a runbook is one of WORKFLOW.md's", () => {
  const workflow = readFileSync("docs/WORKFLOW.md", "utf8").split("```")[1] ?? "";
  const known = workflow.split("\n").map((line) => verbOf(line));
  known.push("guardian config check", "guardian run");
  let seen = 0;
  for (const page of pages) {
    for (const [, command = ""] of text(page).matchAll(/`(guardian [^`]+)`/g)) {
      seen += 1;
      assert.ok(known.includes(verbOf(command)), `${page}: ${command}`);
    }
  }
  assert.ok(seen > 40, String(seen));
});

/** "guardian fence confirm": the words before the first argument. */
function verbOf(command: string): string {
  return /^guardian(?: [a-z]+)*/.exec(command.trim())?.[0] ?? "";
}
