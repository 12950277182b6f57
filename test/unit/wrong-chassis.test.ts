import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { render } from "../../guardian/core/words.ts";

/**
 * Host 1 hangs and lives; the chassis that its device switches off is host 2's. Twenty-four hosts,
 * so that two in trouble are no storm. Returns right after the off command, host 2 just gone.
 */
function switchedOffAnother(storeLagMs = 0): CoreFixture {
  const core = new CoreFixture({}, 24).run(15_000);
  core.storeLagMs = storeLagMs;
  core.run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  core.hang(host1);
  core.fact(host1, { turnsOff: false });
  for (let round = 0; round < 200 && core.done("power-off").length === 0; round += 1) core.run(250);
  assert.equal(core.done("power-off").length, 1);
  core.fact(host1, { power: "off" });
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  return core;
}

test("the question to the others outlives a restart between the off command and the proof", () => {
  const core = switchedOffAnother();
  core.fact(host1, { power: "unknown" });
  core.run(8000);
  core.restart();
  core.fact(host1, { power: "off" });
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("a report that a late store shows after the power-off answers no question", () => {
  const core = switchedOffAnother(4000);
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("behind a late store the others answer all the same", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  core.storeLagMs = 4000;
  core.run(15_000);
  core.hang(host1);
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.equal(core.state.memory.disarmed, undefined);
});

/** Host 1's device shows host 2's UUID, and a person has vouched for it all the same. */
function vouchedForAnother(): CoreFixture {
  const core = new CoreFixture({}, 24);
  core.guids.set(`${host1}/bmc`, core.factsOf(host2).guid);
  core.run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  const { now: at, wall } = core.state;
  core.take({ kind: "vouched", at, wall, host: host1, by: "alice", reason: "compared" });
  return core.run(15_000);
}

for (const notice of ["none", "powering-off"] as const) {
  test(`off already is no proof while the host that the device names is silent (notice: ${notice})`, () => {
    const core = vouchedForAnother();
    core.fact(host2, { checks: { ...core.factsOf(host2).checks, notice } });
    core.run(2000);
    core.powerLoss(host2);
    // Host 1 hangs and runs on; what its device reads is host 2's chassis.
    core.hang(host1);
    core.fact(host1, { power: "off" });
    core.run(120_000);
    assert.deepEqual(core.done("evacuate"), []);
    assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  });
}

test("a chassis that is off already is a proof once the host that it names has shown life", () => {
  const core = vouchedForAnother();
  core.powerLoss(host1);
  core.run(120_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.equal(core.state.memory.disarmed, undefined);
});

test("the question to the others outlives a further attempt", () => {
  const core = switchedOffAnother();
  core.fact(host1, { offAnswer: { kind: "no-answer", reason: "none within 5 s" } });
  core.run(250);
  core.fact(host1, { offAnswer: { kind: "already-off" } });
  core.run(120_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("the question to the others outlives a fencing that stood down for a moment", () => {
  const core = switchedOffAnother();
  core.run(500);
  core.fact(host1, { echo: ["management"] });
  core.run(1000);
  core.fact(host1, { echo: [] });
  core.run(120_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("the question to the others is asked again when a host that came on is switched off again", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.powerLoss(host1);
  for (let beat = 0; beat < 200 && core.done("force-down").length === 0; beat += 1) core.run(250);
  core.fact(host1, { power: "on", turnsOff: false });
  for (let beat = 0; beat < 200 && core.done("power-off").length < 2; beat += 1) core.run(250);
  assert.equal(core.done("power-off").length, 2);
  core.nova.forceDownAnswer = { kind: "accepted", requestId: "req-1" };
  core.fact(host1, { power: "off" });
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("a fencing that stood down because its host is well ends there, and accuses nobody later", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  core.hang(host1);
  core.fact(host1, { turnsOff: false });
  for (let beat = 0; beat < 200 && core.done("power-off").length === 0; beat += 1) core.run(250);
  core.fact(host1, { reports: true, novaReports: true });
  core.run(3000);
  assert.equal(core.assessment(host1).verdict, "healthy");
  assert.equal(core.state.memory.incidents.get(host1), undefined, "its incident stays open");
  core.fact(host1, { echo: ["management", "storage"] });
  core.powerLoss(host2);
  core.run(120_000);
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.state.memory.disarmed, undefined, "host 2 had died long before");
  assert.equal(core.done("evacuate").filter(({ host }) => host === host1).length, 1);
});
