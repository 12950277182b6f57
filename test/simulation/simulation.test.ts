/** Fifty seeds and every seed that ever failed (regressions.txt); `npm run simulate` plays more. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { play } from "./chaos.ts";
import { withPoisonedGlobals } from "./poisoned.ts";

const regressions = readFileSync("test/simulation/regressions.txt", "utf8")
  .split("\n")
  .map((line) => line.replace(/#.*/, "").trim())
  .filter((line) => line !== "")
  .map(Number);

const seeds = [...Array.from({ length: 50 }, (_, at) => at + 1), ...regressions];

test(`${seeds.length} seeds keep every promise`, () => {
  let fenced = 0;
  let evacuated = 0;
  for (const seed of seeds) {
    const result = withPoisonedGlobals(() => play(seed));
    fenced += result.fenced;
    evacuated += result.evacuated;
    const replay = `npm run simulate -- --from ${seed} --seeds 1 shows it`;
    assert.deepEqual(result.violations, [], `seed ${seed} ${result.options}; ${replay}`);
  }
  // A simulation in which nothing ever happens would keep every promise too.
  assert.ok(fenced > 10, `${fenced} power-offs in all seeds`);
  assert.ok(evacuated > 50, `${evacuated} evacuate calls in all seeds`);
});

test("the same seed gives the same run", () => {
  for (const seed of [3, 17, 42]) {
    const first = play(seed);
    const second = play(seed);
    assert.equal(first.hash, second.hash);
    assert.equal(first.unseed, second.unseed);
  }
});
