/**
 * Golden scenarios: each folder is a story (README.md), its commands, the log that must come out, the
 * messages that people are sent, and what explains each verdict. A missing or different text fails;
 * `UPDATE_GOLDEN=1 npm test` writes them, for review as a diff.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { buildWorld, parseScript, perform, settleMs } from "../support/script.ts";
import { Told } from "../support/told.ts";

const folder = "test/scenario";

interface Story {
  readonly texts: Readonly<Record<string, string>>;
  readonly violations: readonly string[];
}

function play(commands: string): Story {
  const script = parseScript(commands);
  const world = buildWorld(script, 7);
  world.run(settleMs);
  world.log.length = 0;
  world.logFrom = settleMs;
  const told = new Told(world);
  world.guardian.watcher = told;
  for (const { atMs, words } of script.commands) {
    world.run(settleMs + atMs - world.queue.now);
    perform(world, words);
  }
  const still = [...world.firing.values()].map((message) => `${message.class} ${message.dedupKey}`);
  const where = [...world.nova.servers.values()].map(
    (server) => `${server.name} ${server.status} on ${server.host}`,
  );
  const end = ["", "firing at the end:", ...still.sort(), "", "servers at the end:", ...where];
  const texts = {
    "expected.log": [...world.log, ...end, ""].join("\n"),
    "messages.txt": [...told.messages, ""].join("\n"),
    "explained.txt": [...told.explanations, ""].join("\n"),
  };
  return { texts, violations: world.violations };
}

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
    const { texts, violations } = play(readFileSync(join(path, "commands.txt"), "utf8"));
    assert.deepEqual(violations, []);
    for (const [file, text] of Object.entries(texts)) {
      const golden = join(path, file);
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, text);
      assert.ok(existsSync(golden), `${golden} is missing: UPDATE_GOLDEN=1 npm test writes it`);
      assert.equal(text, readFileSync(golden, "utf8"));
    }
  });
}
