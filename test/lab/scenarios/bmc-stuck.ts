import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";
import { hangHost } from "./hung.ts";

export const bmcStuck: Scenario = {
  name: "bmc-stuck",
  shows: "a BMC that says ok and leaves a hung host on: not fenced, nothing moves, a page",
  tier: "ci",
  // 30 s by default: how long an off command may take to show.
  guardian: { limits: { fenceAttempt: "10s" } },
  victim: "compute-2",
  servers: 2,
  async run(lab) {
    const { victim } = lab;
    await lab.fault("bmc_mode", victim, "stuck");
    await hangHost(lab, victim);
    lab.say("hung; Nova's record must be quiet for 12 s, then 10 s for the fence to fail");
    await lab.guardian.line(victim, "fence-ordered", 40_000);
    const page = await lab.alert(victim, "fence-failed", 20_000);
    assert.equal(page.class, "page");
    assert.match(page.why[0] ?? "", /still waiting for bmc to read off/);
    await sleep(5000);
    assert.deepEqual(lab.guardian.lines("fenced"), []);
    await lab.expectNotEvacuated();
  },
};
