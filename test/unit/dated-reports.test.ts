/** What reports say, by when they came: nothing old is new. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { voters } from "../../guardian/core/freshness.ts";
import { collectorId } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("a boot that ended does not come back by what a dead collector's store shows late", () => {
  const collector = collectorId("c2");
  const core = new CoreFixture({ collectors: [collectorId("c1"), collector] }).run(15_000);
  const last = core.row(host1, { arrivalMs: monoMs(core.collectorNow() + 100) });
  const died = { ...core.watermark(), monoMs: last.arrivalMs };
  core.collectorUp = false;
  core.run(10_000);
  const first = { ...core.watermark(), collector, epoch: 5 };
  core.telemetry([], [first]);
  core.run(1000);
  const watermark = { ...core.watermark(), collector, epoch: 5 };
  const newBoot = core.row(host1, { collector, collectorEpoch: 5, bootId: "boot-2" });
  core.telemetry([newBoot], [watermark]);
  assert.equal(core.hostState(host1).newest?.bootId, "boot-2");
  const [at, watermarks, liveness] = [core.now, [died], [last]];
  core.take({ kind: "telemetry", at, source: "store", watermarks, liveness });
  assert.equal(core.hostState(host1).newest?.bootId, "boot-2");
  assert.equal(core.state.memory.known[host1]?.bootId, "boot-2");
});

test("a boot that ended does not come back by a path that it never reported on again", () => {
  const core = new CoreFixture().run(15_000);
  const path: NetworkName = "storage";
  core.telemetry([core.row(host1, { path, arrivalMs: monoMs(core.collectorNow() - 100) })]);
  core.fact(host1, { bootId: "boot-2" });
  core.run(5000);
  core.fact(host1, { reports: false });
  const [newest] = [core.hostState(host1).newest];
  assert.ok(newest !== undefined);
  const old = { ...newest, path, bootId: "boot-1", arrivalMs: monoMs(newest.arrivalMs - 5000) };
  core.telemetry([newest, old], [core.watermark()]);
  assert.equal(core.state.memory.known[host1]?.bootId, "boot-2");
  core.restart();
  core.telemetry([newest, old], [core.watermark()]);
  core.run(1000);
  core.telemetry([newest, old], [core.watermark()]);
  assert.equal(core.state.memory.known[host1]?.bootId, "boot-2");
});

test("a watermark that stands still since we began has no vote, and its reports are of any time", () => {
  const [c1, c2] = [collectorId("c1"), collectorId("c2")];
  const core = new CoreFixture({ collectors: [c1, c2] }).run(15_000);
  core.fact(host1, { bootId: "boot-2" });
  core.run(5000);
  core.fact(host1, { reports: false });
  core.run(40_000);
  assert.equal(core.assessment(host1).signals.reports, "silent");
  // It died long before, and what it left says that the host had just reported.
  const left = { ...core.watermark(), collector: c2, epoch: 5 };
  const row = core.row(host1, { collector: c2, collectorEpoch: 5, bootId: "boot-1" });
  core.collectorUp = false;
  core.restart();
  core.telemetry([row], [left]);
  core.tick(250);
  assert.deepEqual(voters(core.state), []);
  assert.equal(core.hostState(host1).freshSince, undefined);
  assert.equal(core.hostState(host1).lifeAt, undefined);
  core.collectorUp = true;
  core.run(6000);
  assert.deepEqual(
    voters(core.state).map(({ id }) => id),
    [c1],
  );
  assert.equal(core.assessment(host1).signals.reports, "silent");
  assert.equal(core.hostState(host1).newest?.bootId, "boot-2");
  assert.equal(core.state.memory.known[host1]?.bootId, "boot-2");
});

test("what came before its collector was seen to move gets its time once it moves", () => {
  const core = new CoreFixture();
  const arrivalMs = monoMs(core.collectorNow() - 30_000);
  const row = core.row(host1, { arrivalMs });
  core.telemetry([row]);
  assert.equal(core.hostState(host1).lifeAt, undefined);
  core.tick(1000);
  core.telemetry([]);
  assert.equal(core.hostState(host1).lifeAt, core.now - 31_000);
  assert.equal(core.hostState(host1).newest, row);
});

for (const source of ["store", "live"] as const) {
  test(`what a collector dates that stood still came when it was last seen to run (${source})`, () => {
    const core = new CoreFixture().run(15_000);
    const { seenAt = 0 } = core.state.collectors.get(collectorId("c1")) ?? {};
    core.collectorUp = false;
    core.tick(6000);
    const arrivalMs = monoMs(core.collectorNow() - 100);
    const [at, watermarks] = [core.now, [core.watermark()]];
    const liveness = [core.row(host1, { arrivalMs })];
    core.take({ kind: "telemetry", at, source, watermarks, liveness });
    const { lifeAt, livedAt, heardAt } = core.hostState(host1);
    assert.equal(
      lifeAt,
      core.now - 100,
      "it might be life of now: it voids what rests on its being off",
    );
    assert.ok(
      (livedAt ?? 0) <= seenAt && (heardAt ?? 0) <= seenAt,
      `${livedAt} ${heardAt} ${seenAt}`,
    );
  });
}
