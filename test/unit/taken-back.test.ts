import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, both, host1 } from "../support/core-fixture.ts";

test("a fenced host that people enabled again and that is not quite healthy dies: it is guarded", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(40_000);
  core.phase(host1, "ended");
  // Repaired and enabled again, without a release; one check never settles.
  const { checks } = core.factsOf(host1);
  core.fact(host1, {
    reports: true,
    echo: both,
    power: "on",
    novaReports: true,
    bootId: "b0070000000000a2",
    checks: { ...checks, directory: "slow" },
  });
  Object.assign(core.nova.service(host1), {
    status: "enabled",
    reason: undefined,
    forcedDown: false,
  });
  core.run(60_000);
  assert.equal(core.assessment(host1).row, "7");
  core.nova.addServer(host1, "vm-2");
  core.powerLoss(host1);
  core.run(60_000);
  assert.deepEqual(
    core.done("evacuate").map((order) => order.server),
    ["id-vm-1", "id-vm-2"],
  );
});
