/** The way home of a fenced host, and a guardian that is started again on it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "../../guardian/core/words.ts";
import type { ServerId } from "../../shared/names.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

function fenced(): { readonly core: CoreFixture; readonly servers: readonly ServerId[] } {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  const servers = [core.nova.addServer(host1, "vm-1"), core.nova.addServer(host1, "vm-2")];
  core.fact(host1, { turnsOn: false });
  core.powerLoss(host1);
  return { core, servers };
}

function runUntil(core: CoreFixture, is: () => boolean): void {
  for (let round = 0; round < 400 && !is(); round += 1) core.run(250);
  assert.ok(is(), "a hundred seconds");
}

function isEnded(core: CoreFixture): boolean {
  return core.state.memory.incidents.get(host1)?.phase.kind === "ended";
}

function step(core: CoreFixture): string {
  return core.phase(host1, "ended").home?.step.kind ?? "none";
}

test("switched on before the restart: its boot is awaited all the same, and it comes home", () => {
  const { core, servers } = fenced();
  runUntil(core, () => isEnded(core));
  runUntil(core, () => step(core) === "on" && core.done("power-on").length > 0);
  core.restart();
  core.powerOn(host1);
  runUntil(core, () => step(core) === "cleaning");
  for (const server of servers) core.nova.changeRecord(server, "completed");
  core.run(60_000);
  assert.equal(core.state.memory.incidents.get(host1), undefined, "home");
});

for (const way of ["cleared by people", "in maintenance"] as const) {
  test(`to be switched off again before the restart, and ${way} since: it keeps its power`, () => {
    const { core } = fenced();
    runUntil(core, () => isEnded(core));
    runUntil(core, () => step(core) === "on");
    // No device obeys, so that the order is due again after the restart.
    core.fact(host1, {
      checks: { ...core.factsOf(host1).checks, serversRunning: 1 },
      turnsOff: false,
    });
    core.powerOn(host1);
    runUntil(core, () => step(core) === "off");
    const offs = core.done("power-off").length;
    core.restart();
    if (way === "in maintenance") core.maintain(host1, undefined);
    else core.fact(host1, { checks: { ...core.factsOf(host1).checks, serversRunning: 0 } });
    core.run(60_000);
    assert.equal(core.done("power-off").length, offs);
    assert.notEqual(step(core), "off");
  });
}

test("off by the word of people before the restart: it stays in their hands", () => {
  const core = new CoreFixture({ comeHome: "power-on" }).run(15_000);
  for (const name of ["vm-1", "vm-2"]) core.nova.addServer(host1, name);
  core.loseWithBmc(host1);
  core.confirm(host1, 1000);
  runUntil(core, () => core.done("evacuate").length === 2);
  core.restart();
  core.fact(host1, { power: "off", offAnswer: { kind: "already-off" } });
  runUntil(core, () => isEnded(core));
  const home = core.phase(host1, "ended").home?.step;
  assert.ok(home?.kind === "stopped", home?.kind);
  assert.match(render(home.reason), /word|said|confirm/);
  core.run(60_000);
  assert.equal(core.done("power-on").length, 0);
});

test("called off before its first move, and switched on by people while we were down: it is taken up again", () => {
  const { core } = fenced();
  core.nova.looksFail = "Nova answers 503";
  runUntil(core, () => {
    const phase = core.state.memory.incidents.get(host1)?.phase;
    return phase?.kind === "evacuating" && phase.disabled.kind === "done";
  });
  const { now: at, wall } = core.state;
  core.take({ kind: "undo-asked", at, wall, host: host1, by: alice, reason: "a false alarm" });
  core.nova.looksFail = undefined;
  core.restart();
  core.powerOn(host1);
  const checks = { ...core.factsOf(host1).checks, serversTotal: 2, serversRunning: 2 };
  core.fact(host1, { checks });
  core.run(120_000);
  assert.equal(core.done("evacuate").length, 0);
  const { status, forcedDown } = core.nova.service(host1);
  assert.deepEqual([status, forcedDown], ["enabled", false]);
});
