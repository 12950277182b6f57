/** The report of an evacuation: a record for each server, how many and how long, and what is to be done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { stageOf } from "../../guardian/core/move-report.ts";
import { showIncident } from "../../guardian/core/show.ts";
import type { ComputeServer } from "../../guardian/ports.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

type Servers = Readonly<Record<string, Partial<ComputeServer>>>;

function dies(
  servers: Servers,
  prepare: (core: CoreFixture) => void = () => undefined,
): CoreFixture {
  const core = new CoreFixture().run(15_000);
  for (const [name, changes] of Object.entries(servers)) core.nova.addServer(host1, name, changes);
  prepare(core);
  core.powerLoss(host1);
  return core.run(20_000);
}

function records(core: CoreFixture): readonly Readonly<Record<string, unknown>>[] {
  const id = core.state.memory.incidents.get(host1)?.id ?? "";
  const shown = showIncident(core.state, id) as {
    readonly moves: readonly Record<string, unknown>[];
  };
  return shown.moves;
}

test("each server has a record: from, to, stage, attempts, request, seconds, result", () => {
  const core = dies({ "vm-1": {}, "vm-2": { vmState: "paused" } }, ({ nova }) => {
    nova.destination = host2;
  });
  const [moved, left] = records(core);
  const { seconds, ...rest } = moved ?? {};
  assert.match(String(seconds), /^\d\.\d$/);
  assert.deepEqual(rest, {
    server: "id-vm-1",
    name: "vm-1",
    project: "p1",
    from: "compute-1",
    to: "compute-8",
    stage: "finished",
    attempts: 1,
    requestId: "req-1",
    result: "finished",
    reason: "",
  });
  assert.equal(left?.["result"], "left");
  assert.equal(left["attempts"], 0);
  assert.match(String(left["reason"]), /does not evacuate a server that is paused/);
});

test("a move under way shows where it goes and how far Nova has come", () => {
  const core = dies({ "vm-1": {} }, ({ nova }) => (nova.moveMs = 3_600_000));
  const shown = (): unknown => [records(core)[0]?.["stage"], records(core)[0]?.["to"]];
  assert.deepEqual(shown(), ["scheduling", ""]);
  const server = core.nova.servers[0]?.server;
  assert.ok(server !== undefined);
  core.nova.sendTo(server, host2);
  core.nova.changeRecord(server, "pre-migrating");
  core.run(2000);
  assert.deepEqual(shown(), ["claim", "compute-2"]);
  for (const [taskState, stage] of [
    ["rebuild_block_device_mapping", "volume"],
    ["rebuild_spawning", "spawn"],
  ]) {
    core.nova.changeServer(server, { taskState });
    core.run(2000);
    assert.deepEqual(shown(), [stage, "compute-2"]);
  }
  assert.equal(stageOf(undefined, undefined), undefined);
});

test("the end says how many, how long, by how many calls, and which was the slowest", () => {
  const core = dies({ "vm-1": {}, "vm-2": {} });
  const told = core.alerts().find(({ kind }) => kind === "evacuated");
  assert.match(
    told?.why[0] ?? "",
    /^2 of 2 servers run elsewhere \d+(\.\d)? s after the incident was opened, by 2 evacuate calls; the slowest, vm-\d, took/,
  );
});

test("what is left is listed with what to do, each kind once", () => {
  const core = dies(
    {
      "vm-1": { vmState: "paused" },
      "vm-2": { vmState: "suspended" },
      "vm-3": { volumeBacked: false },
      "vm-4": {},
    },
    ({ nova }) => {
      nova.evacuateAnswer = { kind: "refused", status: 403, reason: "policy" };
    },
  );
  const page = core.alerts().find(({ kind }) => kind === "left-behind");
  assert.equal(
    page?.next,
    "bring these servers up by hand; the host is off and fenced: " +
      "vm-1, vm-2: openstack server set --state error, then openstack server evacuate; or it waits for compute-1; " +
      "vm-3: wait until compute-1 is repaired; " +
      "vm-4: mend what is named, then openstack server evacuate",
  );
  assert.match(page.why.join(), /0 of 4 servers run elsewhere/);
});

test("where a call may still be under way, people are told to look before they call", () => {
  const core = dies({ "vm-1": {} }, ({ nova }) => {
    nova.evacuateAnswer = { kind: "unknown", reason: "timeout" };
  });
  core.run(70_000);
  const page = core.alerts().find(({ kind }) => kind === "left-behind");
  assert.match(page?.next ?? "", /vm-1: look at openstack server migration list first/);
});

test("the record survives a restart", () => {
  const core = dies({ "vm-1": {} }, ({ nova }) => (nova.moveMs = 3_600_000));
  core.restart();
  core.run(3000);
  const [move] = records(core);
  assert.deepEqual([move?.["attempts"], move?.["requestId"]], [1, "req-1"]);
});
