/** A degraded host that is emptied by live migration: what holds it, and that no server is ever in two moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gatesToDrain } from "../../guardian/core/drain.ts";
import { drainsHost } from "../../guardian/core/drains.ts";
import { render } from "../../guardian/core/words.ts";
import { defaultLimits, type GroupSettings, type Settings } from "../../guardian/core/settings.ts";
import type { ServerId } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const limits = { ...defaultLimits, disableDegradedAfterMs: 10_000 };

/** A host that cannot write to its instances directory, with some servers, disabled by us a moment ago. */
function degraded(
  count = 3,
  changes: Partial<Settings> = {},
): { readonly core: CoreFixture; readonly servers: readonly ServerId[] } {
  const core = new CoreFixture({ drain: true, limits, ...changes }).run(15_000);
  const servers = Array.from({ length: count }, (_, at) => core.nova.addServer(host1, `vm-${at}`));
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, directory: "read-only" } });
  core.run(72_000);
  return { core, servers };
}

function states(core: CoreFixture): readonly string[] {
  const drain = core.state.memory.drains.get(host1);
  return Object.values(drain?.moves ?? {}).map(({ state }) => state.kind);
}

function reasonOf(core: CoreFixture, server: ServerId): string {
  const state = core.state.memory.drains.get(host1)?.moves?.[server]?.state;
  return state?.kind === "failed" || state?.kind === "left" ? render(state.reason) : "";
}

/** Nova has a record of it, in this status. */
function record(core: CoreFixture, server: ServerId, status: string, id = 100): void {
  const { liveRecords } = core.nova;
  core.nova.liveRecords = [...liveRecords.filter((one) => one.id !== id), one()];

  function one(): (typeof liveRecords)[number] {
    return { id, server, source: host1, destination: host2, status, createdAt: "" };
  }
}

test("two at once; the next when one of them runs elsewhere; then it is drained", () => {
  const { core, servers } = degraded();
  core.run(8000);
  assert.deepEqual(states(core), ["running", "running", "planned"]);
  assert.equal(core.done("live-migrate").length, 2);
  const [first, second, third] = servers as [ServerId, ServerId, ServerId];
  core.nova.changeServer(third, { host: host2 });
  core.run(6000);
  core.nova.changeServer(first, { host: host2 });
  core.nova.changeServer(second, { host: host2 });
  core.run(12_000);
  assert.equal(core.done("live-migrate").length, 2, "the third is elsewhere by somebody's hand");
  assert.deepEqual(states(core), ["finished", "finished"]);
  assert.equal(core.alerts().findLast(({ kind }) => kind === "drain")?.class, "notification");
  assert.equal(core.state.memory.drains.get(host1)?.ended, true);
  assert.equal(core.done("evacuate").length + core.done("power-off").length, 0);
});

test("off by default; of several groups the careful word counts", () => {
  const { core } = degraded(1, { drain: false });
  core.run(20_000);
  assert.equal(core.done("live-migrate").length, 0);
  const group = (drain: boolean): GroupSettings => ({
    hosts: [host1],
    mode: undefined,
    rows: new Map(),
    drain,
  });
  const groups = new Map([
    ["a", group(true)],
    ["b", group(false)],
  ]);
  assert.ok(!drainsHost(new CoreFixture({ groups, drain: true }).state, host1));
  groups.delete("b");
  assert.ok(drainsHost(new CoreFixture({ groups }).state, host1));
});

