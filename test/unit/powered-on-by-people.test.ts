import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, both, host1 } from "../support/core-fixture.ts";

test("fenced, no move begun, then mode observe: a person who powers it on is left alone", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  for (let round = 0; round < 200 && core.done("force-down").length === 0; round += 1) {
    core.run(250);
    const phase = core.state.memory.incidents.get(host1)?.phase.kind;
    core.disarmedFile = phase === "fencing" || phase === "evacuating";
  }
  assert.equal(core.done("evacuate").length, 0);
  const ordered = core.done("power-off").length;
  Object.assign(core.settings, { mode: "observe" });
  core.restart();
  core.run(15_000);
  core.fact(host1, { power: "on", echo: both });
  core.run(60_000);
  assert.equal(core.done("power-off").length, ordered);
});
