/**
 * The model check in small: one fault an episode to closure, and every planted bug found. `npm run
 * model` goes on to two faults.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, step } from "../../guardian/core/guardian.ts";
import { describePath, explore, type Result } from "./explore.ts";
import { plant, plantedBugs } from "./planted.ts";
import type { Reducer } from "./quantum.ts";
import { leftOff, oneHost, only, sizes, type Size } from "./sizes.ts";

const statesMax = 30_000;

function run(reducer: Reducer, size: Size, faults: number, exact = false): Result {
  return explore(reducer, { size, faults, statesMax, exact });
}

// What people do at any quantum makes one size ten times as large as the others.
const small = sizes.map((size) => (size === leftOff ? only(size, /power is lost/) : size));

for (const size of small) {
  test(`${size.says}, one fault an episode: no promise breaks, every state has an exit`, () => {
    const result = run({ step, initialState } as Reducer, size, 1);
    const { violation } = result;
    const told =
      violation === undefined ? "" : `${violation.text}\n${describePath(violation.path)}`;
    assert.equal(told, "");
    assert.ok(result.closed, "no new state was left");
    assert.ok(result.states > 40 && result.transitions > result.states, JSON.stringify(result));
  });
}

test("states that are told apart by digests are the ones told apart token by token", () => {
  const reducer = { step, initialState } as Reducer;
  const digests = run(reducer, oneHost, 1);
  assert.deepEqual(run(reducer, oneHost, 1, true), digests);
});

for (const bug of plantedBugs) {
  test(`planted: ${bug.name}: found`, async () => {
    const { reducer, dispose } = await plant(bug);
    try {
      const { violation } = run(reducer, bug.size, bug.faults);
      assert.match(violation?.text ?? "nothing was found", bug.found);
    } finally {
      dispose();
    }
  });
}
