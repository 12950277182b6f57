/** Sequences in which a host was acted on against a policy, or died and nobody was told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatesToBegin } from "../../guardian/core/gates.ts";
import type { GroupSettings, RowActions } from "../../guardian/core/settings.ts";
import { wholeCloud } from "../../guardian/core/storm.ts";
import { both, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function group(changes: Partial<GroupSettings>): GroupSettings {
  return { hosts: [], mode: undefined, rows: new Map(), ...changes };
}

function pagedKinds(core: CoreFixture, from: number): readonly string[] {
  const alerts = core.alerts().slice(from);
  return [
    ...new Set(
      alerts.filter((one) => one.class === "page" && one.host === host1).map((one) => one.kind),
    ),
  ];
}

function heldBy(core: CoreFixture): readonly string[] {
  const gates = gatesToBegin(core.state, core.hostState(host1), core.assessment(host1));
  return gates.filter(({ pass }) => !pass).map(({ gate }) => gate);
}

test("after a restart nobody acts before it is known which group a host is in", () => {
  const groups = new Map([["gpu", group({ mode: "observe" })]]);
  const core = new CoreFixture({ groups });
  core.nova.aggregates = { gpu: [host1] };
  core.run(15_000);
  core.nova.inventoryFails = "503";
  core.restart();
  core.run(15_000);
  core.hang(host1);
  core.run(60_000);
  assert.deepEqual(core.done("power-off"), []);
  assert.deepEqual(heldBy(core), ["host aggregates"]);
  core.nova.inventoryFails = undefined;
  core.run(10_000);
  assert.deepEqual(heldBy(core), ["mode"], "asked again within seconds, and it is observe");
});

test("a group that is known late changes what a row does, though the evidence is the same", () => {
  const rows: RowActions = new Map([["18", "page"]]);
  const groups = new Map([["pets", group({ rows })]]);
  const core = new CoreFixture({ groups, groupsHaveRows: true }).run(15_000);
  core.disarmedFile = true;
  core.hang(host1);
  core.run(30_000);
  assert.equal(core.assessment(host1).action, "fence");
  core.nova.aggregates = { pets: [host1] };
  core.run(70_000);
  assert.equal(core.assessment(host1).action, "page");
  core.disarmedFile = false;
  core.run(30_000);
  assert.deepEqual(core.done("power-off"), []);
});

test("released and enabled in Nova without a probe: it is guarded, and its death is told", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  core.run(30_000);
  const { now: at, state } = core;
  core.take({
    kind: "released",
    at,
    wall: state.wall,
    host: host1,
    by: "alice",
    reason: "repaired",
  });
  core.fact(host1, { echo: both, power: "on", novaReports: true });
  Object.assign(core.nova.service(host1), {
    status: "enabled",
    reason: undefined,
    forcedDown: false,
  });
  core.run(60_000);
  core.powerLoss(host1);
  core.run(300_000);
  assert.equal(core.done("power-off").length, 2, "fenced a second time");
});

test("left off Nova's list for a moment: its death is seen as any other", () => {
  const core = new CoreFixture().run(70_000);
  const list = core.nova.list.bind(core.nova);
  core.nova.list = () => list().filter(({ host }) => host !== host1);
  core.run(10_000);
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.done("power-off").length, 1, "it is still ours, and dead");
});

test("guardian and collector begin anew, and it died in between: it is recovered, as it was known", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.rows.clear();
  core.collectorEpoch = 2;
  core.restart();
  core.run(160_000);
  assert.equal(core.done("evacuate").length, 1);
});

test("a nova-compute that reported once since the suspicion does not live for ever", () => {
  const core = new CoreFixture({ mode: "observe" }).run(15_000);
  core.fact(host1, { reports: false });
  core.run(40_000);
  assert.equal(core.assessment(host1).signals.nova, "alive");
  core.hang(host1);
  core.run(60_000);
  assert.equal(core.assessment(host1).row, "18");
});

test("approved, and a gate holds: it is told again, whatever was taken note of before", () => {
  const core = new CoreFixture({}, 2).run(15_000);
  core.nova.memoryUsedMb = 90_000;
  core.run(70_000);
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  const { now: at, state } = core;
  const by = "alice (uid 1000)";
  core.take({ kind: "acknowledged", at, wall: state.wall, host: host1, by, reason: "seen" });
  const before = core.alerts().length;
  core.answer(host1, "approved");
  core.run(60_000);
  assert.deepEqual(core.done("power-off"), []);
  assert.ok(pagedKinds(core, before).includes("held"));
});

test("a host that lives cannot be approved, and one that turns out to live loses its approval", () => {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { reports: false });
  core.run(40_000);
  assert.equal(core.assessment(host1).row, "12");
  core.answer(host1, "approved");
  assert.equal(core.state.memory.incidents.get(host1)?.answer, undefined);
  const held = new CoreFixture().run(15_000);
  held.disarmedFile = true;
  held.fact(host1, { reports: false, novaReports: false });
  held.run(100_000);
  held.answer(host1, "approved");
  assert.equal(held.state.memory.incidents.get(host1)?.answer?.kind, "approved");
  held.fact(host1, { novaReports: true });
  held.run(30_000);
  assert.equal(held.assessment(host1).row, "12");
  assert.equal(held.state.memory.incidents.get(host1)?.answer, undefined);
});

test("a window that leaves the configuration brings nobody out of the chassis", () => {
  const { wall } = new CoreFixture();
  const window = {
    name: "w",
    startWall: wall + 30_000,
    endWall: wall + 200_000,
    hosts: [host1],
    groups: [],
    reason: "disks",
    owner: "bob",
  };
  const core = new CoreFixture({ windows: [window] }).run(40_000);
  core.powerLoss(host1);
  core.run(200_000);
  Object.assign(core, { settings: { ...core.settings, windows: [] } });
  core.restart();
  core.run(180_000);
  assert.deepEqual(core.done("power-off"), []);
});

test("a storm does not end while we cannot see its hosts", () => {
  const core = new CoreFixture().run(15_000);
  core.hang(host1);
  core.hang(host2);
  core.run(20_000);
  assert.ok(core.state.memory.storms[wholeCloud] !== undefined);
  core.collectorUp = false;
  core.run(600_000);
  assert.ok(core.state.memory.storms[wholeCloud] !== undefined);
});
