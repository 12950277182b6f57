/** Hosts that live, or that people have spoken for, and what once had them switched off all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { hostName } from "../../shared/names.ts";
import { both, CoreFixture, host1 } from "../support/core-fixture.ts";

const three = ["management", "business", "storage"] as const;

/** A cloud in which the anchor of the storage network may fall silent alone. */
class MuteAnchor extends CoreFixture {
  isMute = false;
  override take(event: GuardianEvent): readonly Effect[] {
    const isOfStorage = event.kind === "anchor-pinged" && event.network === "storage";
    return this.isMute && isOfStorage ? [] : super.take(event);
  }
}

/** A cloud with three networks. */
function withThree(): MuteAnchor {
  const { settings } = new CoreFixture();
  const networks = three.map((name) => ({ name, anchors: [`${name}-anchor`] }));
  const hosts = [...settings.hosts].map(([host, entry]) => {
    const addresses = Object.fromEntries(three.map((name) => [name, `${host}-${name}`]));
    return [host, { ...entry, addresses }] as const;
  });
  const core = new MuteAnchor({ networks, hosts: new Map(hosts) });
  for (const host of core.facts.keys()) core.fact(host, { echo: three });
  return core.run(15_000);
}

test("an echo on a network whose anchor is silent is life all the same", () => {
  const core = withThree();
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false, echo: ["storage"] });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "11a");
  core.isMute = true;
  core.run(60_000);
  assert.notEqual(core.assessment(host1).signals.ping, "none");
  assert.deepEqual(core.done("power-off"), []);
  core.fact(host1, { echo: [] });
  core.run(60_000);
  assert.ok(core.done("power-off").length > 0, "it answers nowhere any more");
});

const fenced: Partial<Settings> = {
  rows: new Map([["4", "fence"]] as const),
  limits: { ...defaultLimits, disableDegradedAfterMs: 60_000 },
};

function failing(changes: Partial<Settings>): CoreFixture {
  const core = new CoreFixture({ ...fenced, ...changes }, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, storage: "down", serversTotal: 1, serversRunning: 1 } });
  return core;
}

test("what a policy would fence while it reports is not fenced once a person has called it no failure", () => {
  const core = failing({ drain: true });
  core.run(80_000);
  assert.equal(core.assessment(host1).row, "4");
  assert.deepEqual(core.done("power-off"), []);
  core.answer(host1, "dismissed");
  const before = core.alerts().length;
  core.run(600_000);
  assert.deepEqual(core.done("power-off"), []);
  const paged = core
    .alerts()
    .slice(before)
    .filter((alert) => alert.class === "page");
  assert.deepEqual(paged, [], "whoever said so is not woken for it");
});

test("that word counts, too, where the journal does not tell what was seen, or it was said while it flapped", () => {
  for (const row of [undefined, "7"]) {
    const core = failing({ drain: true });
    core.run(80_000);
    core.answer(host1, "dismissed");
    const { memory } = core.state;
    const incident = memory.incidents.get(host1);
    assert.ok(incident?.answer?.seen !== undefined);
    const seen = row === undefined ? undefined : { ...incident.answer.seen, row };
    const incidents = new Map([[host1, { ...incident, answer: { ...incident.answer, seen } }]]);
    core.state = { ...core.state, memory: { ...memory, incidents } };
    core.run(600_000);
    assert.deepEqual(core.done("power-off"), []);
  }
});

test("that word counts, too, when the directory that failed is slow for a moment, whatever release wrote it down", () => {
  for (const isOld of [false, true]) {
    const core = new CoreFixture({ ...fenced, drain: true }, 24).run(15_000);
    core.nova.addServer(host1, "vm-1");
    const { checks: well } = core.factsOf(host1);
    const checks = { ...well, serversTotal: 1, serversRunning: 1 };
    core.fact(host1, { checks: { ...checks, directory: "hung" } });
    core.run(70_000);
    assert.equal(core.assessment(host1).row, "4");
    core.fact(host1, { checks: { ...checks, directory: "slow" } });
    core.run(5000);
    assert.equal(core.assessment(host1).row, "7");
    core.answer(host1, "dismissed");
    const { memory } = core.state;
    const incident = memory.incidents.get(host1);
    assert.ok(incident?.answer?.seen !== undefined);
    if (isOld) {
      const { storage: _, ...seen } = incident.answer.seen;
      const incidents = new Map([[host1, { ...incident, answer: { ...incident.answer, seen } }]]);
      core.state = { ...core.state, memory: { ...memory, incidents } };
    }
    core.fact(host1, { checks: { ...checks, directory: "hung" } });
    core.run(900_000);
    assert.equal(core.assessment(host1).row, "4");
    assert.deepEqual(core.done("power-off"), []);
  }
});

test("that word counts, too, when a report of the host was missing while it was said", () => {
  const core = failing({ drain: true });
  core.run(80_000);
  assert.equal(core.assessment(host1).row, "4");
  core.fact(host1, { reports: false });
  for (let ms = 0; ms < 5000 && core.assessment(host1).row === "4"; ms += 250) core.run(250);
  assert.equal(core.assessment(host1).row, "8a");
  core.answer(host1, "dismissed");
  core.fact(host1, { reports: true });
  core.run(900_000);
  assert.equal(core.assessment(host1).row, "4");
  assert.deepEqual(core.done("power-off"), []);
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.done("power-off").length, 1, "of its death nobody has said anything");
});

