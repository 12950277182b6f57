/** What a restart, or a machine that stood still, must neither forget nor call over. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { objectionTo } from "../../guardian/core/still-wanted.ts";
import { render } from "../../guardian/core/words.ts";
import { alice, both, CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { runUntil, settledLevels } from "../support/levels-fixture.ts";

function resolved(core: CoreFixture, kind: string): number {
  return core.alerts().filter((alert) => alert.kind === kind && alert.status === "resolved").length;
}

function acknowledge(core: CoreFixture): void {
  const { now: at, wall } = core.state;
  core.take({ kind: "acknowledged", at, wall, host: host1, by: alice, reason: "coming" });
}

test("a host that lives after all is left on only once the others have answered for the chassis that went off", () => {
  const core = new CoreFixture({}, 24).run(30_000);
  core.nova.addServer(host1, "vm-1", {});
  core.hang(host1);
  core.fact(host1, { turnsOff: false });
  runUntil(core, () => core.done("power-off").length > 0);
  // It was host 2's chassis.
  core.fact(host1, { power: "off" });
  core.fact(host2, { reports: false, echo: [], novaReports: false, power: "unknown" });
  runUntil(core, () => core.state.memory.incidents.get(host1)?.phase.kind === "evacuating");
  core.restart();
  core.fact(host1, { reports: true, echo: both, novaReports: true });
  core.run(60_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  assert.deepEqual(core.done("evacuate"), []);
});

test("where nobody is missing, it is left on", () => {
  const core = new CoreFixture({}, 24).run(30_000);
  core.nova.addServer(host1, "vm-1", {});
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.powerLoss(host1);
  runUntil(core, () => core.state.memory.incidents.get(host1)?.phase.kind === "evacuating");
  core.restart();
  core.powerOn(host1);
  core.run(30_000);
  assert.equal(core.state.memory.disarmed, undefined);
  assert.ok(core.done("line").some(({ event }) => event === "stood-down"));
});

test("a clock that jumped forward beside the monotonic one voids proofs: the machine may have been suspended", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 60_000;
  core.powerLoss(host1);
  runUntil(core, () => core.done("evacuate").length > 0);
  const [order] = core.done("evacuate");
  assert.ok(order !== undefined);
  assert.equal(objectionTo(core.state, order, core.now), undefined);
  core.wallStepMs += 300_000;
  core.tick(250);
  assert.match(objectionTo(core.state, order, core.now) ?? "", /lapsed/);
  core.run(10_000);
  assert.notEqual(core.phase(host1, "evacuating").proof, undefined, "two readings mint a new one");
});

test("nor does it order the next level off: the devices of the first one are read again first", () => {
  const core = settledLevels([["bmc"], ["outlet-a"]]);
  core.nova.moveMs = 60_000;
  core.powerLoss(host1);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("evacuate").length > 0);
  core.run(2000);
  core.wallStepMs += 3000;
  core.run(15_000);
  assert.notEqual(core.phase(host1, "evacuating").proof, undefined);
  assert.ok(!core.done("power-off").some(({ device }) => device === "outlet-a"));
});

test("the page of a host for which nothing is done outlives a restart, and stays acknowledged", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.fact(host1, { reports: false });
  core.run(200_000);
  assert.equal(core.assessment(host1).row, "12");
  acknowledge(core);
  const before = core.alerts().filter(({ kind }) => kind === "unattended").length;
  assert.ok(before > 0);
  core.restart();
  core.run(300_000);
  assert.equal(core.alerts().filter(({ kind }) => kind === "unattended").length, before);
  core.restart();
  core.fact(host1, { reports: true });
  core.run(60_000);
  assert.equal(resolved(core, "unattended"), 1, "it reports: that ends it");
});

test("a degraded host's alert outlives a restart, after which its checks count anew", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, storage: "down" } });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "4");
  const before = core.alerts().length;
  core.restart();
  core.run(100_000);
  const after = core.alerts().slice(before);
  assert.deepEqual(
    after.filter(({ status }) => status === "resolved"),
    [],
  );
});

test("an isolated host's page stays a page over a restart, and stays acknowledged", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.fact(host1, { reports: false, echo: [] });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "16");
  acknowledge(core);
  core.restart();
  const before = core.alerts().length;
  core.run(90_000);
  const told = core
    .alerts()
    .slice(before)
    .filter(({ kind }) => kind === "isolated");
  assert.deepEqual(told, []);
});

test("what an earlier process told of Nova is not over because this one has just begun to ask", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.answers = false;
  core.run(120_000);
  const firing = (): boolean =>
    Object.values(core.state.memory.alerts).some(({ message }) => message.kind === "nova");
  assert.ok(firing());
  core.restart();
  core.run(80_000);
  assert.ok(firing());
  assert.equal(resolved(core, "nova"), 0);
  core.nova.answers = true;
  core.run(120_000);
  assert.ok(!firing());
});

test("a disable that Nova holds over a restart is not forgotten before a minute has shown that it was lost", () => {
  const limits = { ...defaultLimits, disableDegradedAfterMs: 30_000 };
  const core = new CoreFixture({ limits }, 24).run(15_000);
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, storage: "down" } });
  core.run(89_000);
  runUntil(core, () => core.done("disable").length > 0);
  const [order] = core.done("disable");
  // Nova has the call, and has done nothing yet when we die.
  core.nova.service(host1).status = "enabled";
  core.nova.service(host1).reason = undefined;
  const phase = core.state.memory.degraded.get(host1);
  assert.equal(phase?.disabled.kind, "asked");
  core.restart();
  core.run(20_000);
  assert.notEqual(core.state.memory.degraded.get(host1), undefined, "it may be done yet");
  Object.assign(core.nova.service(host1), { status: "disabled", reason: order?.reason });
  core.fact(host1, { checks });
  core.run(600_000);
  assert.equal(core.nova.service(host1).status, "enabled", "well again, it is taken back");
});

test("a clock that jumped leaves a person's word standing: no device is there to say it again", () => {
  const core = new CoreFixture({ proofs: ["off", "confirmed"] }, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 60_000;
  core.loseWithBmc(host1);
  core.run(60_000);
  core.confirm(host1, 1000);
  runUntil(core, () => core.done("evacuate").length > 0);
  assert.equal(core.phase(host1, "evacuating").proof?.method, "confirmed");
  core.wallStepMs += 5000;
  core.run(5000);
  assert.equal(core.phase(host1, "evacuating").proof?.method, "confirmed");
});

test("the page of an unguarded host that looks down stands over an outage of Nova's API", () => {
  const core = new CoreFixture({}, 24);
  core.fact(host1, { reports: false });
  core.run(40_000);
  core.powerLoss(host1);
  core.run(180_000);
  const firing = (): boolean =>
    Object.values(core.state.memory.alerts).some(
      ({ message }) => message.kind === "unguarded-down",
    );
  assert.ok(firing());
  core.nova.answers = false;
  core.run(40_000);
  core.nova.answers = true;
  core.run(120_000);
  assert.ok(firing());
  assert.equal(resolved(core, "unguarded-down"), 0);
});
