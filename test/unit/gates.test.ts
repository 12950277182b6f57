import assert from "node:assert/strict";
import { test } from "node:test";
import { describeGate, type GateResult } from "../../guardian/core/assessment.ts";
import { gatesToBegin, gatesToContinue } from "../../guardian/core/gates.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import { hostName } from "../../shared/names.ts";
import { monoMs, wallMs } from "../../shared/time.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function settled(changes: Partial<Settings> = {}, hosts = 8): CoreFixture {
  return new CoreFixture(changes, hosts).run(15_000);
}

function gates(core: CoreFixture): readonly GateResult[] {
  return gatesToBegin(core.state, core.hostState(host1), core.assessment(host1));
}

function gate(core: CoreFixture, name: string): GateResult {
  const found = gates(core).find((result) => result.gate === name);
  assert.ok(found !== undefined, `no gate "${name}"`);
  return found;
}

/** Whether every part of our eyes passes. */
function eyesGood(core: CoreFixture): boolean {
  const parts = gates(core).filter((result) => result.gate.startsWith("eyes"));
  assert.ok(parts.length >= 6, "each part of the eyes is a gate of its own");
  return parts.every((result) => result.pass);
}

test("in a calm cloud every gate but the witnesses stands open, and prints its numbers", () => {
  for (const result of gates(settled())) {
    const witness = result.gate === "third witness" || result.gate === "reverse ping";
    assert.equal(result.pass, !witness, describeGate(result));
    for (const part of [result.gate, render(result.value), result.operator, render(result.limit)]) {
      assert.notEqual(part, "", result.gate);
    }
  }
});

test("armed", () => {
  const core = settled();
  core.disarmedFile = true;
  core.tick(250);
  assert.equal(
    describeGate(gate(core, "armed")),
    "armed: disarmed: the file `disarmed` exists, must be = armed",
  );
  core.disarmedFile = false;
  const { now: at, state } = core;
  core.take({ kind: "arming", at, wall: state.wall, armed: false, by: "alice", reason: "test" });
  core.tick(250);
  assert.equal(render(gate(core, "armed").value), "disarmed: alice: test");
  assert.ok(!gatesToContinue(core.state, core.hostState(host1))[0]?.pass);
});

test("mode: observe does not act", () => {
  assert.equal(gate(settled({ mode: "observe" }), "mode").pass, false);
});

test("maintenance and a stranger's disabling hold; our own mark does not", () => {
  const { hosts } = new CoreFixture().settings;
  const entry = hosts.get(host1);
  assert.ok(entry !== undefined);
  const changed = new Map(hosts).set(host1, { ...entry, maintenance: "new disks" });
  assert.equal(gate(settled({ hosts: changed }), "maintenance").pass, false);
  for (const [reason, pass] of [
    ["by alice", false],
    ["guardian g2 epoch 1 incident i1-compute-1", false],
    ["guardian g1 epoch 1 incident i1-compute-1", true],
  ] as const) {
    const core = settled();
    Object.assign(core.nova.service(host1), { status: "disabled", reason });
    core.run(6000);
    assert.equal(gate(core, "disabled by another").pass, pass, reason);
  }
  const core = settled();
  core.nova.service(host1).forcedDown = true;
  core.run(6000);
  assert.equal(render(gate(core, "disabled by another").value), "forced down by another");
});

test("Nova answers: 15 s is not too old, a millisecond more is", () => {
  const core = settled();
  core.nova.answers = false;
  core.run(5000);
  const { servicesAt } = core.state.eyes;
  assert.ok(servicesAt !== undefined);
  core.tick(servicesAt + 15_000 - core.now);
  assert.equal(gate(core, "Nova answers").pass, true);
  core.tick(1);
  assert.equal(gate(core, "Nova answers").pass, false);
  const further = gatesToContinue(core.state, core.hostState(host1));
  assert.equal(further.find((result) => result.gate === "Nova answers")?.pass, false);
});

test("grace: fresh for 10 s since the start, or 120 s of good eyes and known before", () => {
  const core = new CoreFixture();
  core.run(9000);
  assert.equal(gate(core, "grace").pass, false);
  core.run(3000);
  assert.equal(gate(core, "grace").pass, true);
  core.powerLoss(host1);
  core.restart();
  core.run(119_000);
  assert.equal(gate(core, "grace").pass, false);
  core.run(3000);
  assert.equal(gate(core, "grace").pass, true);
});

test("grace: a host that never reported is never out of it", () => {
  const core = new CoreFixture();
  core.powerLoss(host1);
  core.run(200_000);
  assert.equal(gate(core, "grace").pass, false);
});

test("grace: a new epoch of the only collector begins it again", () => {
  const core = settled();
  core.powerLoss(host1);
  core.rows.clear();
  core.collectorEpoch = 2;
  core.run(5000);
  assert.equal(gate(core, "grace").pass, false);
});

