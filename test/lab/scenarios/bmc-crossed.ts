import assert from "node:assert/strict";
import type { Scenario } from "../lab.ts";
import { hangHost } from "./hung.ts";

export const bmcCrossed: Scenario = {
  name: "bmc-crossed",
  shows:
    "a BMC that shows the right GUID and switches another host: noticed, nothing moves, a page",
  tier: "all",
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const { victim } = lab;
    await lab.fault("bmc_mode", victim, "crossed", "compute-2");
    await hangHost(lab, victim);
    lab.say("hung; its BMC will switch off compute-2");
    await lab.guardian.line(victim, "fence-ordered", 40_000);
    const page = await lab.alert(undefined, "disarmed", 30_000);
    assert.equal(page.class, "page");
    assert.match(page.title, /compute-1.*compute-2 fell silent/);
    await lab.expectNotEvacuated();
  },
};
