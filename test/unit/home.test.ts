/** The way home of a fenced host: what holds it, what it waits for, and where it ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { comeHomeOf, missingSteps } from "../../guardian/core/home-gates.ts";
import { parseMemory } from "../../guardian/core/memory-text.ts";
import { render } from "../../guardian/core/words.ts";
import { releaseProblem } from "../../guardian/core/release.ts";
import { undoProblem } from "../../guardian/core/undo.ts";
import { defaultLimits, type GroupSettings, type Settings } from "../../guardian/core/settings.ts";
import type { ServerId } from "../../shared/names.ts";
import { wallMs } from "../../shared/time.ts";
import { alice, both, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

/** Two servers, both moved; the host is off, and its way home has begun where the policy says so. */
function fenced(changes: Partial<Settings> = { comeHome: "power-on" }): {
  readonly core: CoreFixture;
  readonly servers: readonly ServerId[];
} {
  const core = new CoreFixture(changes).run(15_000);
  const servers = [core.nova.addServer(host1, "vm-1"), core.nova.addServer(host1, "vm-2")];
  core.fact(host1, { turnsOn: false });
  core.powerLoss(host1);
  while (core.state.memory.incidents.get(host1)?.phase.kind !== "ended") core.run(250);
  return { core, servers };
}

function undo(core: CoreFixture): void {
  const { now: at } = core;
  const words = { host: host1, by: alice, reason: "a false alarm" };
  core.take({ kind: "undo-asked", at, wall: wallMs(core.wall), ...words });
}

function step(core: CoreFixture): string {
  return core.phase(host1, "ended").home?.step.kind ?? "none";
}

function reason(core: CoreFixture): string {
  const at = core.phase(host1, "ended").home?.step;
  return at?.kind === "stopped" ? render(at.reason) : `not stopped: ${at?.kind ?? "none"}`;
}

function cleanUp(core: CoreFixture, servers: readonly ServerId[]): void {
  for (const server of servers) core.nova.changeRecord(server, "completed");
}

function isGrave(core: CoreFixture): boolean {
  return core.alerts().findLast(({ kind }) => kind === "home")?.class === "page";
}

test("on, cleaned up, taken up, enabled: each waits for the one before", () => {
  const { core, servers } = fenced();
  core.run(5000);
  assert.equal(step(core), "on");
  assert.equal(core.done("force-up").length, 0);
  core.powerOn(host1);
  core.run(20_000);
  assert.equal(step(core), "cleaning", "Nova's records of what was evacuated are not closed");
  assert.equal(core.done("force-up").length, 0);
  cleanUp(core, servers);
  core.run(20_000);
  assert.equal(core.done("force-up").length, 1);
  assert.equal(core.done("enable").length, 0, "well for ten seconds first");
  core.run(30_000);
  assert.equal(core.done("enable").length, 1);
  assert.equal(core.nova.service(host1).status, "enabled");
  assert.equal(core.state.memory.incidents.get(host1), undefined);
});

test("after a blind minute it is taken up once it was heard for ten seconds: a first report may be of before", () => {
  const { core, servers } = fenced();
  core.run(5000);
  cleanUp(core, servers);
  core.powerOn(host1);
  for (let ms = 0; ms < 30_000 && step(core) !== "up"; ms += 250) core.run(250);
  core.collectorUp = false;
  core.run(15_000);
  assert.deepEqual([step(core), core.done("force-up").length], ["up", 0]);
  core.collectorUp = true;
  core.run(6000);
  assert.equal(core.done("force-up").length, 0);
  core.run(8000);
  assert.equal(core.done("force-up").length, 1);
});

test("left off without a policy, and nothing is ordered on", () => {
  const { core } = fenced({});
  core.run(60_000);
  assert.equal(step(core), "none");
  assert.equal(core.done("power-on").length, 0);
});

