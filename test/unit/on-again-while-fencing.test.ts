/** A chassis that somebody switches on after our off command, before it was proven off. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("off by itself again after it was switched on: no proof without a further off command", () => {
  const core = new CoreFixture();
  core.run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  while (core.done("power-off").length === 0) core.run(250);
  core.run(250);
  core.fact(host1, { power: "on" });
  core.run(4000);
  core.fact(host1, { power: "off" });
  core.run(5000);
  assert.equal(core.done("evacuate").length, 0, "moved by a command of before it was switched on");
  core.run(60_000);
  assert.ok(core.done("power-off").length > 1);
  assert.equal(core.done("evacuate").length, 1);
});
