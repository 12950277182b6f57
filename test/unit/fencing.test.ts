import assert from "node:assert/strict";
import { test } from "node:test";
import { fenceState } from "../../guardian/core/fencing.ts";
import { proofStands } from "../../guardian/core/proof.ts";
import type { OffCommand } from "../../guardian/core/memory.ts";
import type { PowerOffAnswer } from "../../guardian/ports.ts";
import { render } from "../../guardian/core/words.ts";
import { after, monoMs } from "../../shared/time.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

interface Case {
  /** Readings in ms after the command: positive ones in order. */
  readonly readings: readonly (readonly [number, "on" | "off" | "unknown"])[];
  readonly answer: PowerOffAnswer | undefined;
  readonly answeredAfterMs?: number;
  readonly wasOn: boolean;
  readonly lifeAfterMs?: number;
  readonly expect: "proven" | RegExp;
}

const done: PowerOffAnswer = { kind: "done" };
const alreadyOff: PowerOffAnswer = { kind: "already-off" };

const cases: Readonly<Record<string, Case>> = {
  "done is not off": {
    readings: [[500, "on"]],
    answer: done,
    wasOn: true,
    expect: /to read off \(power, bmc: on/,
  },
  "done and unknown is not off": {
    readings: [[500, "unknown"]],
    answer: done,
    wasOn: true,
    expect: /unknown \(no answer/,
  },
  "not answered yet": {
    readings: [
      [500, "off"],
      [1600, "off"],
    ],
    answer: undefined,
    wasOn: true,
    expect: /^bmc to answer$/,
  },
  refused: {
    readings: [
      [500, "off"],
      [1600, "off"],
    ],
    answer: { kind: "refused", reason: "node busy" },
    wasOn: false,
    expect: /refused to switch off: node busy/,
  },
  "no answer is not off, whatever it reads": {
    readings: [
      [500, "off"],
      [1600, "off"],
    ],
    answer: { kind: "no-answer", reason: "none within 5 s" },
    wasOn: false,
    expect: /did not answer the off command/,
  },
  "it was on: off once": {
    readings: [[500, "off"]],
    answer: done,
    wasOn: true,
    expect: /^a second reading of bmc$/,
  },
  "it was on: off twice, 999 ms apart": {
    readings: [
      [500, "off"],
      [1499, "off"],
    ],
    answer: done,
    wasOn: true,
    expect: /^a second reading of bmc$/,
  },
  "it was on: off twice, 1 s apart": {
    readings: [
      [500, "off"],
      [1500, "off"],
    ],
    answer: done,
    wasOn: true,
    expect: "proven",
  },
  "it was on: the reading before the answer does not count": {
    readings: [
      [200, "off"],
      [1500, "off"],
    ],
    answer: done,
    answeredAfterMs: 300,
    wasOn: true,
    expect: /^a second reading of bmc$/,
  },
  "it was off: one reading before and one after the answer": {
    readings: [
      [-1000, "off"],
      [500, "off"],
    ],
    answer: alreadyOff,
    wasOn: false,
    expect: "proven",
  },
  "it was off: none after the answer": {
    readings: [
      [-2000, "off"],
      [-1000, "off"],
    ],
    answer: alreadyOff,
    wasOn: false,
    expect: /^bmc to be read after its answer$/,
  },
  "an on between breaks the run": {
    readings: [
      [-2000, "off"],
      [-1000, "on"],
      [500, "off"],
    ],
    answer: done,
    wasOn: false,
    expect: /^a second reading of bmc$/,
  },
  "an unknown between breaks the run": {
    readings: [
      [500, "off"],
      [1000, "unknown"],
      [1600, "off"],
    ],
    answer: done,
    wasOn: true,
    expect: /^a second reading of bmc$/,
  },
  "readings before a sign of life do not count": {
    readings: [
      [500, "off"],
      [1500, "off"],
    ],
    answer: done,
    wasOn: true,
    lifeAfterMs: 1000,
    expect: /^a second reading of bmc$/,
  },
};

for (const [name, { readings, answer, wasOn, expect, ...times }] of Object.entries(cases)) {
  test(name, () => {
    const core = new CoreFixture().run(15_000);
    const commanded = core.now + 5000;
    const identity = { guid: core.factsOf(host1).guid, uuid: undefined, serial: undefined };
    for (const [afterMs, power] of readings) {
      const at = monoMs(commanded + afterMs);
      const reading = power === "unknown" ? { power, reason: "no answer" } : { power, identity };
      core.take({ kind: "power-read", at, askedAt: at, host: host1, device: "bmc", reading });
    }
    core.tick(7000);
    const command: OffCommand = {
      askedAt: monoMs(commanded),
      answer,
      answeredAt: answer && monoMs(commanded + (times.answeredAfterMs ?? 300)),
      wasOn,
    };
    const lifeAt =
      times.lifeAfterMs === undefined ? undefined : monoMs(commanded + times.lifeAfterMs);
    const fence = fenceState(core.state, core.hostState(host1), { bmc: command }, lifeAt);
    if (expect === "proven") {
      assert.equal(fence.kind, "proven");
      return;
    }
    assert.notEqual(fence.kind, "proven");
    assert.match(
      render(fence.kind === "waiting" ? fence.for : "reason" in fence ? fence.reason : ""),
      expect,
    );
  });
}

test("a proof is of one host and stands for 30 s from the last reading's question", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  core.hang(host1);
  core.run(40_000);
  const { proof } = core.phase(host1, "evacuating");
  assert.ok(proof !== undefined);
  assert.equal(proof.expiresAt - proof.obtainedAt, 30_000);
  assert.ok(proofStands(proof, host1, after(proof.obtainedAt, 29_999)));
  assert.ok(!proofStands(proof, host1, proof.expiresAt));
  assert.ok(!proofStands(proof, host2, core.now));
  assert.ok(!proofStands(undefined, host1, core.now));
});

test("a proof that cannot be renewed lapses after 30 s, and no further move starts", () => {
  const core = new CoreFixture({ mode: "act" }).run(15_000);
  for (let index = 1; index <= 20; index += 1) core.nova.addServer(host1, `vm-${index}`);
  core.nova.moveMs = 35_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length < 8) core.run(250);
  core.fact(host1, { power: "unknown" });
  core.run(60_000);
  assert.equal(core.phase(host1, "evacuating").proof, undefined);
  assert.equal(core.done("evacuate").length, 8);
  assert.ok(
    core
      .alerts()
      .some(({ kind, impact }) => kind === "proof-lost" && impact.startsWith("12 servers")),
  );
  core.fact(host1, { power: "off" });
  core.run(90_000);
  assert.ok(core.done("evacuate").length > 8, "a new proof lets the rest go");
});