test("of several groups the careful word counts; a group's goes before the cloud's", () => {
  const group = (comeHome: GroupSettings["comeHome"]): GroupSettings => ({
    hosts: [host1],
    mode: undefined,
    rows: new Map(),
    comeHome,
  });
  const of = (cloud: "leave-off" | "power-on", ...said: GroupSettings["comeHome"][]): string => {
    const groups = new Map(said.map((one, at) => [`g${at}`, group(one)]));
    return comeHomeOf(new CoreFixture({ groups, comeHome: cloud }).state, host1);
  };
  assert.equal(of("leave-off", "power-on"), "power-on");
  assert.equal(of("power-on", "power-on", "leave-off"), "leave-off");
  assert.equal(of("power-on", undefined), "power-on");
});

test("an evacuation that Nova still works on: not switched on, and told after a quarter of an hour", () => {
  const { core, servers } = fenced();
  core.nova.addRecord(servers[0] ?? ("" as ServerId), host1, "accepted");
  core.run(890_000);
  assert.equal(core.done("power-on").length, 0);
  core.run(20_000);
  assert.match(reason(core), /^not within 15 min 0 s: moves and tasks .* in Nova: 1, must be = 0$/);
  assert.ok(!isGrave(core));
});

test("held by a gate all the time: told by the gate's name", () => {
  const { core } = fenced();
  core.maintain(host1, undefined);
  core.run(910_000);
  assert.equal(core.done("power-on").length, 0);
  assert.match(reason(core), /^not within 15 min 0 s: held by maintenance: /);
});

test("servers that Nova never listed: only a person can judge what runs there", () => {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversTotal: 2 } });
  core.run(3000);
  core.powerLoss(host1);
  core.run(120_000);
  assert.match(reason(core), /^it reported 1 server that Nova never listed$/);
  assert.equal(core.done("power-on").length, 0);
});

test("a server more than Nova puts there: off again, and only while Nova puts none there", () => {
  const { core } = fenced();
  core.run(3000);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversRunning: 1 } });
  core.powerOn(host1);
  core.run(4000);
  const [first, again] = core.done("power-off");
  assert.ok(first !== undefined && again !== undefined);
  assert.equal(again.ifEmpty, true);
  assert.match(again.id, /home-off-1/);
  core.run(10_000);
  assert.match(
    reason(core),
    /^its libvirt runs 1 server, and Nova puts 0 on it.*switched off again$/,
  );
  assert.ok(isGrave(core));
  assert.equal(core.done("force-up").length + core.done("enable").length, 0);
});

test("enabled, servers come to it: one that Nova's last list does not show yet switches nothing off", () => {
  const { core, servers } = fenced();
  core.powerOn(host1);
  core.run(10_000);
  cleanUp(core, servers);
  while (core.done("enable").length === 0) core.run(250);
  core.fact(host1, {
    checks: { ...core.factsOf(host1).checks, serversTotal: 1, serversRunning: 1 },
  });
  while (core.state.memory.incidents.has(host1)) core.run(250);
  assert.equal(core.done("power-off").length, 1, "only its fence's");
});

test("a server more, and Nova puts another there: a person must choose", () => {
  const { core } = fenced();
  core.nova.addServer(host1, "vm-9");
  core.run(3000);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversRunning: 2 } });
  core.powerOn(host1);
  core.run(6000);
  assert.equal(core.done("power-off").length, 1, "the fence's own");
  assert.match(
    reason(core),
    /not switched off again: servers that Nova puts on it: 1, must be = 0/,
  );
  assert.ok(isGrave(core));
});

test("a device that does not switch it off again: said, and a page", () => {
  const { core } = fenced();
  core.run(3000);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversRunning: 1 } });
  core.fact(host1, { turnsOff: false });
  core.powerOn(host1);
  core.run(130_000);
  assert.equal(core.done("power-off").length, 4, "three times, after the fence's own");
  assert.match(reason(core), /not switched off again: its power does not read off$/);
  assert.ok(isGrave(core));
});

