/** What a fenced host runs once people have taken it back, and what is told of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

/** Fenced, evacuated and released while it is off. */
function released(): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(40_000);
  const { now: at } = core;
  core.take({ kind: "released", at, wall: wallMs(core.wall), host: host1, by: alice, reason: "x" });
  return core.run(60_000);
}

/** People bring it up; its libvirt runs so many domains. */
function comesOn(core: CoreFixture, domains: number): CoreFixture {
  core.powerOn(host1);
  const open = { status: "enabled", reason: undefined, forcedDown: false } as const;
  Object.assign(core.nova.service(host1), open);
  runs(core, domains);
  return core;
}

function runs(core: CoreFixture, domains: number): void {
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, serversTotal: domains, serversRunning: domains } });
}

function pages(core: CoreFixture): readonly string[] {
  return core
    .alerts()
    .filter(({ kind }) => kind === "home")
    .map(({ status }) => status);
}

test("more domains than Nova has servers there, for half a minute: a page, and no power command", () => {
  const core = released();
  const before = core.done("power-off").length;
  comesOn(core, 0).run(120_000);
  assert.deepEqual(pages(core), []);
  runs(core, 1);
  core.run(25_000);
  assert.deepEqual(pages(core), [], "a list and a report are not of one moment");
  core.run(10_000);
  assert.deepEqual(pages(core), ["firing"]);
  assert.equal(core.done("power-off").length, before);
  runs(core, 0);
  core.run(5000);
  assert.deepEqual(pages(core), ["firing", "resolved"]);
});

test("servers that Nova puts there are no such thing", () => {
  const core = comesOn(released(), 0).run(30_000);
  core.nova.addServer(host1, "vm-2");
  runs(core, 1);
  core.run(60_000);
  assert.deepEqual(pages(core), []);
});

test("it is looked at for a quarter of an hour after it reports, and not for ever", () => {
  const core = comesOn(released(), 0).run(600_000);
  assert.equal(core.state.memory.lookBacks.size, 1);
  core.run(320_000);
  assert.equal(core.state.memory.lookBacks.size, 0);
  const lists = core.done("list-servers").length;
  core.run(60_000);
  assert.equal(core.done("list-servers").length, lists);
});

test("what was paged stays paged over a restart, and while Nova says nothing", () => {
  const core = comesOn(released(), 1).run(60_000);
  assert.deepEqual(pages(core), ["firing"]);
  core.restart();
  core.run(40_000);
  assert.ok(!pages(core).includes("resolved"), pages(core).join());
  core.nova.looksFail = "Nova answers 503";
  core.run(90_000);
  assert.ok(!pages(core).includes("resolved"), pages(core).join());
  runs(core, 0);
  core.run(60_000);
  assert.ok(!pages(core).includes("resolved"), "nobody knows what Nova has there");
  core.nova.looksFail = undefined;
  core.run(15_000);
  assert.ok(pages(core).includes("resolved"), pages(core).join());
});

test("fenced anew it is forgotten: that evacuation looks for itself", () => {
  const core = comesOn(released(), 0).run(60_000);
  core.powerLoss(host1);
  core.run(40_000);
  assert.equal(core.state.memory.lookBacks.size, 0);
});

test("an evacuation that is given up before its first move leaves the look at what it runs", () => {
  const core = comesOn(released(), 0).run(60_000);
  core.nova.addServer(host1, "vm-2");
  const called = core.done("evacuate").length;
  core.powerLoss(host1);
  const phase = (): string | undefined => core.state.memory.incidents.get(host1)?.phase.kind;
  for (let round = 0; round < 200 && phase() !== "evacuating"; round += 1) core.run(250);
  core.restart();
  core.powerOn(host1);
  core.run(60_000);
  assert.notEqual(phase(), "evacuating");
  assert.equal(core.done("evacuate").length, called);
  assert.ok(core.state.memory.lookBacks.has(host1));
});
