/** Servers that are down a second time, or beside others that are moved: somebody is paged soon. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

type Page = "firing" | "none";

/** Whether a page of a kind fires for host 1. */
function page(core: CoreFixture, kind: string): Page {
  const firing = Object.values(core.state.memory.alerts).map(({ message }) => message);
  const found = firing.some(
    (message) => message.kind === kind && message.host === host1 && message.class === "page",
  );
  return found ? "firing" : "none";
}

/** Host 1 was fenced, with one server that moves and perhaps one that stays, and is on again with what stayed. */
function backWith(left: number): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  for (let n = 0; n < left; n += 1) {
    core.nova.addServer(host1, `vm-left-${n}`, { volumeBacked: false });
  }
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "ended");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, serversTotal: left, serversRunning: left } });
  core.powerOn(host1);
  core.run(60_000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "ended", "disabled by us still");
  assert.equal(page(core, "unattended"), "none");
  core.powerLoss(host1);
  return core;
}

test("a fenced host that came back with what was left on it, and dies before it was released, is paged anew", () => {
  const core = backWith(1);
  core.run(defaultLimits.unattendedMs + 10_000);
  assert.equal(page(core, "unattended"), "firing");
  core.restart();
  core.run(60_000);
  assert.equal(page(core, "unattended"), "firing", "a restart does not end it");
});

test("one that came back with nothing on it, and is silent again, wakes nobody", () => {
  const core = backWith(0);
  core.run(300_000);
  assert.equal(page(core, "unattended"), "none");
});

test("servers that are left from the beginning are paged after a minute, though others are moved for long", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2", { volumeBacked: false });
  core.nova.moveMs = 200_000;
  core.powerLoss(host1);
  core.run(90_000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "evacuating");
  assert.equal(page(core, "left-behind"), "firing");
  const { why } = core.alerts().findLast(({ kind }) => kind === "left-behind") ?? { why: [] };
  assert.match(why.join(), /vm-2 \(its root disk is on the dead host/);
});

test("the page of an unguarded host that looks down outlives a restart, and ends when Nova hears it", () => {
  const core = new CoreFixture({}, 8);
  core.fact(host1, { reports: false });
  core.run(40_000);
  core.powerLoss(host1);
  core.run(180_000);
  assert.equal(page(core, "unguarded-down"), "firing");
  core.restart();
  core.run(200_000);
  assert.equal(page(core, "unguarded-down"), "firing", "it is as dead as before");
  const ended = core
    .alerts()
    .filter(({ kind, status }) => kind === "unguarded-down" && status === "resolved");
  assert.deepEqual(ended, []);
  core.powerOn(host1);
  core.fact(host1, { reports: false });
  core.run(60_000);
  assert.equal(page(core, "unguarded-down"), "none");
});

test("what an earlier process never saw alive is no page after a start", () => {
  const core = new CoreFixture({}, 8);
  core.fact(host1, { reports: false, echo: [], novaReports: false });
  core.run(300_000);
  assert.equal(page(core, "unguarded-down"), "none");
});

test("a host in quarantine that dies later is paged for that, too", () => {
  const core = new CoreFixture().run(15_000);
  const quarantined = new Map([[host1, "a promise was broken"]]);
  core.state = { ...core.state, memory: { ...core.state.memory, quarantined } };
  core.run(5000);
  assert.equal(page(core, "quarantined"), "firing");
  assert.equal(page(core, "unattended"), "none");
  core.powerLoss(host1);
  core.run(defaultLimits.unattendedMs + 20_000);
  assert.equal(page(core, "unattended"), "firing");
});

test("a live migration whose server is not running where it arrived is not called done", () => {
  const limits = { ...defaultLimits, disableDegradedAfterMs: 10_000 };
  const core = new CoreFixture({ drain: true, limits }).run(15_000);
  const server = core.nova.addServer(host1, "vm-0");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, directory: "read-only" } });
  core.run(80_000);
  assert.equal(core.done("live-migrate").length, 1);
  const ended = { id: 100, server, source: host1, destination: host2, status: "completed" };
  core.nova.liveRecords = [{ ...ended, createdAt: "" }];
  core.nova.changeServer(server, { host: host2, status: "ERROR", vmState: "error" });
  core.run(10_000);
  const move = core.state.memory.drains.get(host1)?.moves?.[server]?.state;
  assert.equal(move?.kind, "failed");
  assert.equal(page(core, "drain"), "firing");
});
