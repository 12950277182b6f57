import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import { emptyMemory } from "../../guardian/core/memory.ts";
import { remembered } from "../../guardian/core/remembered.ts";
import { monoMs } from "../../shared/time.ts";
import { wholeCloud } from "../../guardian/core/storm.ts";
import { render } from "../../guardian/core/words.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function evacuating(): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  return core.run(1000);
}

/** JSON drops what is undefined: equal is what is equal without it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test("memory makes the round trip through JSON", () => {
  const { memory } = evacuating().state;
  const parsed = parseMemory(JSON.parse(memoryText(memory)));
  assert.ok(parsed !== undefined);
  assert.equal(memoryText(parsed), memoryText(memory));
  assert.match(memoryText(memory), /"incidents":\{"compute-1":\{/, "a table is an object");
  assert.ok(memory.incidents.size > 0 && Object.keys(memory.devices).length > 0);
});

test("what is not ours is refused, what an older version did not know is empty", () => {
  for (const value of [undefined, null, 1, "x", [], {}, { version: 2 }]) {
    assert.equal(parseMemory(value), undefined, JSON.stringify(value));
  }
  assert.deepEqual(parseMemory({ version: 1 }), emptyMemory);
});

test("after a restart no proof stands, and instants are this process's", () => {
  const { memory } = evacuating().state;
  const now = monoMs(5);
  const phase = remembered(memory, now).incidents.get(host1)?.phase;
  assert.ok(phase?.kind === "evacuating");
  assert.equal(phase.proof, undefined);
  assert.deepEqual(phase.commands, {});
  assert.deepEqual([phase.since, phase.offSince, phase.lifeAt], [now, now, now]);
  const [move] = Object.values(phase.moves ?? {});
  assert.deepEqual(move?.state, { kind: "running", at: now, latestRecord: 0 });
});

test("a call that may not have been made is looked for, not made again at once", () => {
  const core = new CoreFixture().run(15_000);
  const server = core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  core.restart();
  core.run(20_000);
  assert.equal(core.done("evacuate").length, 1, "looked for during a minute");
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 2, "the call was never made: now it is");
  assert.equal(core.nova.servers.find((found) => found.server === server)?.host, "compute-8");
});

test("what was accepted before a crash is followed and never called again", () => {
  const core = evacuating();
  core.restart();
  core.run(120_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.equal(core.phase(host1, "evacuating").moves?.["id-vm-1"]?.state.kind, "running");
});

test("power is read afresh before the next move: off is ordered again", () => {
  const core = new CoreFixture().run(15_000);
  for (let index = 1; index <= 9; index += 1) core.nova.addServer(host1, `vm-${index}`);
  core.nova.moveMs = 40_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length < 8) core.run(250);
  core.run(2000);
  const before = core.done("power-off").length;
  core.restart();
  core.run(120_000);
  assert.ok(core.done("power-off").length > before);
  assert.equal(core.done("evacuate").length, 9);
  core.phase(host1, "ended");
});

test("a storm, an incident's number, fences and devices outlive the process", () => {
  const core = new CoreFixture({ mode: "observe" }).run(15_000);
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(10_000);
  const { memory } = core.state;
  core.restart();
  assert.ok(core.state.memory.storms[wholeCloud] !== undefined);
  assert.equal(core.state.memory.incidentCount, memory.incidentCount);
  assert.deepEqual(plain(core.state.memory.devices), plain(memory.devices));
  assert.deepEqual(plain(core.state.memory.known), plain(memory.known));
});

test("three starts in ten minutes: disarmed, and it stays so", () => {
  const core = new CoreFixture().run(15_000);
  core.restart([core.wall - 500_000, core.wall - 1000, core.wall]);
  core.run(1000);
  assert.match(render(core.state.memory.disarmed ?? ""), /started 3 times within ten minutes/);
  core.restart([core.wall]);
  assert.ok(core.state.memory.disarmed !== undefined);
  const old = new CoreFixture().run(15_000);
  old.restart([old.wall - 600_000, old.wall - 1000, old.wall]);
  assert.equal(old.state.memory.disarmed, undefined);
});
