/** Whose order about a nova-compute an answer is of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("the late answer to a degraded host's disable is not taken for the fence's own", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.powerLoss(host1);
  while (core.done("force-down").length === 0) core.run(250);
  const at = core.now;
  const answer = { kind: "accepted", requestId: "req" } as const;
  const late = {
    kind: "service-order-answered",
    at,
    host: host1,
    order: "disable",
    answer,
  } as const;
  core.take({
    ...late,
    id: "guardian g1 epoch 1 incident i1-compute-1 degraded/compute-1/disable",
  });
  assert.equal(core.phase(host1, "evacuating").disabled.kind, "due");
  core.nova.forceDownAnswer = { kind: "accepted", requestId: "req" };
  core.run(20_000);
  const [disable] = core.done("disable");
  assert.match(disable?.reason ?? "", /incident i1-compute-1$/);
});
