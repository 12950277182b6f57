import assert from "node:assert/strict";
import { test } from "node:test";
import { hostAge, countFreshPaths, missingPaths, voters } from "../../guardian/core/freshness.ts";
import { collectorId } from "../../shared/names.ts";
import { monoMs } from "../../shared/time.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function age(core: CoreFixture): { readonly ageMs: number; readonly silentMs: number } {
  return hostAge(core.state, core.hostState(host1), voters(core.state));
}

test("age = watermark − arrival on the collector's clock + our time since we saw the watermark", () => {
  const core = new CoreFixture();
  core.telemetry([]);
  core.tick(1000);
  const arrivalMs = monoMs(core.collectorNow() - 500);
  core.telemetry([core.row(host1, { arrivalMs })]);
  assert.deepEqual(age(core), { ageMs: 500, silentMs: 500 });
  core.tick(700);
  // Of our own time since the watermark nobody vouches for silence.
  assert.deepEqual(age(core), { ageMs: 1200, silentMs: 500 });
});

test("a row newer than its watermark has age 0", () => {
  const core = new CoreFixture();
  core.telemetry([]);
  core.tick(1000);
  core.telemetry([core.row(host1, { arrivalMs: monoMs(core.collectorNow() + 400) })]);
  assert.equal(age(core).ageMs, 0);
});

test("the host's wall clock does not matter", () => {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { reports: false });
  core.rows.set(host1, core.row(host1, { sentWallMs: core.wall + 3_600_000 }));
  core.run(10_000);
  assert.equal(core.assessment(host1).signals.reports, "silent");
});

test("suspect after 3 s, silent after 5 s of silence that a watermark vouches for", () => {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { reports: false });
  const last = core.rows.get(host1)?.arrivalMs ?? 0;
  const seen = new Map<string, number>();
  for (let beat = 0; beat < 40; beat += 1) {
    core.run(250);
    const { reports } = core.assessment(host1).signals;
    if (!seen.has(reports)) seen.set(reports, core.collectorNow() - last);
  }
  assert.deepEqual(
    [...seen],
    [
      ["fresh", 250],
      ["overdue", 3000],
      ["silent", 5000],
    ],
  );
});

test("our own waiting makes a suspect, never a silent host", () => {
  const core = new CoreFixture().run(15_000);
  // The collector's watermark stands still from now on, but keeps its vote for 3 s.
  core.collectorUp = false;
  core.run(3000);
  assert.equal(core.assessment(host1).signals.reports, "overdue");
  for (let beat = 0; beat < 240; beat += 1) {
    core.run(250);
    assert.notEqual(core.assessment(host1).signals.reports, "silent");
  }
  assert.equal(core.assessment(host1).signals.reports, "unseen");
});

test("a collector's vote ends 3 s after its watermark advanced last", () => {
  const core = new CoreFixture().run(15_000);
  core.collectorUp = false;
  core.tick(3000);
  assert.equal(voters(core.state).length, 1);
  core.tick(1);
  assert.equal(voters(core.state).length, 0);
});

test("a watermark that is sent again unchanged keeps no vote", () => {
  const core = new CoreFixture().run(15_000);
  const same = core.watermark();
  core.collectorUp = false;
  core.telemetry([], [same]);
  core.tick(3001);
  core.telemetry([], [same]);
  core.tick(0);
  assert.equal(voters(core.state).length, 0);
});

test("a host is silent only if every collector with a vote says so", () => {
  const collectors = [collectorId("c1"), collectorId("c2")];
  const core = new CoreFixture({ collectors }).run(15_000);
  core.fact(host1, { reports: false });
  for (let second = 0; second < 10; second += 1) {
    core.run(1000);
    const collector = collectorId("c2");
    const heard = core.row(host1, { collector, collectorEpoch: 5 });
    core.telemetry([heard], [{ ...core.watermark(), collector, epoch: 5 }]);
  }
  core.tick(0);
  assert.equal(core.assessment(host1).signals.reports, "fresh");
  // The second collector is gone: the first one's word is enough.
  core.run(4000);
  assert.equal(core.assessment(host1).signals.reports, "silent");
});

