import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hostName } from "../../shared/names.ts";
import { readRememberedLives } from "../../collector/core/remembered-lives.ts";
import { createReplayTable, type Origin } from "../../shared/replay-window.ts";

function origin(sequence: number, changes: Partial<Origin> = {}): Origin {
  const host = hostName("compute-1");
  return { host, path: "storage", bootId: "a".repeat(16), probeEpoch: 100, sequence, ...changes };
}

test("newest, late and replayed are told apart inside the window", () => {
  const table = createReplayTable();
  const verdicts = [5, 5, 3, 3, 6, 70, 6, 7, 5, 71].map((sequence) =>
    table.admit(origin(sequence)),
  );
  assert.deepEqual(verdicts, [
    "newest",
    "replayed",
    "late",
    "replayed",
    "newest",
    "newest",
    "late",
    "late",
    "late",
    "newest",
  ]);
});

test("the same sequence counts once per path", () => {
  const table = createReplayTable();
  assert.equal(table.admit(origin(1)), "newest");
  assert.equal(table.admit(origin(1, { path: "business" })), "newest");
  assert.equal(table.admit(origin(1, { path: "business" })), "replayed");
});

test("a restarted probe counts anew; its former life is refused", () => {
  const table = createReplayTable();
  assert.equal(table.admit(origin(50)), "newest");
  assert.equal(table.admit(origin(1, { probeEpoch: 200 })), "newest");
  assert.equal(table.admit(origin(51)), "stale-epoch");
  assert.equal(table.admit(origin(2, { probeEpoch: 200 })), "newest");
});

test("a boot that ended never returns", () => {
  const table = createReplayTable();
  const boots = Array.from({ length: 17 }, (_, index) => String(index).padStart(16, "0"));
  for (const bootId of boots) assert.equal(table.admit(origin(1, { bootId })), "newest");
  for (const bootId of boots.slice(0, 16)) {
    assert.equal(table.admit(origin(900, { bootId, probeEpoch: 999 })), "retired-boot");
  }
  assert.equal(table.admit(origin(2, { bootId: boots[16] ?? "" })), "newest");
});

test("a full table refuses newcomers and forgets nobody", () => {
  const table = createReplayTable([], 1);
  assert.equal(table.admit(origin(1)), "newest");
  assert.equal(table.admit(origin(1, { host: hostName("compute-2") })), "table-full");
  assert.equal(table.admit(origin(1)), "replayed");
});

test("in any order of arrival no sequence is taken twice, and newest only climbs", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 300 }), (sequences) => {
      const table = createReplayTable();
      let highest = 0;
      for (const sequence of sequences) {
        const verdict = table.admit(origin(sequence));
        assert.equal(verdict === "newest", sequence > highest);
        highest = Math.max(highest, sequence);
      }
    }),
  );
});

test("what is remembered outlives the table: ended boots, the current life, sequences seen", () => {
  const before = createReplayTable();
  before.admit(origin(9, { bootId: "b".repeat(16) }));
  before.admit(origin(40));
  before.admit(origin(41, { path: "business" }));
  const saved: unknown = JSON.parse(JSON.stringify(before.remembered()));
  const table = createReplayTable(readRememberedLives(saved));
  assert.deepEqual(table.remembered(), before.remembered());
  assert.equal(table.admit(origin(99, { bootId: "b".repeat(16) })), "retired-boot");
  assert.equal(table.admit(origin(40)), "replayed");
  assert.equal(table.admit(origin(3)), "replayed");
  assert.equal(table.admit(origin(99, { probeEpoch: 99 })), "stale-epoch");
  assert.equal(table.admit(origin(41)), "newest");
});

test("a saved table that makes no sense is refused as a whole", () => {
  const good = createReplayTable();
  good.admit(origin(1));
  const [life] = good.remembered();
  assert.throws(() => readRememberedLives({}));
  for (const broken of [null, {}, { ...life, bootId: 5 }, { ...life, highest: { storage: "x" } }]) {
    assert.throws(() => readRememberedLives([broken]));
  }
});
