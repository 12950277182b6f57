/** A fenced host that Nova was moving another host's servers to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "../../guardian/core/words.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

test("it is not switched on: its nova-compute would take them up, and they may have been started elsewhere", () => {
  const core = new CoreFixture({ comeHome: "power-on" }, 24).run(15_000);
  const server = core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host2, "vm-2");
  core.nova.destination = host2;
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  for (let round = 0; round < 200 && core.done("evacuate").length === 0; round += 1) core.run(250);
  core.run(5000);
  assert.equal(core.phase(host1, "evacuating").moves?.[server]?.to, host2);
  core.nova.destination = undefined;
  core.nova.moveMs = 2000;
  core.fact(host2, { turnsOn: false });
  core.powerLoss(host2);
  core.run(120_000);
  const home = core.phase(host2, "ended").home?.step;
  assert.ok(home?.kind === "stopped", home?.kind);
  assert.match(render(home.reason), /Nova was moving these to it.*vm-1/);
  assert.deepEqual(
    core.done("power-on").filter(({ host }) => host === host2),
    [],
  );
});