test("a call without an answer is never made again; without a record it may still be done", () => {
  const { core, servers } = degraded(1);
  core.nova.liveAnswer = { kind: "unknown", reason: "no answer within 30 s" };
  core.run(80_000);
  assert.equal(core.done("live-migrate").length, 1);
  assert.match(reasonOf(core, servers[0] ?? ("" as ServerId)), /^Nova shows no migration 1 min/);
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(core.done("evacuate").length, 0, "late, it may still be done");
  const page = core.alerts().findLast(({ kind }) => kind === "left-behind");
  assert.match(page?.why.join() ?? "", /vm-0 \(it was migrating/);
});

test("a record from before the call says nothing of it", () => {
  const { core, servers } = degraded(0);
  const server = core.nova.addServer(host1, "vm-9");
  record(core, server, "error", 7);
  core.run(10_000);
  assert.equal(core.done("live-migrate").length, 1);
  assert.deepEqual(states(core), ["running"]);
  record(core, server, "error", 8);
  core.run(5000);
  assert.deepEqual(states(core), ["failed"]);
  assert.equal(servers.length, 0);
});

test("rolled back, it is evacuated when its host dies; in error it may run at either end", () => {
  const { core, servers } = degraded(2);
  core.run(5000);
  const [back, broken] = servers as [ServerId, ServerId];
  record(core, back, "error", 100);
  record(core, broken, "failed", 101);
  core.nova.changeServer(broken, { status: "ERROR", vmState: "error" });
  core.run(5000);
  assert.deepEqual(states(core), ["failed", "failed"]);
  core.powerLoss(host1);
  core.run(30_000);
  assert.deepEqual(
    core.done("evacuate").map(({ server }) => server),
    [back],
  );
});

test("while a live migration is open its server waits, and others are evacuated", () => {
  const { core, servers } = degraded(3);
  core.nova.moveMs = 1000;
  core.run(5000);
  const [first, second, third] = servers as [ServerId, ServerId, ServerId];
  record(core, first, "running", 100);
  record(core, second, "running", 101);
  core.powerLoss(host1);
  core.run(20_000);
  assert.deepEqual(
    core.done("evacuate").map(({ server }) => server),
    [third],
  );
  // Nova gives one of them up.
  record(core, first, "error", 100);
  core.run(5000);
  assert.deepEqual(
    core.done("evacuate").map(({ server }) => server),
    [third, first],
  );
});

test("a live migration of a dead host that never ends is left to people after two minutes, with a page", () => {
  const { core, servers } = degraded(1);
  core.run(5000);
  record(core, servers[0] ?? ("" as ServerId), "running", 100);
  core.powerLoss(host1);
  core.run(135_000);
  assert.equal(core.done("evacuate").length, 0);
  const page = core.alerts().findLast(({ kind }) => kind === "left-behind");
  assert.equal(page?.class, "page");
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 0);
});

test("a restart calls none again, and follows what is open", () => {
  const { core, servers } = degraded(1);
  core.run(5000);
  record(core, servers[0] ?? ("" as ServerId), "running");
  core.restart();
  core.run(30_000);
  assert.equal(core.done("live-migrate").length, 1);
  core.nova.changeServer(servers[0] ?? ("" as ServerId), { host: host2 });
  core.run(5000);
  assert.deepEqual(states(core), ["finished"]);
});

test("what is stopped, or something else is done with, is left; refused is not called again", () => {
  const { core } = degraded(0);
  core.nova.addServer(host1, "off", { status: "SHUTOFF", vmState: "stopped" });
  core.nova.addServer(host1, "busy", { taskState: "resize_prep" });
  core.nova.addServer(host1, "no");
  core.nova.liveAnswer = { kind: "refused", status: 409, reason: "not now" };
  core.run(20_000);
  assert.deepEqual(states(core), ["left", "left", "failed"]);
  assert.equal(core.done("live-migrate").length, 1);
  const page = core.alerts().findLast(({ kind }) => kind === "drain");
  assert.equal(page?.class, "page");
  assert.match(
    page?.why.join() ?? "",
    /off \(it is SHUTOFF.*busy \(something else.*no \(Nova refused/,
  );
});

test("held by its gates, each by name; a hold is told as a ticket", () => {
  const { core } = degraded(1, { drain: false });
  const names = gatesToDrain(core.state, core.hostState(host1)).map(({ gate }) => gate);
  for (const gate of [
    "armed",
    "mode",
    "hold",
    "maintenance",
    "storm",
    "others alike",
    "capacity",
  ]) {
    assert.ok(names.includes(gate), gate);
  }
  const full = new CoreFixture({ drain: true, limits });
  full.nova.memoryUsedMb = 99_000;
  full.run(15_000);
  full.nova.addServer(host1, "vm-1");
  full.fact(host1, { checks: { ...full.factsOf(host1).checks, directory: "read-only" } });
  full.run(140_000);
  assert.equal(full.done("live-migrate").length, 0);
  const ticket = full.alerts().findLast(({ kind }) => kind === "drain");
  assert.deepEqual(
    [ticket?.class, ticket?.title],
    ["ticket", "compute-1 is degraded and is not emptied: held by capacity"],
  );
});

test("a record of somebody else's try that failed before our call was answered says nothing of ours", () => {
  const { core } = degraded(0);
  core.nova.liveAnswer = { kind: "accepted", requestId: "req-9" };
  const server = core.nova.addServer(host1, "vm-9");
  while (core.done("live-migrate").length === 0) core.run(250);
  record(core, server, "error", 8);
  const drain = core.state.memory.drains.get(host1);
  const at = core.now;
  core.take({
    kind: "migrations-seen",
    at,
    askedAt: at,
    host: host1,
    records: core.nova.liveRecords,
    servers: core.nova.servers.filter((one) => one.server === server),
    gone: [],
  });
  assert.equal(drain?.moves?.[server]?.state.kind, "ordered");
  assert.deepEqual(states(core), ["ordered"]);
});
