/**
 * Golden scenarios: each folder is a story (README.md), its commands, the log that must come out, the
 * messages that people are sent, and what explains each verdict. A missing or different text fails;
 * `UPDATE_GOLDEN=1 npm test` writes them, for review as a diff.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { playStory } from "../support/story.ts";

const folder = "test/scenario";

const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

test("there are scenarios to play", () => {
  assert.ok(names.length >= 15, `${names.length} scenarios, at least 15 wanted`);
});

for (const name of names) {
  test(`scenario ${name}`, () => {
    const path = join(folder, name);
    assert.ok(existsSync(join(path, "README.md")), `${path} has no README.md that tells its story`);
    const { texts, violations } = playStory(readFileSync(join(path, "commands.txt"), "utf8"));
    assert.deepEqual(violations, []);
    for (const [file, text] of Object.entries(texts)) {
      const golden = join(path, file);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
      assert.ok(existsSync(golden), `${golden} is missing: UPDATE_GOLDEN=1 npm test writes it`);
      assert.equal(text, readFileSync(golden, "utf8"));
    }
  });
}
