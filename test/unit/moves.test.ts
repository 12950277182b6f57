import assert from "node:assert/strict";
import { test } from "node:test";
import type { MoveState } from "../../guardian/core/move.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import type { ApiAnswer, ComputeServer } from "../../guardian/ports.ts";
import { render, words } from "../../guardian/core/words.ts";
import type { ServerId } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

/** A host with one server loses its power; runs until its moves are planned and ordered. */
function evacuate(
  changes: Partial<ComputeServer>,
  prepare: (core: CoreFixture, server: ServerId) => void = () => undefined,
  settings: Partial<Settings> = {},
): { readonly core: CoreFixture; readonly server: ServerId } {
  const core = new CoreFixture(settings).run(15_000);
  const server = core.nova.addServer(host1, "vm-1", changes);
  prepare(core, server);
  core.powerLoss(host1);
  return { core: core.run(15_000), server };
}

function stateOf(core: CoreFixture, server: ServerId): MoveState | undefined {
  const { phase } = core.state.memory.incidents.get(host1) ?? {};
  if (phase?.kind !== "evacuating" && phase?.kind !== "ended") return undefined;
  return phase.moves?.[server]?.state;
}

const left: readonly (readonly [string, Partial<ComputeServer>, RegExp])[] = [
  ["a local root disk", { volumeBacked: false }, /its root disk is on the dead host/],
  ["an amphora", { name: "amphora-1234" }, /Octavia manages it/],
  ["paused", { status: "PAUSED", vmState: "paused" }, /does not evacuate a server that is paused/],
  ["suspended", { status: "SUSPENDED", vmState: "suspended" }, /that is suspended/],
  ["rescued", { status: "RESCUE", vmState: "rescued" }, /that is rescued/],
  ["told not to", { metadata: { "guardian:evacuate": "false" } }, /guardian:evacuate=false/],
];

for (const [name, changes, reason] of left) {
  test(`left where it is, and paged: ${name}`, () => {
    const { core, server } = evacuate(changes);
    assert.equal(core.done("evacuate").length, 0);
    const state = stateOf(core, server);
    assert.equal(state?.kind, "left");
    assert.match(render(state?.kind === "left" ? state.reason : ""), reason);
    const page = core.alerts().find((alert) => alert.kind === "left-behind");
    assert.equal(page?.class, "page");
    assert.match(page?.why.join() ?? "", reason);
  });
}

test("a local disk moves where the operator says that the directory is shared", () => {
  const { core } = evacuate({ volumeBacked: false }, undefined, { instancesShared: true });
  assert.equal(core.done("evacuate").length, 1);
});

const moved: readonly (readonly [string, Partial<ComputeServer>])[] = [
  ["running", {}],
  ["stopped", { status: "SHUTOFF", vmState: "stopped", powerState: 4 }],
  ["in error", { status: "ERROR", vmState: "error" }],
];

for (const [name, changes] of moved) {
  test(`moved: ${name}`, () => {
    const { core } = evacuate(changes);
    assert.equal(core.done("evacuate").length, 1);
  });
}

test("recovered is said only when Nova shows it elsewhere, in the state it had", () => {
  const stopped = { status: "SHUTOFF", vmState: "stopped", powerState: 4 };
  const { core, server } = evacuate(stopped, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.changeRecord(server, "done");
  core.run(3000);
  assert.equal(stateOf(core, server)?.kind, "running", "the record is done, the server still here");
  core.nova.changeServer(server, { host: host2, status: "ACTIVE" });
  core.run(3000);
  assert.equal(stateOf(core, server)?.kind, "running", "it was stopped and must be stopped");
  core.nova.changeServer(server, { status: "SHUTOFF", taskState: "powering-off" });
  core.run(3000);
  assert.equal(stateOf(core, server)?.kind, "running", "Nova still works on it");
  core.nova.changeServer(server, { taskState: undefined });
  core.run(3000);
  assert.deepEqual(stateOf(core, server), { kind: "finished", destination: host2 });
  core.phase(host1, "ended");
});

test("elsewhere, but its migration is not finished: not recovered", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.changeServer(server, { host: host2 });
  core.run(5000);
  assert.equal(stateOf(core, server)?.kind, "running");
});

test("a migration that found no host has ended: tried again, three times in all", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.changeServer(server, { fault: "No valid host was found" });
  for (const [calls, waitMs] of [
    [1, 15_000],
    [2, 30_000],
  ] as const) {
    core.nova.changeRecord(server, "error");
    core.run(waitMs - 1000);
    assert.equal(core.done("evacuate").length, calls, `not sooner than ${waitMs} ms`);
    core.run(4000);
    assert.equal(core.done("evacuate").length, calls + 1);
  }
  core.nova.changeRecord(server, "error");
  core.run(120_000);
  const state = stateOf(core, server);
  assert.match(render(state?.kind === "failed" ? state.reason : ""), /No valid host was found$/);
  assert.equal(core.done("evacuate").length, 3);
});

test("a migration that failed on a compute may have begun to run there: left to people, never called again", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.changeServer(server, { fault: "No valid host was found" });
  core.nova.sendTo(server, host2);
  core.nova.changeRecord(server, "failed");
  core.run(120_000);
  assert.equal(core.done("evacuate").length, 1);
  const state = stateOf(core, server);
  const reason = render(state?.kind === "failed" ? state.reason : "");
  assert.match(reason, /may have begun to run on compute-2: look there/);
  assert.ok(core.alerts().some(({ kind }) => kind === "left-behind"));
});

