import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("a late failure of an earlier force-down breaks nothing once a later one was accepted", () => {
  const core = new CoreFixture().run(15_000);
  for (let count = 1; count <= 12; count += 1) core.nova.addServer(host1, `vm-${count}`);
  core.powerLoss(host1);
  for (let round = 0; round < 200 && core.done("evacuate").length === 0; round += 1) core.run(250);
  assert.equal(core.done("evacuate").length, 4);
  const answer = { kind: "unknown", reason: "no answer within 10 s" } as const;
  const { now: at } = core;
  core.take({ kind: "service-order-answered", at, host: host1, order: "force-down", answer });
  core.run(20_000);
  assert.equal(core.done("evacuate").length, 12);
});
