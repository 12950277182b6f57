/** What another life of the guardian does about work that the one before began, and people went on with. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { monoMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

/** One server of two is moved, the other one waits for its next try; nothing is under way. */
function halfEvacuated(settings: Partial<Settings> = {}): CoreFixture {
  const limits = { ...defaultLimits, movesAtOnce: 1, movesAtFirst: 1 };
  const core = new CoreFixture({ limits, ...settings }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2");
  core.powerLoss(host1);
  const moves = () => Object.values(core.phase(host1, "evacuating").moves ?? {});
  for (let round = 0; round < 200 && core.done("evacuate").length === 0; round += 1) core.run(250);
  // Nova takes no further one while this one ends.
  core.nova.schedulersUp = 0;
  for (let round = 0; round < 80; round += 1) {
    if (moves().some(({ state }) => state.kind === "finished")) break;
    core.run(250);
  }
  const kinds = moves().map(({ state }) => state.kind);
  assert.deepEqual(kinds.sort(), ["finished", "planned"]);
  return core;
}

for (const way of ["maintenance", "observe", "back in use"] as const) {
  test(`a host whose moves wait, and that people have taken up, keeps its power (${way})`, () => {
    const core = halfEvacuated();
    const offs = core.done("power-off").length;
    if (way === "maintenance") core.maintain(host1, undefined);
    if (way === "observe") Object.assign(core.settings, { mode: "observe" });
    core.restart();
    core.powerOn(host1);
    core.nova.schedulersUp = 1;
    core.run(60_000);
    assert.equal(core.done("power-off").length, offs);
    assert.equal(core.done("evacuate").length, 1);
  });
}

test("a host that answers pings when the guardian starts again is not ordered off", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  const phase = (): string | undefined => core.state.memory.incidents.get(host1)?.phase.kind;
  for (let round = 0; round < 200 && phase() !== "evacuating"; round += 1) core.run(250);
  const offs = core.done("power-off").length;
  core.restart();
  // Its kernel is up, its probe is not yet.
  core.fact(host1, { echo: ["management", "storage"], power: "on" });
  core.run(30_000);
  assert.equal(core.done("power-off").length, offs);
});

test("a dead host whose moves wait is ordered off anew, and they go on", () => {
  const core = halfEvacuated();
  core.restart();
  core.nova.schedulersUp = 1;
  core.run(90_000);
  assert.equal(core.done("evacuate").length, 2);
});

for (const notice of ["powering-off", "rebooting"] as const) {
  test(`${notice}, announced before both the collector and the guardian began anew, still counts`, () => {
    const core = new CoreFixture().run(15_000);
    core.fact(host1, { checks: { ...core.factsOf(host1).checks, notice } });
    core.run(1000);
    core.powerLoss(host1);
    core.run(2000);
    core.collectorEpoch += 1;
    core.restart();
    core.run(300_000);
    assert.equal(core.assessment(host1).row, notice === "rebooting" ? "9" : "9b");
    assert.deepEqual(core.done("power-off"), []);
  });
}

test("an approval is of the boot that it was said of, also once its fencing has begun", () => {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { offAnswer: { kind: "no-answer", reason: "no answer within 5 s" } });
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  const { now: at, wall } = core.state;
  const incident = core.state.memory.incidents.get(host1)?.id ?? "";
  const said = { answer: "approved", by: alice, reason: "it hangs" } as const;
  core.take({ kind: "incident-answered", at, wall, host: host1, incident, ...said });
  core.run(2000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "fencing");
  const offs = core.done("power-off").length;
  // People reboot it while the guardian is down; it works, and then its probe stops.
  core.powerOn(host1);
  core.fact(host1, { reports: false, novaReports: false, offAnswer: { kind: "done" } });
  const arrivalMs = monoMs(core.collectorNow() - 20_000);
  core.rows.set(host1, core.row(host1, { arrivalMs }));
  core.restart();
  core.run(200_000);
  assert.equal(core.done("power-off").length, offs);
});

test("a call that Nova may still hold is not made again before Nova takes a write, and a minute more", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  for (let round = 0; round < 200 && core.done("evacuate").length === 0; round += 1) core.run(250);
  // It died with the call: Nova never answered, and shows nothing of it.
  core.nova.records = [];
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "no writes" };
  core.restart();
  core.run(150_000);
  assert.equal(core.done("evacuate").length, 1);
  core.nova.forceDownAnswer = { kind: "accepted", requestId: "req-9" };
  core.run(50_000);
  assert.equal(core.done("evacuate").length, 1, "it may have waited for just that");
  core.run(40_000);
  assert.equal(core.done("evacuate").length, 2);
});

test("a page of a dead host is not called over by a guardian that sees nothing yet", () => {
  for (const blind of ["collector", "Nova"] as const) {
    const core = new CoreFixture({ mode: "observe" }).run(15_000);
    core.powerLoss(host1);
    core.run(60_000);
    const firing = () =>
      core.alerts().findLast(({ host, class: cls }) => host === host1 && cls === "page");
    assert.equal(firing()?.status, "firing", blind);
    if (blind === "collector") core.collectorUp = false;
    else core.nova.answers = false;
    core.restart();
    core.run(100_000);
    assert.equal(firing()?.status, "firing", blind);
  }
});

test("while nobody hears any host, the others have not failed to answer", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.hang(host1);
  for (let round = 0; round < 200 && core.done("power-off").length === 0; round += 1) core.run(250);
  for (let round = 0; round < 20; round += 1) {
    if (core.state.memory.incidents.get(host1)?.phase.kind === "evacuating") break;
    core.run(250);
  }
  core.collectorUp = false;
  core.restart();
  core.run(15_000);
  assert.equal(core.state.memory.disarmed, undefined);
  core.collectorUp = true;
  core.run(30_000);
  assert.equal(core.state.memory.disarmed, undefined);
  assert.equal(core.done("evacuate").length, 1);
});
