/** Seeds that every run of the tests plays, the judge's own lists, and what a batch must reach. */
import assert from "node:assert/strict";
import test from "node:test";
import { playBatch } from "./batch.ts";
import { invariants, notChecked } from "./invariants.ts";
import { makePlan } from "./plan.ts";
import { play } from "./play.ts";
import { withPoisonedGlobals } from "./poisoned.ts";
import { withBatch } from "./runs.ts";

/** Enough for the floors of coverage.ts, under two minutes on two cores. */
const seeds = 1000;

test(`${seeds} seeds keep every promise, and reach every row, gate, effect and fault`, async () => {
  const result = await playBatch({ from: 1, seeds, workers: 2 });
  const stories = result.failed.map(
    ({ seed, violations }) =>
      `npm run simulate -- --seeds 1 --from ${seed} --log: ${violations[0] ?? ""}`,
  );
  assert.deepEqual(stories, []);
  assert.deepEqual(result.rare, []);
});

test("the same seed gives the same run, on whichever worker and after whichever other seed", async () => {
  const { hashes } = await playBatch({ from: 40, seeds: 4, workers: 2 });
  for (const seed of [43, 41]) {
    const alone = withPoisonedGlobals(() => play(makePlan(seed)));
    const told = withPoisonedGlobals(() => play(makePlan(seed), true));
    assert.equal(alone.hash, hashes.get(seed));
    assert.equal(told.hash, alone.hash);
  }
  assert.equal(new Set(hashes.values()).size, 4, "different seeds give different runs");
});

test("every invariant of the design is checked, or says why it is not", () => {
  const checked = new Set(invariants.map(({ number }) => number));
  for (let number = 1; number <= 30; number += 1) {
    const excused = notChecked[number] !== undefined;
    assert.notEqual(checked.has(number), excused, `invariant ${number}: checked or excused, once`);
  }
});

test("a batch that continues another of the same code grows its line in the ledger", () => {
  const before = "# Runs\n\n| a |\n|---|\n| abcdef1234 | 1111111111 | 1 | 100 | 0 |\n";
  const code = "abcdef1234";
  const batch = { from: 101, seeds: 50, failed: [] };
  const continued = withBatch(before, { code, commit: "2222222222" }, batch);
  assert.match(continued, /^\| abcdef1234 \| 2222222222 \| 1 \| 150 \| 0 \|$/m);
  assert.doesNotMatch(continued, /1111111111/);
  const failed = [{ seed: 9, violations: ["x"] }];
  const changed = { code: "fedcba4321", commit: "2222222222" };
  const other = withBatch(before, changed, { ...batch, failed });
  assert.match(other, /\| 100 \| 0 \|\n\| fedcba4321 \| 2222222222 \| 101 \| 50 \| 1 \|\n$/);
});
