/** Servers in states that Nova does not evacuate: left and named, or reset to error and evacuated. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy, type ResettableState } from "../../guardian/core/evacuation-policy.ts";
import type { MoveState } from "../../guardian/core/move.ts";
import { render } from "../../guardian/core/words.ts";
import type { ApiAnswer, ComputeServer } from "../../guardian/ports.ts";
import type { ServerId } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

function dies(
  server: Partial<ComputeServer>,
  reset: readonly ResettableState[] = [],
  prepare: (core: CoreFixture) => void = () => undefined,
): { readonly core: CoreFixture; readonly server: ServerId } {
  const states = { ...defaultPolicy.states };
  for (const state of reset) states[state] = "reset";
  const core = new CoreFixture({ evacuation: { ...defaultPolicy, states } }).run(15_000);
  const id = core.nova.addServer(host1, "vm-1", server);
  prepare(core);
  core.powerLoss(host1);
  return { core: core.run(15_000), server: id };
}

function stateOf(core: CoreFixture, server: ServerId): MoveState | undefined {
  const phase = core.state.memory.incidents.get(host1)?.phase;
  if (phase?.kind !== "evacuating" && phase?.kind !== "ended") return undefined;
  return phase.moves?.[server]?.state;
}

function reasonOf(core: CoreFixture, server: ServerId): string {
  const state = stateOf(core, server);
  return state?.kind === "left" || state?.kind === "failed" ? render(state.reason) : "";
}

for (const vmState of ["paused", "suspended", "rescued"] as const) {
  test(`${vmState}: left by default; by policy reset under the proof, then evacuated and running`, () => {
    const left = dies({ vmState });
    assert.equal(left.core.done("reset").length + left.core.done("evacuate").length, 0);
    assert.match(reasonOf(left.core, left.server), new RegExp(`that is ${vmState}$`));
    const { core, server } = dies({ vmState }, [vmState]);
    const [order] = core.done("reset");
    assert.equal(order?.from, vmState);
    assert.equal(order.proof.host, host1);
    assert.equal(core.done("reset").length, 1);
    assert.equal(core.done("evacuate").length, 1);
    assert.equal(stateOf(core, server)?.kind, "finished");
  });
}

const inHand: readonly (readonly [string, Partial<ComputeServer>, RegExp])[] = [
  ["resized, not confirmed", { vmState: "resized" }, /half-way through a resize/],
  ["in the middle of a resize", { taskState: "resize_migrating" }, /half-way through a resize/],
  ["migrating alive", { taskState: "migrating" }, /on which host its disk is open/],
  ["being deleted", { taskState: "deleting" }, /being deleted/],
  ["shelved", { vmState: "shelved" }, /it is shelved/],
  ["shelved and offloaded", { vmState: "shelved_offloaded" }, /it is shelved/],
  ["being built", { vmState: "building" }, /a server that is building/],
];

for (const [what, changes, reason] of inHand) {
  test(`reported, whatever the policy says: ${what}`, () => {
    const { core, server } = dies(changes, ["paused", "suspended", "rescued"]);
    assert.equal(core.done("reset").length + core.done("evacuate").length, 0);
    assert.match(reasonOf(core, server), reason);
    assert.ok(core.alerts().some(({ kind }) => kind === "left-behind"));
  });
}

test("a reset whose answer is lost is looked up: done, it is evacuated and not reset again", () => {
  const { core, server } = dies({ vmState: "paused" }, ["paused"], ({ nova }) => {
    nova.resetAnswer = { kind: "unknown", reason: "timeout" };
    nova.resetWorks = true;
  });
  assert.equal(core.done("reset").length, 1);
  assert.equal(core.done("evacuate").length, 1);
  assert.equal(stateOf(core, server)?.kind, "finished");
});

test("a reset that Nova shows nothing of is ordered three times, 20 s apart, then told", () => {
  const { core, server } = dies({ vmState: "paused" }, ["paused"], ({ nova }) => {
    nova.resetAnswer = { kind: "unknown", reason: "timeout" };
  });
  assert.equal(core.done("reset").length, 1);
  core.run(19_000);
  assert.equal(core.done("reset").length, 2);
  core.run(60_000);
  assert.equal(core.done("reset").length, 3);
  assert.equal(core.done("evacuate").length, 0);
  assert.match(reasonOf(core, server), /was to be reset from paused, and is paused/);
});

test("a reset that Nova refuses is told with its words, and nothing is evacuated", () => {
  const refused: ApiAnswer = { kind: "refused", status: 409, reason: "it is active now" };
  const { core, server } = dies({ vmState: "paused" }, ["paused"], ({ nova }) => {
    nova.resetAnswer = refused;
  });
  core.run(60_000);
  assert.equal(core.done("reset").length, 1);
  assert.equal(core.done("evacuate").length, 0);
  assert.match(reasonOf(core, server), /does not reset it from paused: 409 it is active now/);
});

test("a guardian that restarts in the middle of a reset looks first", () => {
  const { core } = dies({ vmState: "paused" }, ["paused"], ({ nova }) => {
    nova.resetAnswer = { kind: "unknown", reason: "timeout" };
  });
  core.nova.changeServer(core.nova.servers[0]?.server as ServerId, {
    vmState: "error",
    status: "ERROR",
  });
  core.restart();
  core.run(60_000);
  assert.equal(core.done("reset").length, 1);
  assert.equal(core.done("evacuate").length, 1);
});

test("a reset whose server cannot be looked at is told after the longest time of a move", () => {
  const { core, server } = dies({ vmState: "paused" }, ["paused"], ({ nova }) => {
    nova.resetAnswer = { kind: "unknown", reason: "timeout" };
  });
  const hidden = core.nova.servers;
  core.nova.unseen = true;
  core.run(310_000);
  assert.equal(hidden.length, 1);
  assert.match(reasonOf(core, server), /was to be reset from paused, and is \?/);
});
