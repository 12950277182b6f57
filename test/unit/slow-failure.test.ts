/** Servers that stay down while an evacuation goes on: told while it goes on, not at its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

const { round } = Math;

function lost(prepare: (core: CoreFixture) => void): {
  core: CoreFixture;
  firstPageS: number;
  failedAtS: number;
  endedS: number;
} {
  const core = new CoreFixture().run(15_000);
  for (let n = 1; n <= 40; n += 1) core.nova.addServer(host1, `vm-${n}`);
  prepare(core);
  core.powerLoss(host1);
  const from = core.now;
  let firstPageS = Infinity;
  let failedAtS = Infinity;
  let endedS = Infinity;
  let seen = 0;
  while (core.now - from < 3_600_000 && endedS === Infinity) {
    core.run(5000);
    const alerts = core.alerts();
    const since = round((core.now - from) / 1000);
    if (firstPageS === Infinity && alerts.slice(seen).some((one) => one.class === "page"))
      firstPageS = since;
    seen = alerts.length;
    const phase = core.state.memory.incidents.get(host1)?.phase;
    if (phase?.kind === "ended") endedS = since;
    const moves = phase?.kind === "evacuating" ? Object.values(phase.moves ?? {}) : [];
    if (failedAtS === Infinity && moves.some(({ state }) => state.kind === "failed"))
      failedAtS = since;
  }
  return { core, firstPageS, failedAtS, endedS };
}

test("no call is answered: a page within two minutes of the first server that failed", () => {
  const { firstPageS, failedAtS, endedS } = lost(
    ({ nova }) => (nova.evacuateAnswer = { kind: "unknown", reason: "504" }),
  );
  assert.ok(
    firstPageS - failedAtS <= 120,
    `failed ${failedAtS} s, page ${firstPageS} s, ended ${endedS} s`,
  );
});

test("calls are taken and nothing moves: a page within two minutes of the first server that failed", () => {
  const { firstPageS, failedAtS, endedS } = lost(({ nova }) => (nova.moveMs = 36_000_000));
  assert.ok(
    firstPageS - failedAtS <= 120,
    `failed ${failedAtS} s, page ${firstPageS} s, ended ${endedS} s`,
  );
});
