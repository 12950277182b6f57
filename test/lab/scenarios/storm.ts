import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";

export const storm: Scenario = {
  name: "storm",
  shows: "two of four hosts lose their power at once: one page, and neither is acted on",
  tier: "ci",
  victim: "compute-1",
  servers: 1,
  async run(lab) {
    const { victim } = lab;
    await Promise.all([lab.fault("power_loss", victim), lab.fault("power_loss", "compute-2")]);
    const page = await lab.alert(undefined, "storm", 20_000);
    assert.equal(page.class, "page");
    assert.match(page.why.join("\n"), /compute-1, compute-2/);
    await sleep(10_000);
    await lab.expectUntouched(victim, "compute-2");
  },
};
