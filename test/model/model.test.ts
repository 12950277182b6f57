/**
 * The model check in small: one fault an episode to closure, and every planted bug found. `npm run
 * model` goes on to two faults.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState, step } from "../../guardian/core/guardian.ts";
import { hostName } from "../../shared/names.ts";
import { describePath, explore, type Result } from "./explore.ts";
import { plant, plantedBugs } from "./planted.ts";
import type { Reducer } from "./quantum.ts";

const statesMax = 30_000;

function run(reducer: Reducer, victims: readonly string[], faults: number, exact = false): Result {
  const names = victims.map((name) => hostName(name));
  return explore(reducer, { victims: names, faults, statesMax, exact });
}

for (const victims of [["a1"], ["a1", "a2"]]) {
  test(`${victims.length} of a model's hosts, one fault an episode: no promise breaks, every state has an exit`, () => {
    const result = run({ step, initialState } as Reducer, victims, 1);
    const { violation } = result;
    const told =
      violation === undefined ? "" : `${violation.text}\n${describePath(violation.path)}`;
    assert.equal(told, "");
    assert.ok(result.closed, "no new state was left");
    assert.ok(result.states > 250 && result.transitions > result.states, JSON.stringify(result));
  });
}

test("states that are told apart by digests are the ones told apart token by token", () => {
  const reducer = { step, initialState } as Reducer;
  const digests = run(reducer, ["a1"], 1);
  assert.deepEqual(run(reducer, ["a1"], 1, true), digests);
});

for (const bug of plantedBugs) {
  test(`planted: ${bug.name}: found`, async () => {
    const { reducer, dispose } = await plant(bug);
    try {
      const { violation } = run(reducer, bug.victims, bug.faults);
      assert.match(violation?.text ?? "nothing was found", bug.found);
    } finally {
      dispose();
    }
  });
}
