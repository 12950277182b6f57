import assert from "node:assert/strict";
import { test } from "node:test";
import { foldAlerts, messagesPerRoundMax } from "../../guardian/core/alerting.ts";
import type { Effect } from "../../guardian/core/effects.ts";
import type { FiringAlert } from "../../guardian/core/memory.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { BigCloud } from "../bench/big-cloud.ts";

function cloudOf(hosts: number, silent: number): GuardianState {
  const cloud = new BigCloud(hosts);
  for (let second = 0; second < 32; second += 1) {
    if (second === 16) cloud.silent = new Set(cloud.names.slice(0, silent));
    cloud.second();
  }
  return cloud.state;
}

function withAlerts(state: GuardianState, alerts: Record<string, FiringAlert>): GuardianState {
  return { ...state, memory: { ...state.memory, alerts } };
}

/** How many messages each round sends until there is nothing more to say. */
function rounds(from: GuardianState): { readonly sizes: readonly number[]; state: GuardianState } {
  const sizes: number[] = [];
  let state = from;
  for (;;) {
    const out: Effect[] = [];
    state = foldAlerts(state, out);
    if (out.length === 0) return { sizes, state };
    assert.ok(out.every(({ kind }) => kind === "alert"));
    sizes.push(out.length);
  }
}

test("many hosts at once: so many messages a round, and none is forgotten", () => {
  const well = cloudOf(500, 0);
  const ill = cloudOf(500, 450);
  const all = Object.keys(ill.memory.alerts);
  assert.ok(all.length > 450, `${all.length} alerts`);
  const begun = rounds(withAlerts(ill, {}));
  assert.equal(begun.sizes[0], messagesPerRoundMax);
  assert.ok(begun.sizes.every((size) => size <= messagesPerRoundMax));
  assert.deepEqual(Object.keys(begun.state.memory.alerts).sort(), all.sort());
  const ended = rounds(withAlerts(well, { ...ill.memory.alerts }));
  assert.equal(ended.sizes[0], messagesPerRoundMax);
  assert.ok(ended.sizes.every((size) => size <= messagesPerRoundMax));
  assert.deepEqual(Object.keys(ended.state.memory.alerts), Object.keys(well.memory.alerts));
});
