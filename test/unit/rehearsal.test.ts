/** A rehearsal: whom it refuses, what it shows, and that whatever it switches off goes on again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeGate } from "../../guardian/core/assessment.ts";
import { rehearsalProblem } from "../../guardian/core/rehearsal-gates.ts";
import { unverifiedBecause } from "../../guardian/core/verification.ts";
import { render } from "../../guardian/core/words.ts";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { failure, foreign, ready, rehearse } from "../support/rehearsal-fixture.ts";

function held(core: CoreFixture, host = host1, level = 0): string {
  return rehearsalProblem(core.state, host, level)
    .map((gate) => describeGate(gate))
    .join("; ");
}

test("off, silent alone, on, a new boot: the device is its own, by what it shows now", () => {
  const core = ready();
  assert.notEqual(unverifiedBecause(core.state, host1, "bmc"), undefined);
  assert.equal(held(core), "");
  rehearse(core);
  core.run(40_000);
  assert.equal(unverifiedBecause(core.state, host1, "bmc"), undefined);
  assert.equal(core.done("power-off").length, 1);
  assert.equal(core.done("power-off")[0]?.ifEmpty, true);
  assert.equal(core.done("power-on").length, 1);
  const standing = core.state.memory.devices[`${host1}/bmc`];
  assert.deepEqual([standing?.pinned?.guid, standing?.rehearsed?.by], [foreign, alice]);
  assert.equal(core.state.memory.rehearsals.size, 0);
  assert.equal(core.done("evacuate").length, 0);
});

test("a device that shows something else afterwards is not verified any more", () => {
  const core = ready();
  rehearse(core);
  core.run(40_000);
  core.guids.set(`${host1}/bmc`, "88888888888888888888888888888801");
  core.run(310_000);
  assert.notEqual(unverifiedBecause(core.state, host1, "bmc"), undefined);
});

const refusals: readonly (readonly [string, (core: CoreFixture) => void, RegExp])[] = [
  [
    "disarmed",
    (core) => {
      core.disarmedFile = true;
    },
    /^armed: disarmed: the file/,
  ],
  [
    "in maintenance, and enabled in Nova: servers may be sent to it",
    (core) => {
      Object.assign(core.nova.service(host1), { status: "enabled", reason: undefined });
      core.run(6000);
    },
    /^taken out: enabled in Nova, or not listed there, must be = disabled in Nova by a person; by us: in maintenance besides$/,
  ],
  [
    "disabled by us, who would enable it again, and not in maintenance",
    (core) => {
      const { now: at } = core;
      const words = { host: host1, by: alice, reason: "done" };
      core.take({ kind: "maintenance-cleared", at, wall: wallMs(core.wall), ...words });
      const reason = `guardian ${core.settings.guardianId} epoch 1 incident i1-compute-1 degraded`;
      Object.assign(core.nova.service(host1), { status: "disabled", reason });
      core.run(6000);
    },
    /^taken out: disabled in Nova by us, and not in maintenance, must be = disabled in/,
  ],
  [
    "servers by its own report",
    (core) => {
      const { checks } = core.factsOf(host1);
      core.fact(host1, { checks: { ...checks, serversTotal: 2 } });
    },
    /^servers it reports: 2, must be = 0$/,
  ],
  [
    "a device that does not answer",
    (core) => {
      core.fact(host1, { power: "unknown" });
      core.run(310_000);
    },
    /^power device bmc: no answer: no answer within 5 s, must be = on, and not another host's$/,
  ],
  [
    "a device that reads off",
    (core) => {
      core.powerLoss(host1);
      core.run(5000);
    },
    /power device bmc: off, must be/,
  ],
  [
    "a device that shows another host's UUID",
    (core) => {
      core.guids.set(`${host1}/bmc`, core.factsOf(host2).guid);
      core.run(310_000);
    },
    /^power device bmc: it shows GUID c0ffee01\S+, which is compute-2, must be/,
  ],
  [
    "another host that is silent",
    (core) => core.fact(host2, { reports: false }),
    /^other hosts in trouble: 1 in trouble \(compute-2\), must be = 0$/,
  ],
  [
    "no answer of Nova",
    (core) => {
      core.nova.answers = false;
      core.run(30_000);
    },
    /^Nova answers: \d+\.\d s ago, must be <= 15 s$/,
  ],
  [
    "a host that is not well",
    (core) => {
      const { checks } = core.factsOf(host1);
      core.fact(host1, { checks: { ...checks, libvirt: "down" } });
    },
    /verdict: degraded, must be = healthy/,
  ],
  ["eyes in doubt", (core) => void (core.collectorUp = false), /eyes, collectors: 0/],
];

for (const [what, change, gate] of refusals) {
  test(`refused: ${what}; and nothing is switched off when it is asked for all the same`, () => {
    const core = ready();
    change(core);
    core.run(6000);
    assert.match(held(core), gate);
    rehearse(core);
    core.run(40_000);
    assert.equal(core.done("power-off").length, 0);
  });
}

test("refused: a level that it does not have, and one that is under way", () => {
  const core = ready();
  assert.match(held(core, host1, 1), /power devices: none, must be = power devices in level 2/);
  rehearse(core);
  assert.equal(held(core), "rehearsal: under way, must be = no");
  core.takeOut(host2);
  assert.match(held(core, host2), /other hosts in trouble: 1 in trouble \(compute-1\)/);
});

test("a server that Nova lists, or that comes in the last moment, stops it", () => {
  const core = ready();
  core.nova.addServer(host1, "vm-1", { vmState: "stopped" });
  rehearse(core);
  core.run(5000);
  assert.match(failure(core), /^servers that Nova lists on it: 1, must be = 0$/);
  const later = ready();
  rehearse(later);
  while (later.done("power-off").length === 0) later.run(250);
  later.nova.addServer(host1, "vm-1");
  later.run(2000);
  assert.match(failure(later), /^bmc refused to switch off: servers on it: 1, must be = 0$/);
  assert.deepEqual([core.done("power-off").length, later.factsOf(host1).power], [0, "on"]);
  assert.equal(later.done("power-on").length, 0, "nothing was switched off");
});

test("a gate that closes while Nova is asked ends it; so does a Nova that gives no list", () => {
  const core = ready();
  rehearse(core);
  core.run(3000);
  core.fact(host2, { reports: false });
  core.run(10_000);
  assert.match(failure(core), /^other hosts in trouble: 1 in trouble/);
  const mute = ready();
  mute.nova.looksFail = "500";
  rehearse(mute);
  mute.run(62_000);
  assert.match(failure(mute), /did not list its servers twice, .* within 1 min 0 s/);
  assert.equal(core.done("power-off").length + mute.done("power-off").length, 0);
});

test("another host falls silent: on again, disarmed, and the device is nobody's", () => {
  const core = ready();
  core.fact(host1, { turnsOff: false });
  rehearse(core);
  core.run(12_000);
  // The chassis that goes off is the other one's.
  core.fact(host1, { power: "off" });
  core.powerLoss(host2);
  core.run(12_000);
  assert.equal(core.done("power-on")[0]?.host, host1);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
  assert.match(render(unverifiedBecause(core.state, host1, "bmc") ?? ""), /compute-2 fell silent/);
});

test("it reports on although it reads off: on again, and the device is not its own", () => {
  const core = ready();
  core.fact(host1, { turnsOff: false });
  rehearse(core);
  core.run(12_000);
  core.fact(host1, { power: "off" });
  core.run(12_000);
  assert.equal(core.done("power-on").length, 1);
  assert.equal(core.state.memory.disarmed, undefined);
  core.fact(host1, { power: "on" });
  core.run(5000);
  assert.equal(failure(core), "it read off while the host showed life");
});

test("it is told at once that nothing is shown, though the host may still come back", () => {
  const core = ready();
  core.fact(host1, { turnsOff: false, turnsOn: false });
  rehearse(core);
  while (core.done("power-off").length === 0) core.run(250);
  core.fact(host1, { reports: false, echo: [], power: "unknown" });
  core.run(40_000);
  assert.equal(core.state.memory.rehearsals.get(host1)?.step.kind, "on");
  const ticket = core.alerts().find(({ kind }) => kind === "rehearsal");
  assert.match(ticket?.why.join() ?? "", /does not read off 30.0 s after the order/);
});

test("the same boot comes back: nothing is shown", () => {
  const core = ready();
  const { bootId } = core.factsOf(host1);
  rehearse(core);
  core.run(25_000);
  core.fact(host1, { bootId });
  core.state = { ...core.state };
  const again = ready();
  const before = again.factsOf(host1).bootId;
  again.fact(host1, { turnsOn: false });
  rehearse(again);
  while (again.done("power-on").length === 0) again.run(250);
  again.powerOn(host1);
  again.fact(host1, { bootId: before });
  again.run(5000);
  assert.match(failure(again), /reports the same boot as before/);
  assert.notEqual(unverifiedBecause(again.state, host1, "bmc"), undefined);
});

test("a device that refuses on is ordered again, ten times, and no report for a quarter of an hour ends it", () => {
  const core = ready();
  core.fact(host1, { onAnswer: { kind: "refused", reason: "node busy" } });
  rehearse(core);
  core.run(60_000);
  assert.ok(core.done("power-on").length >= 2);
  assert.ok(core.done("line").some(({ text }) => /bmc was not switched on: node busy/.test(text)));
  core.run(900_000);
  assert.equal(core.done("power-on").length, 10);
  assert.match(failure(core), /no report of a new boot within 15 min/);
  assert.ok(core.alerts().some(({ kind }) => kind === "rehearsal"));
});

test("a restart before the order forgets it; after the order it is switched on, and shows nothing", () => {
  const core = ready();
  rehearse(core);
  core.run(3000);
  core.restart();
  core.run(30_000);
  assert.equal(failure(core), "the guardian was started anew in the middle of it");
  assert.equal(core.done("power-off").length, 0);
  const later = ready();
  rehearse(later);
  while (later.done("power-off").length === 0) later.run(250);
  later.run(1000);
  later.restart();
  later.run(30_000);
  assert.equal(later.factsOf(host1).power, "on");
  assert.equal(failure(later), "the guardian was started anew in the middle of it");
  assert.notEqual(unverifiedBecause(later.state, host1, "bmc"), undefined);
});

test("while it is under way it is not fenced, and nobody is paged for its silence", () => {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { turnsOn: false });
  core.takeOut(host1);
  core.run(6000);
  rehearse(core);
  core.run(20_000);
  Object.assign(core.nova.service(host1), { status: "enabled", reason: undefined });
  const words = { host: host1, by: alice, reason: "done" };
  core.take({ kind: "maintenance-cleared", at: core.now, wall: wallMs(core.wall), ...words });
  core.run(200_000);
  assert.equal(core.done("power-off").length, 1, "the rehearsal's own");
  assert.deepEqual(
    core.alerts().filter(({ class: kind, host }) => kind === "page" && host === host1),
    [],
  );
  assert.ok(
    core.done("line").some(({ text }) => text === "held by rehearsal: under way, must be = no"),
  );
});
