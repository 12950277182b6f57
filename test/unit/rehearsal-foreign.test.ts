/** A rehearsal whose device switches another host's chassis, while that host is evacuated. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const foreign = "77777777777777777777777777777701";

/** The device of the first host is cabled to the second host's chassis. */
function crossed(core: CoreFixture, ms: number): void {
  for (let passed = 0; passed < ms; passed += 250) {
    const before = core.effects.length;
    core.run(250);
    for (const effect of core.effects.slice(before)) {
      if (effect.kind === "power-off" && effect.host === host1) {
        core.powerLoss(host2);
        core.fact(host1, { power: "off" });
      }
      if (effect.kind === "power-on" && effect.host === host1) {
        core.powerOn(host2);
        core.fact(host1, { power: "on" });
      }
      if (effect.kind === "power-off" && effect.host === host2) core.fact(host1, { power: "off" });
    }
  }
}

test("a chassis that a rehearsal switched off is not switched on while its host is evacuated", () => {
  const core = new CoreFixture().run(15_000);
  core.guids.set(`${host1}/bmc`, foreign);
  core.fact(host1, { turnsOff: false, turnsOn: false });
  core.nova.addServer(host2, "vm-1");
  core.nova.moveMs = 60_000;
  core.takeOut(host1);
  core.run(310_000);
  const { now: at } = core;
  const said = { host: host1, level: 0, by: alice, reason: "whose is it" };
  core.take({ kind: "rehearsal-asked", at, wall: wallMs(core.wall), ...said });
  crossed(core, 90_000);
  const told = core.effects.flatMap((effect) => {
    if (["power-off", "power-on", "evacuate"].includes(effect.kind))
      return [`${effect.kind} ${"host" in effect ? String(effect.host) : ""}`];
    return [];
  });
  const called = told.indexOf(`evacuate ${host2}`);
  const on = called === -1 ? [] : told.slice(called).filter((line) => line.startsWith("power-on"));
  assert.deepEqual(on, [], told.join(", "));
  assert.equal(core.factsOf(host2).power, "on", "it was given back before anything was moved");
});

test("a rehearsal in doubt switches nothing on again once another host is fenced", () => {
  const core = new CoreFixture().run(15_000);
  core.guids.set(`${host1}/bmc`, foreign);
  core.fact(host1, { turnsOff: false, turnsOn: false });
  core.takeOut(host1);
  core.run(310_000);
  const said = { host: host1, level: 0, by: alice, reason: "whose is it" };
  core.take({ kind: "rehearsal-asked", at: core.now, wall: wallMs(core.wall), ...said });
  while (core.done("power-off").length === 0) core.run(250);
  // Nobody can read it any more: it may have been switched off, whoever's it is.
  core.fact(host1, { power: "unknown" });
  core.run(40_000);
  assert.equal(core.state.memory.rehearsals.get(host1)?.step.kind, "on");
  core.powerLoss(host2);
  core.run(20_000);
  assert.notEqual(core.state.memory.incidents.get(host2)?.phase.kind, "watching");
  const ordered = core.done("power-on").length;
  core.run(120_000);
  assert.equal(core.done("power-on").length, ordered);
  const ticket = core.alerts().findLast(({ kind }) => kind === "rehearsal");
  assert.match(
    ticket?.why.join() ?? "",
    /not switched on again, since it may be the chassis of compute-2/,
  );
});
