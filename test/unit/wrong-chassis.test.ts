import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { type LevelsFixture, runUntil, settledLevels } from "../support/levels-fixture.ts";
import { withPhase } from "../../guardian/core/incidents.ts";
import type { FiringAlert } from "../../guardian/core/memory.ts";
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

/** The alert that it did not go on, while it fires. */
function paged({ state }: CoreFixture): FiringAlert | undefined {
  const firing = Object.values(state.memory.alerts);
  return firing.find(({ message }) => message.kind === "not-switched-back");
}

/** Whoever it hit was not fenced in its turn: its own device does not answer. */
function hitAnother(): CoreFixture {
  const core = switchedOffAnother();
  core.fact(host2, { power: "unknown" });
  return core;
}

test("the chassis goes on again at once", () => {
  const core = hitAnother().run(20_000);
  const [order] = core.done("power-on");
  assert.equal(core.done("power-on").length, 1);
  assert.deepEqual([order?.host, order?.device], [host1, "bmc"]);
  assert.notEqual(order?.expected, undefined);
  assert.equal(core.state.memory.rehearsals.size, 0);
  const events = core.done("line").map(({ event }) => event);
  assert.equal(events.filter((event) => event === "switched-back").length, 1);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  assert.equal(paged(core), undefined);
});

test("a chassis that does not go on is paged until somebody has switched it on by hand", () => {
  const core = hitAnother();
  core.fact(host1, { turnsOn: false, onAnswer: { kind: "no-answer", reason: "none within 5 s" } });
  core.run(8000);
  core.fact(host1, { power: "unknown" });
  core.run(180_000);
  assert.ok(core.done("power-on").length > 1);
  assert.equal(paged(core)?.message.class, "page");
  core.fact(host1, { power: "on" });
  core.run(60_000);
  assert.equal(paged(core), undefined);
});

test("the other host is not fenced while its chassis is switched on again", () => {
  const core = hitAnother();
  core.fact(host1, { turnsOn: false });
  core.run(15_000);
  const before = core.done("power-off").length;
  const { now: at, wall } = core.state;
  core.take({ kind: "arming", at, wall, armed: true, by: "alice", reason: "looked" });
  core.fact(host2, { power: "off", turnsOff: false });
  core.run(150_000);
  assert.equal(core.state.memory.disarmed, undefined);
  assert.equal(core.done("power-off").length, before);
  assert.deepEqual(core.done("evacuate"), []);
  const held = core.assessment(host2).gates.find(({ gate }) => gate === "rehearsal");
  assert.equal(held?.pass, false);
});

test("a fencing that found the other host off, and has moved nothing, ends for it", () => {
  const core = switchedOffAnother();
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.fact(host2, { power: "off", turnsOff: false });
  core.run(9000);
  assert.equal(core.state.memory.incidents.get(host2)?.phase.kind, "evacuating");
  core.run(20_000);
  assert.equal(core.state.memory.incidents.get(host2)?.phase.kind, "watching");
  assert.equal(core.done("power-on").length, 1);
  assert.deepEqual(core.done("evacuate"), []);
});

test("where the other host's own device turned it off afterwards, nothing is switched on", () => {
  const core = switchedOffAnother().run(60_000);
  assert.equal(core.done("power-off").at(-1)?.host, host2);
  assert.deepEqual(core.done("power-on"), []);
  assert.match(
    render(paged(core)?.message.why[0] ?? ""),
    /since it may be the chassis of compute-2/,
  );
});

test("nothing is switched on once a move was ordered", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1", {});
  core.nova.moveMs = 600_000;
  core.powerLoss(host1);
  for (let beat = 0; beat < 200 && core.done("evacuate").length === 0; beat += 1) core.run(250);
  const before = core.done("power-off").length;
  core.fact(host1, { power: "on", turnsOff: false });
  for (let beat = 0; beat < 200 && core.done("power-off").length === before; beat += 1)
    core.run(250);
  core.fact(host1, { power: "off" });
  core.fact(host2, { reports: false, echo: [], novaReports: false, power: "off" });
  core.run(60_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  assert.deepEqual(core.done("power-on"), []);
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

/** Host 1 hangs, with two ways to switch it off; the second one's outlet is host 2's. */
function hungWithLevels(): LevelsFixture {
  const core = settledLevels([["bmc"], ["pdu-a"]]);
  core.fact(host2, { power: "unknown" });
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none within 5 s" });
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  return core;
}

test("a chassis that went off by the second of two levels goes on again, and whatever the first turned off", () => {
  const core = hungWithLevels();
  core.power.set("bmc", "unknown");
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "pdu-a"));
  core.power.set("pdu-a", "off");
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.run(40_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  const switchedOn = new Set(core.done("power-on").map(({ device }) => device));
  assert.deepEqual([...switchedOn].sort(), ["bmc", "pdu-a"]);
});

test("the chassis goes on again after a restart on the journal of an earlier release, which names no such devices", () => {
  const core = hitAnother();
  core.fact(host1, { power: "unknown" });
  core.run(3000);
  const { turned: _turned, ...phase } = core.phase(host1, "fencing");
  core.state = withPhase(core.state, host1, phase);
  core.restart();
  core.fact(host1, { power: "off" });
  core.run(60_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  assert.equal(core.done("power-on").length, 1);
});

test("a chassis that went off by the attempt before goes on again", () => {
  const core = settledLevels([["bmc"]]);
  core.fact(host2, { power: "unknown" });
  core.hang(host1);
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none within 5 s" });
  runUntil(core, () => core.done("power-off").length > 0);
  // It went off all the same, and says so only after the next attempt has begun.
  core.power.set("bmc", "unknown");
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.run(20_000);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("power-off").length > 1);
  core.offAnswers.set("bmc", { kind: "already-off" });
  core.run(60_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  assert.ok(core.done("power-on").some(({ host, device }) => host === host1 && device === "bmc"));
});

test("a device of an earlier attempt's level is distrusted, too: it may be the one that did it", () => {
  const core = hungWithLevels();
  core.offAnswers.set("pdu-a", { kind: "no-answer", reason: "none within 5 s" });
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "pdu-a"));
  core.power.set("pdu-a", "unknown");
  core.offAnswers.delete("bmc");
  runUntil(core, () => core.done("power-off").filter(({ device }) => device === "bmc").length > 1);
  const phase = core.phase(host1, "fencing");
  assert.deepEqual(Object.keys(phase.commands), ["bmc"], "the outlet was of the attempt before");
  core.power.set("bmc", "off");
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.run(60_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  for (const device of ["bmc", "pdu-a"]) {
    assert.notEqual(core.state.memory.devices[`${host1}/${device}`]?.unverified, undefined, device);
  }
});

test("a switch-back whose outlets read on and whose BMC is mute ends, and is told", () => {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  core.fact(host2, { power: "unknown" });
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "unknown");
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "a"));
  core.power.set("a", "off").set("b", "off");
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  runUntil(core, () => core.done("power-on").length > 0);
  core.power.set("a", "on").set("b", "on");
  core.run(200_000);
  const firing = Object.values(core.state.memory.alerts).map(({ message }) => message);
  const left = firing.find(({ kind, host }) => kind === "not-switched-back" && host === host1);
  assert.equal(left?.class, "page", "it tries on, and nobody is told");
});