test("a collector that the configuration does not name vouches for nothing", () => {
  const core = new CoreFixture().run(15_000);
  core.collectorUp = false;
  for (let second = 0; second < 5; second += 1) {
    core.run(1000);
    const collector = collectorId("stranger");
    core.telemetry([core.row(host1, { collector })], [{ ...core.watermark(), collector }]);
  }
  core.tick(0);
  assert.equal(core.state.collectors.size, 1);
  assert.equal(core.assessment(host1).signals.reports, "unseen");
});

test("a new epoch vouches only for what it has watched", () => {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { reports: false });
  core.rows.clear();
  core.collectorEpoch = 2;
  core.run(1000);
  assert.equal(age(core).silentMs, 0);
  core.run(4000);
  assert.equal(core.assessment(host1).signals.reports, "overdue");
  core.run(1000);
  assert.deepEqual(age(core), { ageMs: Number.POSITIVE_INFINITY, silentMs: 5000 });
  assert.equal(core.assessment(host1).signals.reports, "silent");
});

test("rows and watermarks of an old epoch are not heard", () => {
  const core = new CoreFixture().run(15_000);
  core.collectorEpoch = 2;
  core.run(2000);
  const before = core.state.collectors;
  core.telemetry([], [{ ...core.watermark(), epoch: 1, monoMs: monoMs(9e9) }]);
  assert.deepEqual(core.state.collectors, before);
  const { lifeAt } = core.hostState(host1);
  core.telemetry([core.row(host1, { collectorEpoch: 1 })]);
  assert.equal(core.hostState(host1).lifeAt, lifeAt);
});

test("an older row never takes a newer one's place", () => {
  const core = new CoreFixture().run(15_000);
  const { lifeAt } = core.hostState(host1);
  core.telemetry([core.row(host1, { arrivalMs: monoMs(core.collectorNow() - 9000) })]);
  assert.equal(core.hostState(host1).lifeAt, lifeAt);
});

test("a path counts as missing only where other hosts are heard", () => {
  const core = new CoreFixture().run(15_000);
  const old = monoMs(core.collectorNow() - 10_000);
  const fresh = core.row(host2, { path: "storage" });
  const missing = (): readonly string[] => {
    const voting = voters(core.state);
    const byPath = countFreshPaths(core.state, voting);
    return missingPaths(core.state, core.hostState(host1), voting, byPath);
  };
  core.telemetry([core.row(host1, { path: "storage", arrivalMs: old })]);
  assert.deepEqual(missing(), []);
  core.telemetry([fresh]);
  assert.deepEqual(missing(), ["storage"]);
});

test("a store that shows its newest rows after a stall shows them as old as its watermark is behind", () => {
  const core = new CoreFixture().run(15_000);
  core.hang(host1);
  core.collectorUp = false;
  const died = { ...core.watermark(), monoMs: monoMs(core.collectorNow() + 8000) };
  core.run(20_000);
  // It ends where the collector died, twelve seconds ago; only the store shows it.
  const rows = [...core.rows.values()].map((row) => ({ ...row, arrivalMs: died.monoMs }));
  const liveness = rows.filter(({ host }) => host !== host1);
  const seen = { kind: "telemetry", at: core.now, watermarks: [died], liveness } as const;
  core.take({ ...seen, source: "store" });
  core.tick(0);
  const [track] = [...core.state.collectors.values()];
  assert.equal(Math.round((track?.behindMs ?? 0) / 1000), 12);
  assert.equal(voters(core.state).length, 1);
  assert.equal(core.assessment(host1).row, "1");
  // A live view is asked directly: what it shows is of now.
  core.take({ ...seen, source: "live", watermarks: [core.watermark()] });
  assert.equal([...core.state.collectors.values()][0]?.behindMs, 0);
});

