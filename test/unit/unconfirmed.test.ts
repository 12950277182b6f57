/** Reports of a life that nobody confirmed: they might be life, and speak for nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../../shared/time.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** One unconfirmed report of an earlier boot of host 1, now. */
function play(core: CoreFixture): void {
  const row = core.row(host1, { bootId: "0".repeat(16) });
  core.telemetry([{ ...row, unconfirmed: true }]);
}

function playFor(core: CoreFixture, seconds: number): void {
  for (let second = 0; second < seconds; second += 1) {
    play(core);
    core.run(1000);
  }
}

function pageOf(core: CoreFixture): string | undefined {
  return core.alerts().find(({ host, class: cls }) => host === host1 && cls === "page")?.kind;
}

test("a dead host of which recordings are played is not acted on, and paged after 30 s", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  playFor(core, 25);
  assert.equal(core.assessment(host1).row, "1b");
  assert.equal(pageOf(core), undefined);
  playFor(core, 15);
  assert.equal(pageOf(core), "row-1b");
  assert.deepEqual(core.done("power-off"), []);
  core.run(20_000);
  assert.ok(core.done("power-off").length > 0);
});

test("a healthy host stays so, whatever is played beside it", () => {
  const core = new CoreFixture().run(15_000);
  const { newest } = core.hostState(host1);
  playFor(core, 20);
  assert.equal(core.assessment(host1).row, "8");
  assert.equal(core.hostState(host1).newest?.bootId, newest?.bootId);
});

test("it is no report: neither the last words of its host nor an answer to who was asked for life", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  core.run(4000);
  const before = core.hostState(host1);
  play(core);
  const { newest, lifeAt, livedAt, freshSince, rows } = core.hostState(host1);
  assert.deepEqual(
    { newest, lifeAt, livedAt, freshSince, rows },
    {
      newest: before.newest,
      lifeAt: before.lifeAt,
      livedAt: before.livedAt,
      freshSince: undefined,
      rows: before.rows,
    },
  );
});

test("what was heard is not heard again when a slow store shows it once more", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  core.run(4000);
  const row = { ...core.row(host1), unconfirmed: true } as const;
  core.telemetry([row]);
  const { unconfirmedAt } = core.hostState(host1);
  const watermark = { ...core.watermark(), monoMs: monoMs(core.collectorNow() + 1) };
  core.tick(700);
  core.telemetry([row], [watermark]);
  assert.equal(core.hostState(host1).unconfirmedAt, unconfirmedAt);
});

test("after a proof it might be life: the proof is void, and minted anew from later readings alone", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.powerLoss(host1);
  const phase = () => core.state.memory.incidents.get(host1)?.phase;
  const proof = () => {
    const now = phase();
    return now?.kind === "evacuating" ? now.proof : undefined;
  };
  for (let beat = 0; beat < 400 && proof() === undefined; beat += 1) core.run(50);
  const first = proof();
  assert.ok(first !== undefined, "no proof came");
  core.run(500);
  play(core);
  const playedAt = core.now;
  core.run(300);
  assert.equal(proof(), undefined);
  for (let beat = 0; beat < 400 && proof() === undefined; beat += 1) core.run(50);
  assert.ok((proof()?.obtainedAt ?? 0) > playedAt);
});