test("a server that was deleted meanwhile is left, without a call", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.servers = [];
  core.run(3000);
  assert.deepEqual(stateOf(core, server), { kind: "left", reason: words("move.deleted") });
});

const answers: readonly (readonly [string, ApiAnswer, number])[] = [
  ["refused", { kind: "refused", status: 409, reason: "is locked" }, 3],
  ["refused for want of a role", { kind: "refused", status: 403, reason: "policy" }, 1],
  ["unknown, and no record for a minute", { kind: "unknown", reason: "timeout" }, 1],
];

for (const [name, answer, calls] of answers) {
  test(`the call is ${name}: called ${calls} times in all, then told as failed`, () => {
    const { core, server } = evacuate({}, ({ nova }) => (nova.evacuateAnswer = answer));
    core.run(120_000);
    assert.equal(stateOf(core, server)?.kind, "failed");
    assert.equal(core.done("evacuate").length, calls);
  });
}

test("an unknown answer whose record shows up is followed to its end", () => {
  const { core, server } = evacuate({}, ({ nova }) => {
    nova.evacuateAnswer = { kind: "unknown", reason: "timeout" };
  });
  assert.equal(stateOf(core, server)?.kind, "ordered");
  core.nova.addRecord(server, host1, "done");
  core.nova.changeServer(server, { host: host2 });
  core.run(3000);
  assert.deepEqual(stateOf(core, server), { kind: "finished", destination: host2 });
  assert.equal(core.done("evacuate").length, 1);
});

test("somebody's evacuation that is under way is followed, not repeated", () => {
  const { core, server } = evacuate({}, ({ nova }, id) =>
    nova.addRecord(id, host1, "pre-migrating"),
  );
  assert.equal(core.done("evacuate").length, 0);
  assert.equal(stateOf(core, server)?.kind, "running");
  core.nova.changeRecord(server, "done");
  core.nova.changeServer(server, { host: host2 });
  core.run(3000);
  assert.equal(stateOf(core, server)?.kind, "finished");
});

test("an old record of the same server does not count as ours", () => {
  const { core, server } = evacuate({}, ({ nova }, id) => {
    nova.addRecord(id, host1, "completed");
    nova.moveMs = 3_600_000;
  });
  assert.equal(core.done("evacuate").length, 1);
  core.run(5000);
  assert.equal(stateOf(core, server)?.kind, "running");
});

test("a move that takes more than 5 min is paged and not repeated", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.run(290_000);
  assert.equal(stateOf(core, server)?.kind, "running");
  core.run(30_000);
  const state = stateOf(core, server);
  assert.match(render(state?.kind === "failed" ? state.reason : ""), /not finished after 5 min/);
  assert.equal(core.done("evacuate").length, 1);
});

test("an accepted call of which Nova shows nothing for a minute is paged, not repeated", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.records = [];
  core.run(40_000);
  assert.equal(stateOf(core, server)?.kind, "running");
  core.run(25_000);
  const state = stateOf(core, server);
  assert.match(render(state?.kind === "failed" ? state.reason : ""), /shows no migration/);
  assert.equal(core.done("evacuate").length, 1);
});

test("a server that Nova works on is waited for, although no migration shows", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.records = [];
  core.nova.changeServer(server, { taskState: "rebuilding" });
  core.run(200_000);
  assert.equal(stateOf(core, server)?.kind, "running");
  core.run(110_000);
  const state = stateOf(core, server);
  assert.match(render(state?.kind === "failed" ? state.reason : ""), /not finished after/);
});

test("a late answer to an earlier try says nothing of the one that is under way", () => {
  const { core, server } = evacuate({}, ({ nova }) => (nova.moveMs = 3_600_000));
  const [first] = core.done("evacuate");
  core.nova.changeServer(server, { fault: "messaging timeout" });
  core.nova.changeRecord(server, "error");
  core.nova.evacuateAnswer = { kind: "unknown", reason: "timeout" };
  core.run(8000);
  assert.equal(stateOf(core, server)?.kind, "ordered");
  const answer = { kind: "refused", status: 409, reason: "late" } as const;
  const late = { kind: "evacuate-answered", at: core.now, host: host1, server, answer } as const;
  core.take({ ...late, id: first?.id ?? "" });
  assert.equal(stateOf(core, server)?.kind, "ordered", "of the first call, and it is over");
  assert.notEqual(core.done("evacuate")[1]?.id, first?.id);
  core.run(30_000);
  assert.equal(core.done("evacuate").length, 2);
});

test("a refusal whose server cannot be looked at waits half a minute, and is tried again", () => {
  const { core } = evacuate({}, ({ nova }) => {
    nova.evacuateAnswer = { kind: "refused", status: 409, reason: "busy" };
    nova.unseen = true;
  });
  assert.equal(core.done("evacuate").length, 1);
  core.run(18_000);
  assert.equal(core.done("evacuate").length, 1);
  core.run(12_000);
  assert.equal(core.done("evacuate").length, 2);
});

test("a server in error that nothing runs of comes back running, and its move ends", () => {
  const core = new CoreFixture().run(15_000);
  const error = { status: "ERROR", vmState: "error", powerState: 0 } as const;
  const server = core.nova.addServer(host1, "vm-1", error);
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  // Nova's rebuild starts what was not stopped (nova/compute/manager.py, _rebuild_default_impl and its callers).
  core.run(1000);
  core.nova.changeServer(server, { status: "ACTIVE", vmState: "active", powerState: 1 });
  core.run(60_000);
  const [move] = Object.values(core.phase(host1, "ended").moves);
  assert.equal(move?.state.kind, "finished");
});