test("what a collector dates when it has its vote again may have waited: its host is suspect until it reports", () => {
  const core = new CoreFixture().run(15_000);
  core.collectorUp = false;
  core.run(8000);
  // It wakes, and dates what waited in its socket; both hosts have died meanwhile.
  const woken = core.watermark();
  const liveness = [...core.rows.values()].map((row) => ({
    ...row,
    arrivalMs: monoMs(woken.monoMs + 400),
  }));
  const telemetry = { kind: "telemetry", at: core.now, source: "live", liveness } as const;
  core.take({ ...telemetry, watermarks: [woken] });
  core.tick(0);
  assert.equal(voters(core.state).length, 1);
  assert.equal(core.hostState(host1).freshSince, undefined);
  core.collectorUp = true;
  core.run(2000);
  assert.ok(core.hostState(host1).freshSince !== undefined);
});

test("a watermark that makes up for its delay is not behind, and a small delay is forgiven in time", () => {
  const core = new CoreFixture().run(15_000);
  core.collectorUp = false;
  const { watermark } = [...core.state.collectors.values()][0] ?? {};
  assert.ok(watermark !== undefined);
  const show = (monoMs_: number): number => {
    const watermarks = [{ ...watermark, monoMs: monoMs(monoMs_) }];
    core.take({ kind: "telemetry", at: core.now, source: "store", watermarks, liveness: [] });
    return [...core.state.collectors.values()][0]?.behindMs ?? 0;
  };
  const from = core.collectorNow();
  core.tick(8000);
  const late = show(from + 2000);
  assert.ok(late > 5000 && late <= 6000, `${late} ms`);
  core.tick(1000);
  assert.equal(show(core.collectorNow()), 0, "it has made up for it");
  core.tick(8000);
  assert.ok(show(core.collectorNow() - 6000) > 5000);
  for (let second = 0; second < 200; second += 1) {
    core.tick(1000);
    show(core.collectorNow() - 6000);
  }
  assert.ok(show(core.collectorNow() - 5999) < 5000, "a machine that stood still is heard again");
});

for (const waited of [false, true]) {
  const what = waited ? ", whose last report waited in the other one's socket," : "";
  test(`a collector that begins anew every four seconds keeps no dead host${what} from being silent`, () => {
    const [c1, c2] = [collectorId("c1"), collectorId("c2")];
    const core = new CoreFixture({ collectors: [c1, c2] }).run(15_000);
    let epoch = 10;
    const second = (lastedMs: number): void => {
      const watermark = { ...core.watermark(), collector: c2, epoch, monoMs: monoMs(lastedMs) };
      core.telemetry([], [watermark]);
    };
    core.fact(host1, { reports: false });
    if (waited) {
      core.collectorUp = false;
      core.run(4000);
      core.telemetry([core.row(host1, { arrivalMs: core.collectorNow() })]);
      core.collectorUp = true;
    }
    for (let ms = 0; ms < 12_000; ms += 250) {
      if (ms % 4000 === 0) epoch += 1;
      second(ms % 4000);
      core.run(250);
    }
    assert.equal(voters(core.state).length, 2);
    assert.equal(core.assessment(host1).signals.reports, "silent");
  });
}

test("a host that only the collector heard that begins anew is not silent by the other one's word", () => {
  const [c1, c2] = [collectorId("c1"), collectorId("c2")];
  const core = new CoreFixture({ collectors: [c1, c2] }).run(15_000);
  core.fact(host1, { reports: false });
  for (let ms = 0; ms < 20_000; ms += 250) {
    const of2 = { collector: c2, collectorEpoch: 11 };
    const watermark = { ...core.watermark(), collector: c2, epoch: 11, monoMs: monoMs(ms + 1000) };
    const row = core.row(host1, { ...of2, arrivalMs: monoMs(ms + 900) });
    core.telemetry([row], [watermark]);
    core.run(250);
  }
  assert.equal(core.assessment(host1).signals.reports, "fresh");
  for (let ms = 0; ms < 1000; ms += 250) {
    const watermark = { ...core.watermark(), collector: c2, epoch: 12, monoMs: monoMs(ms + 1) };
    core.telemetry([], [watermark]);
    core.run(250);
    assert.notEqual(core.assessment(host1).signals.reports, "silent");
  }
});