test("every evacuate call carries a proof that stands, newer than any life", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.hang(host1);
  core.run(60_000);
  const [order] = core.done("evacuate");
  assert.ok(order !== undefined);
  assert.equal(order.proof.host, host1);
  assert.ok(order.proof.obtainedAt > (core.hostState(host1).lifeAt ?? 0));
});

for (const [name, life] of [
  ["a report", (core: CoreFixture) => core.fact(host1, { reports: true })],
  ["an echo", (core: CoreFixture) => core.fact(host1, { echo: ["storage"] })],
  ["power on", (core: CoreFixture) => core.fact(host1, { power: "on", turnsOff: false })],
  ["Nova's record", (core: CoreFixture) => core.fact(host1, { novaReports: true })],
] as const) {
  test(`a sign of life revokes the proof: ${name}`, () => {
    const core = new CoreFixture().run(15_000);
    for (let index = 1; index <= 9; index += 1) core.nova.addServer(host1, `vm-${index}`);
    core.nova.moveMs = 3_600_000;
    core.powerLoss(host1);
    while (core.done("evacuate").length < 8) core.run(250);
    life(core);
    const before = core.done("power-off").length;
    core.run(25_000);
    assert.equal(core.done("evacuate").length, 8);
    assert.ok(core.done("line").some(({ event }) => event === "proof-revoked"));
    const refenced = core.done("power-off").length > before;
    assert.equal(refenced, name === "power on", "only power that came on is switched off again");
  });
}

test("a chassis that turned off while another host fell silent: disarm, no move", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.hang(host1);
  while (core.done("power-off").length === 0) core.run(250);
  core.powerLoss(host2);
  core.run(20_000);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-1, compute-2 fell silent/);
  assert.equal(core.done("evacuate").length, 0);
});

test("once the device has answered the off command, it is read again at once", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  while (core.done("power-off").length === 0) core.run(250);
  const readings = (): number =>
    core.done("read-power").filter(({ host }) => host === host1).length;
  const before = readings();
  core.run(250);
  assert.ok(core.phase(host1, "fencing").commands["bmc"]?.answeredAt !== undefined);
  assert.equal(readings(), before + 1, "not only when a second has passed since the last reading");
});
