/** Whether the servers of a fenced host find a place elsewhere: forecast, told, and asked of the living. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { destinationGate, capacityGate } from "../../guardian/core/destination-gates.ts";
import { forecast, type Forecast } from "../../guardian/core/forecast.ts";
import { serversAlive } from "../../guardian/core/servers-on.ts";
import { render } from "../../guardian/core/words.ts";
import type { ServerSize } from "../../guardian/ports.ts";
import { hostName, serverId } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");

/** Three hosts; what the second and the third have left. */
function cloud(second: ServerSize, third: ServerSize): CoreFixture {
  const core = new CoreFixture({}, 3);
  for (const [host, left] of [
    [host2, second],
    [host3, third],
  ] as const) {
    const { memoryMb, vcpus } = left;
    core.nova.capacities.set(host, { memoryMb: memoryMb + 1000, memoryUsedMb: 1000, vcpus });
  }
  return core.run(15_000);
}

function wanted(...sizes: readonly (ServerSize | undefined)[]) {
  return sizes.map((size, index) => {
    const name = `vm-${index + 1}`;
    return { server: serverId(`id-${name}`), name, ...(size === undefined ? {} : { size }) };
  });
}

function expected(core: CoreFixture, ...sizes: readonly (ServerSize | undefined)[]): Forecast {
  const found = forecast(core.state, host1, wanted(...sizes));
  assert.ok(found !== undefined);
  return found;
}

const small = { memoryMb: 1000, vcpus: 1 };

test("each goes where most is left; the largest first, so that the small ones fill up", () => {
  const core = cloud({ memoryMb: 5000, vcpus: 64 }, { memoryMb: 4000, vcpus: 64 });
  const found = expected(core, small, { memoryMb: 5000, vcpus: 1 }, small, undefined);
  assert.deepEqual(found.unplaced, []);
  assert.deepEqual(found.places, [
    { host: host2, count: 1 },
    { host: host3, count: 2 },
  ]);
  assert.equal(found.unsized, 1);
});

test("a server that no single host has room for fits nowhere, though it fits in sum", () => {
  const core = cloud({ memoryMb: 5000, vcpus: 64 }, { memoryMb: 4000, vcpus: 64 });
  const found = expected(core, { memoryMb: 6000, vcpus: 1 }, small);
  assert.deepEqual(
    found.unplaced.map(({ name, why }) => [name, why]),
    [["vm-1", "nowhere"]],
  );
  assert.deepEqual(found.roomiest, { host: host2, memoryMb: 5000 });
});

test("processors run out, too; and what others take before it leaves no place", () => {
  const core = cloud({ memoryMb: 5000, vcpus: 2 }, { memoryMb: 4000, vcpus: 2 });
  const many = expected(core, { memoryMb: 100, vcpus: 3 });
  assert.deepEqual(many.unplaced[0]?.why, "nowhere");
  const two = { memoryMb: 100, vcpus: 2 };
  const full = expected(core, two, two, two);
  assert.deepEqual(
    full.unplaced.map(({ name, why }) => [name, why]),
    [["vm-3", "full"]],
  );
});

test("a host that is not sound, or not enabled, takes none", () => {
  const core = cloud({ memoryMb: 5000, vcpus: 64 }, { memoryMb: 9000, vcpus: 64 });
  Object.assign(core.nova.service(host3), { status: "disabled", reason: "bob: new disks" });
  core.run(10_000);
  assert.equal(destinationGate(core.state, core.hostState(host1)).pass, true);
  assert.equal(expected(core, { memoryMb: 6000, vcpus: 1 }).unplaced.length, 1);
});

test("where nothing is known of what hosts have left, nothing is foreseen", () => {
  const core = new CoreFixture({}, 3);
  core.nova.inventoryFails = "Nova answers 503";
  core.run(15_000);
  assert.equal(forecast(core.state, host1, wanted(small)), undefined);
});

/** A host dies with one server that is too large. */
function diesWithGiant(core: CoreFixture): CoreFixture {
  core.nova.addServer(host1, "giant", { size: { memoryMb: 6000, vcpus: 1 } });
  core.nova.addServer(host1, "small", { size: small });
  core.powerLoss(host1);
  return core.run(8000);
}