test("called off in the middle: one move ends, the other server stays; not enabled while that one is down", () => {
  const limits = { ...defaultLimits, movesAtOnce: 1, movesAtFirst: 1 };
  const core = new CoreFixture({ limits }).run(15_000);
  const servers = [core.nova.addServer(host1, "vm-1"), core.nova.addServer(host1, "vm-2")];
  core.nova.moveMs = 10_000;
  core.fact(host1, { turnsOn: false });
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  undo(core);
  core.run(8000);
  assert.equal(core.done("power-on").length, 0, "a call is open");
  assert.match(undoProblem(core.state, host1) ?? "", /^it was called off by alice/);
  core.run(12_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.equal(core.done("power-on").length, 1);
  const page = core.alerts().findLast(({ kind }) => kind === "left-behind");
  assert.match(page?.why.join() ?? "", /vm-2 \(the fence was called off by alice/);
  core.powerOn(host1);
  cleanUp(core, servers);
  core.run(60_000);
  assert.equal(step(core), "up");
  core.run(610_000);
  assert.match(reason(core), /servers that stayed on it do not run: 1$/);
  assert.equal(core.done("enable").length, 0);
  const checks = { ...core.factsOf(host1).checks, serversTotal: 1, serversRunning: 1 };
  core.fact(host1, { checks });
  core.run(2000);
  undo(core);
  core.run(40_000);
  assert.equal(core.state.memory.incidents.get(host1), undefined, "home");
});

test("a restart looks at each part anew, and switches nothing on by what it remembers", () => {
  const { core, servers } = fenced();
  core.run(3000);
  const ordered = core.done("power-on").length;
  core.restart();
  assert.equal(step(core), "looking");
  core.nova.addRecord(servers[0] ?? ("" as ServerId), host1, "accepted");
  core.run(60_000);
  assert.equal(core.done("power-on").length, ordered, "something moves again");
});

test("a server that was migrating when its host died may run elsewhere: the host stays off", () => {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  core.nova.addServer(host1, "vm-1", { taskState: "migrating" });
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(reason(core), "whether these run elsewhere is not known: vm-1");
  assert.equal(core.done("power-on").length, 0);
});

test("on again by itself with a server that runs elsewhere: a page, and it cannot be released so", () => {
  const { core } = fenced({});
  core.powerOn(host1);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversRunning: 1 } });
  core.run(5000);
  assert.ok(isGrave(core));
  const release = (): void => {
    const { now: at } = core;
    const words = { host: host1, by: alice, reason: "repaired" };
    core.take({ kind: "released", at, wall: wallMs(core.wall), ...words });
  };
  release();
  assert.match(releaseProblem(core.state, host1) ?? "", /runs 1, must be <= 0 that stayed on it/);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "ended");
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversRunning: 0 } });
  core.run(3000);
  release();
  assert.equal(core.state.memory.incidents.get(host1), undefined);
});

test("missing steps are named, and none at home", () => {
  const { core } = fenced();
  const missing = (): string =>
    missingSteps(core.state, core.hostState(host1))
      .map((one) => render(one))
      .join("; ");
  assert.equal(
    missing(),
    "a report of a new boot; it is forced down in Nova; it is not well on all counts; it is disabled in Nova",
  );
  assert.equal(missingSteps(core.state, core.hostState(host2)).length, 0);
});

test("an earlier release's journal has no ways home", () => {
  const { core } = fenced({});
  const { homecomings: _none, ...old } = core.state.memory;
  const read = parseMemory(JSON.parse(JSON.stringify({ ...old, incidents: {} })));
  assert.deepEqual(read?.homecomings, {});
});

test("the boot that was fenced counts, although the incident was opened in an earlier one", () => {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, libvirt: "down" } });
  core.run(130_000);
  const opened = core.state.memory.incidents.get(host1)?.bootId;
  core.powerOn(host1);
  core.run(10_000);
  const { bootId } = core.factsOf(host1);
  assert.notEqual(opened, bootId);
  assert.equal(core.state.memory.incidents.get(host1)?.bootId, opened, "it is open still");
  core.powerLoss(host1);
  core.run(60_000);
  core.fact(host1, { reports: true, echo: both, power: "on", novaReports: true, bootId });
  core.run(30_000);
  assert.match(reason(core), /same boot|never off|boot/);
});
