/** Reserve hosts: enabled for an evacuation when the others have no room, and only while they are sound. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { destinationGate } from "../../guardian/core/destination-gates.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { inScope } from "../../guardian/core/storm.ts";
import { hostName } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");
const host4 = hostName("compute-4");
const mark = "guardian g1 reserve";
const when = (use: "when-short" | "always"): Partial<Settings> => ({
  reserve: { hosts: [host3, host4], use },
});

/** Four hosts, the last two in reserve; the second has room for one small server. */
function cloud(settings: Partial<Settings> = when("when-short")): CoreFixture {
  const core = new CoreFixture(settings, 4);
  for (const host of [host3, host4]) {
    Object.assign(core.nova.service(host), { status: "disabled", reason: mark });
  }
  core.nova.capacities.set(host2, { memoryMb: 21_000, memoryUsedMb: 20_000, vcpus: 64 });
  return core;
}

/** The first host dies with so many servers of 1000 MB. */
function dies(core: CoreFixture, servers: number): CoreFixture {
  for (let index = 1; index <= servers; index += 1) {
    core.nova.addServer(host1, `vm-${index}`, { size: { memoryMb: 1000, vcpus: 1 } });
  }
  core.powerLoss(host1);
  return core.run(15_000);
}

function enabled(core: CoreFixture): readonly string[] {
  return core.done("enable").map(({ host }) => host);
}

test("enabled before the first call when a server would find no place, by our mark alone", () => {
  const core = dies(cloud().run(30_000), 2);
  assert.deepEqual(enabled(core), [host3]);
  assert.equal(core.done("enable")[0]?.mark, mark);
  const kinds = core.effects.map(({ kind }) => kind);
  assert.ok(kinds.indexOf("enable") < kinds.indexOf("evacuate"));
  assert.equal(core.alerts().filter(({ kind }) => kind === "no-room").length, 0);
  assert.equal(core.alerts().find(({ kind }) => kind === "reserve")?.class, "ticket");
});

test("left alone when the others have room; by policy always one, and no more than one", () => {
  assert.deepEqual(enabled(dies(cloud().run(30_000), 1)), []);
  assert.deepEqual(enabled(dies(cloud(when("always")).run(30_000), 1)), [host3]);
});

const unfit: Readonly<Record<string, (core: CoreFixture) => void>> = {
  "is silent": (core) => core.powerLoss(host3),
  "has a read-only directory": (core) => {
    const { checks } = core.factsOf(host3);
    core.fact(host3, { checks: { ...checks, directory: "read-only" } });
  },
  "is in maintenance": (core) => core.maintain(host3, undefined),
  "is disabled by a person": (core) => {
    Object.assign(core.nova.service(host3), { reason: "bob: new disks" });
  },
  "is forced down": (core) => {
    Object.assign(core.nova.service(host3), { forcedDown: true, down: true });
  },
  "stands in another zone": (core) => void core.nova.zones.set(host3, "elsewhere"),
};

for (const [what, spoil] of Object.entries(unfit)) {
  test(`one that ${what} is never enabled: the next one is`, () => {
    const core = cloud({ ...when("when-short") }).run(30_000);
    spoil(core);
    core.run(what === "is silent" ? 1000 : 12_000);
    dies(core, 2);
    assert.ok(!enabled(core).includes(host3), enabled(core).join());
  });
}

test("one that helps is taken: not the first, when it has less room than is needed", () => {
  const core = cloud();
  core.nova.capacities.set(host3, { memoryMb: 20_100, memoryUsedMb: 20_000, vcpus: 64 });
  assert.deepEqual(enabled(dies(core.run(30_000), 2)), [host4]);
});

test("where nothing else takes servers a reserve host is a destination", () => {
  const core = cloud();
  Object.assign(core.nova.service(host2), { status: "disabled", reason: "bob: new disks" });
  core.run(30_000);
  assert.equal(destinationGate(core.state, core.hostState(host1)).pass, true);
  dies(core, 2).run(20_000);
  assert.deepEqual(enabled(core), [host3]);
  assert.equal(core.done("evacuate").length, 2);
});

test("no answer to the order holds the moves for ten seconds at most", () => {
  const core = cloud().run(30_000);
  core.nova.enableMute = true;
  dies(core, 2);
  assert.deepEqual([enabled(core).length, core.done("evacuate").length], [1, 0]);
  core.run(6000);
  assert.equal(core.done("evacuate").length, 2);
  assert.equal(enabled(core).length, 1, "it is not asked for again meanwhile");
});

test("one that is refused is told, and the next one is asked", () => {
  const core = cloud().run(30_000);
  core.nova.addServer(host1, "vm-1", { size: { memoryMb: 1000, vcpus: 1 } });
  core.nova.addServer(host1, "vm-2", { size: { memoryMb: 1000, vcpus: 1 } });
  core.powerLoss(host1);
  for (let beat = 0; enabled(core).length === 0 && beat < 100; beat += 1) {
    core.tick();
    core.run(250);
    if (core.state.memory.reserves.size > 0) break;
  }
  // A person was faster than the guardian's list: the look before the order shows it.
  Object.assign(core.nova.service(host3), { reason: "bob: new disks" });
  core.run(10_000);
  assert.deepEqual(enabled(core), [host3, host4]);
  const failed = core.done("line").find(({ text }) => /could not be enabled/.test(text));
  assert.match(failed?.text ?? "", /compute-3 could not be enabled: not ours/);
});

test("after a restart Nova's record says whether the order was done; it is a reserve again by its mark", () => {
  const core = cloud().run(30_000);
  core.nova.enableMute = true;
  dies(core, 2);
  assert.equal(core.state.memory.reserves.get(host3)?.order.kind, "asked");
  core.restart();
  assert.equal(core.state.memory.reserves.get(host3)?.order.kind, "due");
  Object.assign(core.nova.service(host3), { status: "enabled", reason: undefined });
  core.run(10_000);
  assert.equal(core.state.memory.reserves.get(host3)?.order.kind, "done");
  Object.assign(core.nova.service(host3), { status: "disabled", reason: mark });
  core.run(10_000);
  assert.equal(core.state.memory.reserves.size, 0);
});

test("a host that is configured as a reserve and enabled is told as none", () => {
  const core = new CoreFixture(when("when-short"), 4).run(70_000);
  const told = core.alerts().filter(({ kind }) => kind === "reserve");
  assert.deepEqual(
    told.map(({ host, class: kind }) => [host, kind]),
    [
      [host3, "ticket"],
      [host4, "ticket"],
    ],
  );
  assert.match(told[0]?.next ?? "", /--disable-reason 'guardian g1 reserve' compute-3/);
});

test("one that falls silent counts in a storm; one that another disabled does not", () => {
  const core = cloud().run(30_000);
  assert.ok(inScope(core.state, core.hostState(host3)));
  Object.assign(core.nova.service(host3), { reason: "new disks" });
  core.run(30_000);
  assert.ok(!inScope(core.state, core.hostState(host3)));
});
