import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";

export const bmcsSwapped: Scenario = {
  name: "bmcs-swapped",
  shows:
    "two BMC addresses swapped in the configuration: neither host is fenced by the other's BMC",
  tier: "ci",
  guardian: { bmcOf: { "compute-1": "compute-2", "compute-2": "compute-1" } },
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const { victim } = lab;
    await lab.fault("power_loss", victim);
    const page = await lab.alert(victim, "unproven", 20_000);
    assert.equal(page.class, "page");
    assert.ok(
      page.why.some((line) => /but unverified: it shows GUID .*, its host's UUID is/.test(line)),
      page.why.join("\n"),
    );
    lab.say("paged; 10 s more without any action");
    await sleep(10_000);
    await lab.expectUntouched(victim, "compute-2");
  },
};
