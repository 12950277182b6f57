/** What changes, or goes away, while a rehearsal is under way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { unverifiedBecause } from "../../guardian/core/verification.ts";
import { host1, host2 } from "../support/core-fixture.ts";
import { failure, ready, rehearse } from "../support/rehearsal-fixture.ts";

test("a device that shows something else than when the rehearsal was asked for: nothing is switched off", () => {
  const core = ready();
  rehearse(core);
  core.guids.set(`${host1}/bmc`, "88888888888888888888888888888801");
  core.run(40_000);
  assert.equal(core.done("power-off").length, 0);
  assert.match(failure(core), /bmc shows another identity than when it was asked for/);
});

test("a rehearsal that failed on a device that is gone ends, and holds no other host for longer", () => {
  const core = ready();
  rehearse(core);
  while (core.done("power-off").length === 0) core.run(250);
  const answer = { kind: "no-answer", reason: "no answer within 5 s" } as const;
  core.fact(host1, { power: "unknown", offAnswer: answer, onAnswer: answer });
  core.powerLoss(host2);
  core.run(60_000);
  assert.equal(core.done("power-on").length > 0, true);
  assert.equal(core.done("power-off").filter(({ host }) => host === host2).length, 0);
  core.run(90_000);
  assert.match(
    failure(core),
    /did not answer for 1 min 30 s after that: switch the host on by hand/,
  );
  assert.equal(core.done("power-off").filter(({ host }) => host === host2).length, 1);
});

test("a device that shows another chassis once it is on again than the one that it switched off: nothing is shown", () => {
  const core = ready();
  rehearse(core);
  while (core.done("power-on").length === 0) core.run(250);
  core.guids.set(`${host1}/bmc`, "88888888888888888888888888888801");
  core.run(60_000);
  assert.match(failure(core), /bmc shows another identity/);
  assert.notEqual(unverifiedBecause(core.state, host1, "bmc"), undefined);
});