test("said of a lesser trouble it covers no failed directory, also where storage is not checked", () => {
  const core = new CoreFixture(fenced, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  const { checks: well } = core.factsOf(host1);
  const checks = { ...well, storage: "unknown", serversTotal: 1, serversRunning: 1 } as const;
  core.fact(host1, { checks: { ...checks, libvirt: "down" } });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "6");
  core.answer(host1, "dismissed");
  core.fact(host1, { checks });
  core.run(60_000);
  core.fact(host1, { checks: { ...checks, directory: "hung" } });
  core.run(300_000);
  assert.equal(core.done("power-off").length, 1);
});

test("nor does that word, said of a lesser trouble, cover storage that fails later", () => {
  const core = new CoreFixture(fenced, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, libvirt: "down" } });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "6");
  core.answer(host1, "dismissed");
  const failed = { storage: "down", serversTotal: 1, serversRunning: 1 } as const;
  core.fact(host1, { checks: { ...checks, libvirt: "down", ...failed } });
  core.run(300_000);
  assert.equal(core.done("power-off").length, 1);
});

test("a host that somebody forced down beside our mark of a degraded host is theirs", () => {
  const core = new CoreFixture({
    limits: { ...defaultLimits, disableDegradedAfterMs: 30_000 },
  }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, storage: "down" } });
  core.run(120_000);
  assert.match(core.nova.service(host1).reason ?? "", / degraded$/);
  core.nova.service(host1).forcedDown = true;
  core.run(10_000);
  core.powerLoss(host1);
  core.run(60_000);
  assert.deepEqual(core.done("power-off"), []);
  const held = core.assessment(host1).gates.find(({ gate }) => gate === "disabled by another");
  assert.equal(held?.pass, false);
});

test("ordered off while it reported, and living on behind a mute BMC: the order is over after a while", () => {
  const core = failing({});
  core.fact(host1, {
    offAnswer: { kind: "no-answer", reason: "none within 5 s" },
    power: "unknown",
  });
  for (let ms = 0; ms < 300_000 && core.done("power-off").length === 0; ms += 250) core.run(250);
  assert.ok(core.done("power-off").length > 0);
  core.fact(host1, { reports: false });
  core.run(200_000);
  assert.equal(core.assessment(host1).row, "12");
  const before = core.done("power-off").length;
  core.fact(host1, { offAnswer: { kind: "done" }, power: "on" });
  core.run(600_000);
  assert.equal(core.done("power-off").length, before, "it works, as far as anybody knows");
});

test("an approval to fence a hung host is over once it lives again behind a mute BMC", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  core.fact(host1, {
    offAnswer: { kind: "no-answer", reason: "none within 5 s" },
    power: "unknown",
  });
  core.answer(host1, "approved");
  core.run(10_000);
  assert.ok(core.done("power-off").length > 0);
  core.fact(host1, { novaReports: true });
  core.run(120_000);
  assert.equal(core.assessment(host1).row, "12");
  const before = core.done("power-off").length;
  core.fact(host1, { novaReports: false, offAnswer: { kind: "done" }, power: "on" });
  core.run(200_000);
  assert.equal(core.assessment(host1).row, "13");
  assert.equal(core.done("power-off").length, before, "nobody said so of this time");
});

test("called off before its servers were listed, a host that a person switches on stays on", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.looksFail = "503";
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "evacuating");
  const before = core.done("power-off").length;
  const { now: at, wall } = core.state;
  core.take({ kind: "undo-asked", at, wall, host: host1, by: "alice", reason: "a false alarm" });
  core.fact(host1, { power: "on", turnsOff: false, echo: both });
  core.run(60_000);
  assert.equal(core.done("power-off").length, before);
});

test("a notice that the journal kept counts beside a row of another epoch, which may be older", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  const older = core.rows.get(host1);
  assert.ok(older !== undefined);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, notice: "powering-off" } });
  core.run(2000);
  core.powerLoss(host1);
  core.run(30_000);
  core.collectorEpoch += 1;
  core.rows.set(host1, older);
  core.restart();
  core.run(300_000);
  assert.equal(core.hostState(host1).newest?.checks.notice, "none");
  assert.equal(core.assessment(host1).row, "9b");
  assert.deepEqual(core.done("power-off"), []);
});

for (const notice of ["powering-off", "rebooting"] as const) {
  test(`${notice} is remembered when no store shows the report any more`, () => {
    const core = new CoreFixture({}, 24).run(15_000);
    core.nova.addServer(host1, "vm-1");
    core.fact(host1, { checks: { ...core.factsOf(host1).checks, notice } });
    core.run(2000);
    core.powerLoss(host1);
    core.run(30_000);
    core.collectorEpoch += 1;
    core.rows.delete(host1);
    core.restart();
    core.run(300_000);
    assert.deepEqual(core.done("power-off"), []);
    assert.equal(core.assessment(host1).row, notice === "rebooting" ? "9" : "9b");
    core.fact(host1, { checks: { ...core.factsOf(host1).checks, notice: "none" } });
    core.powerOn(host1);
    core.run(30_000);
    assert.equal(core.state.memory.known[hostName("compute-1")]?.notice, undefined);
  });
}
