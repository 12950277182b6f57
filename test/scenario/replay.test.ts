/**
 * Every golden scenario, recorded as a real guardian records and replayed from its first snapshot
 * and from the last that has something after it, restarts of the guardian included.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { replay } from "../../guardian/core/replay.ts";
import { framesOf } from "../../guardian/shell/recording-frames.ts";
import { recordScript } from "../support/recorded-world.ts";

const folder = "test/scenario";
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

let snapshots = 0;

for (const name of names) {
  test(`scenario ${name} replays byte for byte`, () => {
    const recorded = recordScript(readFileSync(join(folder, name, "commands.txt"), "utf8"));
    const whole = replay(framesOf(recorded.chunks));
    assert.equal(whole.difference, undefined);
    assert.deepEqual(whole.gaps, []);
    // All but what a killed process had not written yet.
    assert.ok(whole.inputs > recorded.inputs.length - 100, `${whole.inputs} inputs replayed`);
    assert.ok(whole.outputs > 0);
    snapshots += whole.snapshots;
    const start = recorded.chunks.findLastIndex(
      ({ kind, part }) => kind === "snapshot" && part === 0,
    );
    const sequence = recorded.chunks[start]?.sequence;
    const later = recorded.chunks.filter((chunk) => chunk.sequence >= (sequence ?? 0));
    const tail = replay(framesOf(later));
    assert.equal(tail.difference, undefined);
    assert.ok(tail.inputs > 0 && tail.inputs <= whole.inputs);
  });
}

test("a snapshot a minute was compared on the way", () => {
  assert.ok(snapshots > names.length, `${snapshots} in ${names.length} scenarios`);
});
