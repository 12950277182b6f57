import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import { armingOf } from "../../guardian/core/arming.ts";
import { disarm } from "../../guardian/core/disarm.ts";
import { render, words } from "../../guardian/core/words.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

function arm(core: CoreFixture, armed: boolean): void {
  const { now: at, wall } = core.state;
  core.take({ kind: "arming", at, wall, armed, by: alice, reason: "a test" });
}

function lines(core: CoreFixture): readonly string[] {
  return core
    .done("line")
    .filter((line) => line.host === undefined && /armed|disarm/.test(line.text))
    .map((line) => line.text);
}

/** Two of four servers are moving. */
function moving(): CoreFixture {
  const limits = { ...new CoreFixture().settings.limits, movesAtOnce: 2 };
  const core = new CoreFixture({ limits }).run(15_000);
  for (let index = 1; index <= 4; index += 1) core.nova.addServer(host1, `vm-${index}`);
  core.nova.moveMs = 20_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length < 2) core.run(250);
  return core;
}
const byAlice = words("arming.by", { by: alice, reason: "a test" });

test("nothing under way: disarmed at once, and armed again", () => {
  const core = new CoreFixture().run(15_000);
  assert.deepEqual(armingOf(core.state), { kind: "armed" });
  arm(core, false);
  assert.deepEqual(armingOf(core.state), { kind: "disarmed", why: byAlice });
  arm(core, true);
  assert.deepEqual(armingOf(core.state), { kind: "armed" });
});

test("disarming follows what Nova has accepted, begins nothing, and ends disarmed", () => {
  const core = moving();
  arm(core, false);
  core.run(1000);
  assert.deepEqual(armingOf(core.state), {
    kind: "disarming",
    why: byAlice,
    waitsFor: [host1],
  });
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 2, "no further move");
  const states = Object.values(core.phase(host1, "evacuating").moves ?? {}).map(
    (move) => move.state.kind,
  );
  assert.deepEqual(states.sort(), ["finished", "finished", "planned", "planned"]);
  assert.equal(armingOf(core.state).kind, "disarmed");
  assert.deepEqual(lines(core).slice(1), [
    `disarming (${alice}: a test): nothing new is begun; under way on ${host1}, followed to its end`,
    "disarmed: nothing is under way any more",
  ]);
  arm(core, true);
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 4);
});

test("the file disarms at the next tick, and arms when it goes; both are said", () => {
  const core = new CoreFixture().run(15_000);
  core.disarmedFile = true;
  core.tick(250);
  assert.equal(armingOf(core.state).kind, "disarmed");
  core.disarmedFile = false;
  core.tick(250);
  assert.equal(armingOf(core.state).kind, "armed");
  assert.deepEqual(lines(core), [
    "disarmed: the file `disarmed` exists",
    "armed: the file `disarmed` is gone",
  ]);
});

test("the file holds although a person arms", () => {
  const core = new CoreFixture().run(15_000);
  core.disarmedFile = true;
  core.tick(250);
  arm(core, true);
  core.tick(250);
  assert.deepEqual(armingOf(core.state), {
    kind: "disarmed",
    why: words("arming.file"),
  });
});

test("disarming outlives a restart, and ends after it", () => {
  const core = moving();
  arm(core, false);
  core.run(1000);
  core.restart();
  core.run(1000);
  assert.equal(armingOf(core.state).kind, "disarming");
  core.run(60_000);
  assert.equal(armingOf(core.state).kind, "disarmed");
  assert.equal(core.done("evacuate").length, 2);
});

test("an off command that waits for its answer is under way", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  while (core.done("power-off").length === 0) core.run(250);
  arm(core, false);
  assert.equal(armingOf(core.state).kind, "disarming");
  core.run(5000);
  assert.equal(armingOf(core.state).kind, "disarmed");
  assert.equal(core.done("evacuate").length, 0);
});

/** Answers to off orders do not come back while it is deaf. */
class DeafFixture extends CoreFixture {
  deaf = false;
  override take(event: GuardianEvent): readonly Effect[] {
    return this.deaf && event.kind === "power-off-answered" ? [] : super.take(event);
  }
}

test("an off order without an answer is waited for, while moves are followed, too", () => {
  const core = new DeafFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.powerLoss(host1);
  while (core.done("force-down").length === 0) core.run(250);
  core.deaf = true;
  core.fact(host1, { power: "on", turnsOff: false });
  const before = core.done("power-off").length;
  while (core.done("power-off").length === before) core.run(250);
  arm(core, false);
  core.run(1000);
  assert.deepEqual(armingOf(core.state), { kind: "disarming", why: byAlice, waitsFor: [host1] });
});

test("disarmed twice, by a person and by itself, it is told of both, whichever came first", () => {
  const core = new CoreFixture().run(15_000);
  const others = words("arming.chassis", { host: host1, other: "compute-2" });
  arm(core, false);
  core.state = disarm(core.state, [], others);
  const page = (): string => render(core.state.memory.disarmed ?? "");
  assert.match(page(), /a test.*compute-2/);
  core.state = disarm(core.state, [], others);
  assert.equal(page().match(/fell silent/g)?.length, 1);
  arm(core, true);
  core.state = disarm(core.state, [], others);
  arm(core, false);
  assert.match(page(), /compute-2.*a test/);
});
