/** One level of devices, and an off order in an evacuation that was answered with nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("it is ordered again, so that the evacuation goes on once the device answers", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.powerLoss(host1);
  const phase = (): string | undefined => core.state.memory.incidents.get(host1)?.phase.kind;
  for (let round = 0; round < 200 && phase() !== "evacuating"; round += 1) core.run(250);
  core.fact(host1, { offAnswer: { kind: "no-answer", reason: "no answer within 5 s" } });
  core.restart();
  core.run(20_000);
  assert.equal(core.done("evacuate").length, 0);
  core.fact(host1, { offAnswer: { kind: "already-off" } });
  core.nova.forceDownAnswer = { kind: "accepted", requestId: "req-1" };
  core.run(120_000);
  assert.equal(core.done("evacuate").length, 1);
});
