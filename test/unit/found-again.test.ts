/** A check has failed for as long as it was found failing: what is told again was not found again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { collectorId } from "../../shared/names.ts";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

const fenced: Partial<Settings> = {
  rows: new Map([["4", "fence"]] as const),
  limits: { ...defaultLimits, disableDegradedAfterMs: 60_000 },
};

for (const everyMs of [120_000, 40_000]) {
  test(`one write that failed, told again for ${everyMs / 1000} s, is one finding: nothing is fenced by it`, () => {
    const core = new CoreFixture(fenced, 24).run(15_000);
    core.nova.addServer(host1, "vm-1");
    const { checks: well } = core.factsOf(host1);
    const checks = { ...well, serversTotal: 1, serversRunning: 1 };
    for (let ms = 0; ms < 240_000; ms += 1000) {
      const directory = ms < everyMs ? "full" : "ok";
      core.fact(host1, { checks: { ...checks, directory, directoryAgeMs: ms % everyMs } });
      core.run(1000);
      assert.notEqual(core.assessment(host1).row, "4", `${ms} ms`);
    }
    assert.deepEqual(core.done("power-off"), []);
  });
}

for (const everyMs of [10_000, 40_000]) {
  test(`one that is found again and again, every ${everyMs / 1000} s, is said once and for all`, () => {
    const core = new CoreFixture({ ...fenced, mode: "observe" }, 24).run(15_000);
    core.nova.addServer(host1, "vm-1");
    const { checks: well } = core.factsOf(host1);
    const checks = { ...well, directory: "full", serversTotal: 1, serversRunning: 1 } as const;
    const rows: string[] = [];
    for (let ms = 0; ms < 240_000; ms += 250) {
      // Reports of one finding come a little sooner or later.
      const jitterMs = (ms * 7) % 40;
      core.fact(host1, { checks: { ...checks, directoryAgeMs: (ms % everyMs) + jitterMs } });
      core.run(250);
      const { row } = core.assessment(host1);
      if (rows.at(-1) !== row) rows.push(row);
    }
    assert.deepEqual(rows, ["8", "7", "4"]);
  });
}

test("a report that waited in a stalled collector for a minute makes no finding last so long", () => {
  const [c1, c2] = [collectorId("c1"), collectorId("c2")];
  const core = new CoreFixture({ ...fenced, collectors: [c1, c2] }, 24);
  const second = (rows: readonly LivenessRow[] = []): void => {
    const liveness = rows.map((row) => ({ ...row, collector: c2 }));
    core.telemetry(liveness, [{ ...core.watermark(), collector: c2 }]);
  };
  const runBoth = (ms: number): void => {
    for (let at = 0; at < ms; at += 1000) {
      core.run(1000);
      second([...core.rows.values()]);
    }
  };
  runBoth(15_000);
  core.nova.addServer(host1, "vm-1");
  const { checks: well } = core.factsOf(host1);
  const checks = { ...well, directory: "full", serversTotal: 1, serversRunning: 1 } as const;
  core.fact(host1, { checks: { ...checks, directoryAgeMs: 0 } });
  runBoth(5000);
  const waited = core.row(host1);
  for (let ms = 5000; ms < 75_000; ms += 1000) {
    core.fact(host1, { checks: { ...checks, directoryAgeMs: ms } });
    core.run(1000);
  }
  // The second one wakes: the first of what waited in its socket arrives now.
  second([{ ...waited, arrivalMs: core.collectorNow() }]);
  for (let ms = 0; ms < 1000; ms += 250) {
    core.tick(250);
    assert.equal(core.assessment(host1).row, "7");
  }
  assert.deepEqual(core.done("power-off"), []);
});

test("over a restart, what a probe finds once in two minutes is not told to be over before it is said again", () => {
  const core = new CoreFixture({ ...fenced, mode: "observe" }, 24).run(15_000);
  const { checks: well } = core.factsOf(host1);
  const play = (ms: number): void => {
    for (let at = 0; at < ms; at += 1000) {
      const directoryAgeMs = core.wall % 120_000;
      core.fact(host1, { checks: { ...well, directory: "read-only", directoryAgeMs } });
      core.run(1000);
    }
  };
  play(300_000);
  const before = core.alerts().filter(({ kind }) => kind === "degraded");
  assert.deepEqual(
    before.map(({ status }) => status),
    ["firing"],
  );
  core.restart();
  play(400_000);
  assert.equal(core.assessment(host1).row, "4");
  const after = core
    .alerts()
    .filter(({ kind, status }) => kind === "degraded" && status === "resolved");
  assert.deepEqual(after, []);
});

for (const checkDownMs of [60_000, 5000]) {
  test(`a failing check is said after ${checkDownMs / 1000} s, whatever else was said before`, () => {
    const limits = { ...defaultLimits, checkDownMs };
    const core = new CoreFixture({ ...fenced, limits, mode: "observe" }, 24).run(15_000);
    const { checks } = core.factsOf(host1);
    core.fact(host1, { checks: { ...checks, libvirt: "down" } });
    core.run(checkDownMs + 30_000);
    assert.equal(core.assessment(host1).row, "6");
    core.fact(host1, { checks: { ...checks, libvirt: "down", storage: "down" } });
    core.run(checkDownMs - 500);
    assert.equal(core.assessment(host1).row, "6");
    core.run(2500);
    assert.equal(core.assessment(host1).row, "4");
  });
}