test("grace: a host that lived for a moment after the new epoch was not seen fresh for 10 s since", () => {
  const core = settled();
  core.rows.clear();
  core.collectorEpoch = 2;
  core.run(4000);
  core.powerLoss(host1);
  core.run(20_000);
  assert.equal(gate(core, "grace").pass, false);
  assert.equal(core.done("power-off").length, 0);
});

test("storm: as many as the limit pass, one more does not", () => {
  const core = settled({}, 20);
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(6000);
  assert.match(describeGate(gate(core, "storm")), /2 in trouble .* must be <= 2 hosts at once$/);
  assert.equal(gate(core, "storm").pass, true);
  core.powerLoss(hostName("compute-3"));
  core.run(6000);
  assert.equal(gate(core, "storm").pass, false);
});

test("suspects: those in trouble and suspect together stay within the limit", () => {
  const core = settled();
  core.powerLoss(host1);
  core.run(3000);
  core.powerLoss(host2);
  while (core.hostState(host2).suspectSince === undefined) core.run(250);
  assert.equal(gate(core, "suspects").pass, false);
  assert.match(render(gate(core, "suspects").value), /^1 in trouble \+ 1 suspect$/);
});

for (const [count, pass] of [
  [2, true],
  [3, false],
] as const) {
  test(`fence rate: ${count} hosts in the hour, limit 3: ${pass ? "one more" : "no more"}`, () => {
    const core = settled();
    const fences = Array.from({ length: count }, (_, index) => ({
      host: hostName(`compute-${index + 2}`),
      wall: core.wall - 3_599_999,
    }));
    core.state = { ...core.state, memory: { ...core.state.memory, fences } };
    assert.equal(gate(core, "fence rate").pass, pass);
    core.state = { ...core.state, wall: wallMs(core.wall + 1) };
    assert.equal(gate(core, "fence rate").pass, true, "an hour ago is no longer in the hour");
  });
}

test("fence rate: another attempt on the same host is no other host", () => {
  const core = settled();
  const fences = [1, 2, 3].map((index) => ({ host: host1, wall: core.wall - index }));
  core.state = { ...core.state, memory: { ...core.state.memory, fences } };
  assert.equal(gate(core, "fence rate").pass, true);
});

const unfit: Readonly<Record<string, (core: CoreFixture) => void>> = {
  silent: (core) => core.powerLoss(host2),
  disabled: (core) =>
    void Object.assign(core.nova.service(host2), { status: "disabled", reason: "by alice" }),
  "down in Nova": (core) => void (core.nova.service(host2).forcedDown = true),
  "without storage": (core) => {
    core.fact(host2, { checks: { ...core.factsOf(host2).checks, storage: "down" } });
    core.run(61_000);
  },
};

for (const [name, change] of Object.entries(unfit)) {
  test(`destination: the only other host is ${name}`, () => {
    const core = settled({}, 2);
    assert.equal(gate(core, "destination").pass, true);
    change(core);
    core.run(7000);
    assert.equal(gate(core, "destination").pass, false);
  });
}

const shaking: Readonly<Record<string, (core: CoreFixture) => void>> = {
  "our loop paused": (core) => void core.tick(2001),
  "our wall clock stepped": (core) => {
    const at = monoMs(core.now + 250);
    const wall = wallMs(core.wall + 250 + 2001);
    core.take({ kind: "tick", at, wall, disarmed: false });
  },
  "the journal cannot be written": (core) =>
    void core.take({ kind: "journal", at: core.now, writable: false, reason: "read-only" }),
  "the kernel dropped datagrams": (core) => void (core.ledger.dropped = 1),
  "liveness rows were shed": (core) => void (core.ledger.shed = 1),
  "no anchor answers": (core) => {
    core.anchorsAnswer = false;
    core.run(4000);
  },
  "no collector has a vote": (core) => {
    core.collectorUp = false;
    core.run(3000);
  },
};

for (const [name, shake] of Object.entries(shaking)) {
  test(`eyes: ${name}`, () => {
    const core = settled();
    assert.equal(eyesGood(core), true);
    shake(core);
    core.run(1000);
    assert.equal(eyesGood(core), false);
  });
}

test("eyes: a pause of exactly the limit is none, and a doubt ends after 15 s", () => {
  const { loopGapMsMax, doubtMs } = defaultLimits;
  const core = settled();
  core.tick(loopGapMsMax);
  assert.equal(eyesGood(core), true);
  core.tick(loopGapMsMax + 1);
  assert.equal(eyesGood(core), false);
  core.run(doubtMs);
  assert.equal(eyesGood(core), false);
  core.run(250);
  assert.equal(eyesGood(core), true);
});

test("an evacuation that has begun asks only what a further move needs", () => {
  const core = settled();
  const names = gatesToContinue(core.state, core.hostState(host1)).map((result) => result.gate);
  assert.deepEqual(names, ["armed", "hold", "Nova answers", "scheduler", "destination"]);
});
