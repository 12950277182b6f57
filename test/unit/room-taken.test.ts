/** What the guardian itself has moved since the last count is taken off, before a living host loses its power. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeGate } from "../../guardian/core/assessment.ts";
import { capacityGate } from "../../guardian/core/destination-gates.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { alice, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");
const limits = { ...defaultLimits, disableDegradedAfterMs: 10_000 };
const totalMb = 100_000;

function leave(core: CoreFixture, host: HostName, leftMb: number): void {
  const memoryUsedMb = totalMb - leftMb;
  core.nova.capacities.set(host, { memoryMb: totalMb, memoryUsedMb, vcpus: 64 });
}

function uses(core: CoreFixture, host: HostName, memoryUsedMb: number): void {
  core.nova.capacities.set(host, { memoryMb: totalMb, memoryUsedMb, vcpus: 64 });
}

function sized(memoryMb: number): {
  readonly size: { readonly memoryMb: number; readonly vcpus: 1 };
} {
  return { size: { memoryMb, vcpus: 1 } };
}

function degrade(core: CoreFixture, host: HostName, servers: number): void {
  const { checks } = core.factsOf(host);
  const counts = { serversTotal: servers, serversRunning: servers };
  core.fact(host, { checks: { ...checks, directory: "read-only", ...counts } });
}

/** Until it is so; fails after ten minutes. */
function runUntil(core: CoreFixture, is: () => boolean): void {
  for (let round = 0; round < 2400 && !is(); round += 1) core.run(250);
  assert.ok(is(), "ten minutes");
}

test("a drained host is not fenced by a count from before its own drain", () => {
  const core = new CoreFixture({ drain: true, limits, rows: new Map([["4", "fence"]]) }, 3);
  leave(core, host2, 3000);
  leave(core, host3, 2000);
  uses(core, host1, 5000);
  core.run(15_000);
  const small = core.nova.addServer(host1, "small", sized(2000));
  const large = core.nova.addServer(host1, "large", sized(3000));
  degrade(core, host1, 2);
  runUntil(core, () => core.done("live-migrate").length === 2);
  core.run(3000);
  // Nova gives the small one the only place that was large enough for the other.
  core.nova.changeServer(small, { host: host2 });
  leave(core, host2, 1000);
  uses(core, host1, 3000);
  const record = { id: 200, server: large, source: host1, createdAt: "" };
  core.nova.liveRecords = [{ ...record, destination: undefined, status: "error" }];
  degrade(core, host1, 1);
  core.run(30_000);
  const gate = capacityGate(core.state, core.hostState(host1), true);
  assert.equal(gate.pass, false);
  core.run(400_000);
  assert.deepEqual(core.done("power-off"), []);
});

test("what a drain itself has moved is no longer asked room for", () => {
  const core = new CoreFixture({ drain: true, limits }, 3);
  leave(core, host2, 10_000);
  uses(core, host3, totalMb);
  uses(core, host1, 9000);
  core.run(15_000);
  for (const name of ["vm-1", "vm-2", "vm-3"]) core.nova.addServer(host1, name, sized(3000));
  degrade(core, host1, 3);
  const called = () => core.done("live-migrate");
  runUntil(core, () => called().length > 0);
  const countedAt = core.state.inventory.countedAt;
  for (let round = 0; round < 100 && core.state.inventory.placed.size < 3; round += 1) {
    for (const { server } of called()) core.nova.changeServer(server, { host: host2 });
    core.run(250);
    const gate = capacityGate(core.state, core.hostState(host1), true);
    assert.equal(gate.pass, true, describeGate(gate));
  }
  assert.equal(core.state.inventory.placed.size, 3);
  assert.equal(core.state.inventory.countedAt, countedAt, "all within one count");
});

test("a live migration that Nova took and has not placed takes room, whenever that was counted", () => {
  const core = new CoreFixture({ drain: true, limits }, 3);
  leave(core, host3, 3000);
  uses(core, host1, 3000);
  uses(core, host2, 3000);
  core.run(15_000);
  const server = core.nova.addServer(host2, "server", sized(3000));
  degrade(core, host2, 1);
  const gate = () => capacityGate(core.state, core.hostState(host1), true);
  const moves = () => Object.values(core.state.memory.drains.get(host2)?.moves ?? {});
  assert.equal(gate().pass, true, render(gate().value));
  runUntil(core, () => moves().some(({ state }) => state.kind === "running"));
  const [at, askedAt, answer] = [core.now, core.now, core.nova.inventory()];
  core.take({ kind: "inventory", at, askedAt, answer });
  core.run(250);
  assert.equal(gate().pass, false, "not placed yet");
  const record = { id: 300, server, source: host2, createdAt: "" };
  core.nova.liveRecords = [{ ...record, destination: host3, status: "running" }];
  core.run(5000);
  assert.equal(gate().pass, false, "placed, and not counted");
});

test("a count that was asked for earlier and is answered later changes nothing", () => {
  const core = new CoreFixture({}, 3).run(15_000);
  const count = (leftMb: number, askedAgoMs: number): void => {
    leave(core, host2, leftMb);
    const answer = core.nova.inventory();
    const [at, askedAt] = [core.now, (core.now - askedAgoMs) as typeof core.now];
    core.take({ kind: "inventory", at, askedAt, answer });
  };
  core.run(250);
  count(5000, 0);
  const known = core.state.inventory;
  count(30_000, 10_000);
  assert.equal(core.state.inventory, known);
});

test("a look back outlives a fencing that stands down", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(40_000);
  const { now: at, wall } = core.state;
  core.take({ kind: "released", at, wall, host: host1, by: alice, reason: "repaired" });
  core.run(60_000);
  core.powerOn(host1);
  const back = { status: "enabled", reason: undefined, forcedDown: false } as const;
  Object.assign(core.nova.service(host1), back);
  core.run(30_000);
  assert.ok(core.state.memory.lookBacks.has(host1));
  core.fact(host1, { offAnswer: { kind: "no-answer", reason: "no answer within 5 s" } });
  core.powerLoss(host1);
  const phase = () => core.state.memory.incidents.get(host1)?.phase.kind;
  runUntil(core, () => phase() === "fencing");
  core.run(2000);
  assert.ok(core.state.memory.lookBacks.has(host1));
});