test("it is told before its first call; a page by Placement, a notification by hypervisors", () => {
  for (const by of ["placement", "hypervisors"] as const) {
    const core = cloud({ memoryMb: 5000, vcpus: 64 }, { memoryMb: 4000, vcpus: 64 });
    const reason = "Placement answered 503";
    core.nova.capacityBy = by === "placement" ? { kind: by } : { kind: by, reason };
    core.run(61_000);
    diesWithGiant(core);
    const told = core.alerts().filter(({ kind }) => kind === "no-room");
    assert.equal(told.length, 1);
    assert.equal(told[0]?.class, by === "placement" ? "page" : "notification");
    assert.match(
      told[0]?.why.join("; ") ?? "",
      /giant: no single host has 6000 MB .* on compute-2/,
    );
    const line = core.effects.findIndex((one) => one.kind === "line" && one.event === "room");
    const call = core.effects.findIndex(({ kind }) => kind === "evacuate");
    assert.ok(line >= 0 && line < call, `${line} before ${call}`);
  }
});

test("what hosts have left may be unknown, and sizes may be hidden: the first is told, the second says nothing", () => {
  const core = new CoreFixture({}, 3);
  core.nova.inventoryFails = "Nova answers 503";
  diesWithGiant(core.run(15_000));
  const lines = core.done("line").filter(({ event }) => event === "room");
  assert.deepEqual(
    lines.map(({ text }) => text),
    ["room elsewhere: not known: Nova answers 503"],
  );
  const hidden = cloud({ memoryMb: 5000, vcpus: 64 }, { memoryMb: 4000, vcpus: 64 });
  hidden.nova.addServer(host1, "giant");
  hidden.powerLoss(host1);
  hidden.run(20_000);
  assert.deepEqual(
    hidden.done("line").filter(({ event }) => event === "room"),
    [],
  );
  hidden.phase(host1, "ended");
});

test("it ends when that server has found a place after all", () => {
  const core = diesWithGiant(cloud({ memoryMb: 5000, vcpus: 64 }, { memoryMb: 4000, vcpus: 64 }));
  core.run(30_000);
  const [last] = core
    .alerts()
    .filter(({ kind }) => kind === "no-room")
    .slice(-1);
  assert.equal(last?.status, "resolved");
});

test("of a living host each server must fit; of a dead one it stays a warning", () => {
  const rows = new Map([["13", "fence"]] as const);
  const core = new CoreFixture({ rows }, 3);
  for (const host of [host2, host3]) {
    core.nova.capacities.set(host, { memoryMb: 50_000, memoryUsedMb: 20_000, vcpus: 64 });
  }
  core.nova.addServer(host1, "giant", { size: { memoryMb: 31_000, vcpus: 1 } });
  core.run(15_000);
  core.fact(host1, { reports: false, novaReports: false });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "13");
  assert.deepEqual(core.done("power-off"), []);
  const gate = capacityGate(core.state, core.hostState(host1), true);
  assert.equal(gate.pass, false);
  assert.match(render(gate.value), /^1 without a place \(giant: no single host has 31000 MB/);
  assert.equal(capacityGate(core.state, core.hostState(host1), false).pass, true);
  core.nova.capacities.set(host2, { memoryMb: 60_000, memoryUsedMb: 20_000, vcpus: 64 });
  core.run(62_000);
  assert.equal(core.done("power-off").length >= 1, true);
});

test("a list that grows old says nothing, and in mode ask an approved one is asked the same", () => {
  const core = new CoreFixture({ mode: "ask" }, 3);
  for (const host of [host2, host3]) {
    core.nova.capacities.set(host, { memoryMb: 50_000, memoryUsedMb: 20_000, vcpus: 64 });
  }
  core.nova.addServer(host1, "giant", { size: { memoryMb: 31_000, vcpus: 1 } });
  core.run(15_000);
  core.fact(host1, { reports: false, novaReports: false });
  core.run(90_000);
  core.answer(host1, "approved");
  core.run(5000);
  assert.deepEqual(core.done("power-off"), [], "its giant fits nowhere");
  assert.equal(serversAlive(core.state, core.hostState(host1))?.length, 1);
  core.nova.looksFail = "Nova answers 503";
  core.run(150_000);
  assert.equal(serversAlive(core.state, core.hostState(host1)), undefined);
});
