/** BMCs that answer, and yet cannot be taken at their word: too slow, late, or lying from the start. */
import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";
import { runScript } from "../lab-scripts.ts";
import { hangHost } from "./hung.ts";

export const bmcLate: Scenario = {
  name: "bmc-late",
  shows:
    "a BMC that says ok at once and cuts the power 5 s later: no server moves before it is read off",
  tier: "all",
  victim: "compute-4",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    await lab.fault("bmc_mode", victim, "late");
    await hangHost(lab, victim);
    lab.say("hung; Nova's record must be quiet for 12 s");
    const ordered = await guardian.line(victim, "fence-ordered", 40_000);
    const fenced = await guardian.line(victim, "fenced", 40_000);
    const tookMs = fenced.atMs - ordered.atMs;
    assert.ok(tookMs > 4500, `fenced ${tookMs} ms after the order, and it took 5 s to happen`);
    lab.measure("off order to confirmed fence", tookMs / 1000);
    await guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
  },
};

export const bmcSlow: Scenario = {
  name: "bmc-slow",
  shows: "a dead host whose BMC takes 4 s for a word: a page and no move, until it answers in time",
  tier: "all",
  // 60 s by default: how long a device that failed to answer must answer before it counts.
  guardian: { limits: { powerProbation: "10s" } },
  victim: "compute-2",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    await lab.fault("bmc_mode", victim, "slow");
    await lab.fault("power_loss", victim);
    const page = await lab.alert(victim, "unproven", 40_000);
    assert.equal(page.class, "page");
    assert.match(page.why.join("\n"), /power, bmc: unknown \(/);
    lab.say("paged; 10 s more without a proof");
    await sleep(10_000);
    await lab.expectUntouched(victim);
    await lab.fault("bmc_mode", victim, "normal");
    await guardian.line(victim, "evacuation-ended", 90_000);
    await lab.expectEvacuated(victim, servers);
  },
};

export const bmcLies: Scenario = {
  name: "bmc-lies",
  shows:
    "a BMC that reads off whatever is true, and did so while its host lived: no word of it is a proof when the host hangs",
  tier: "all",
  victim: "compute-3",
  servers: 2,
  prepare: () => runScript("faults.sh", "bmc_mode", "compute-3", "lies"),
  async run(lab) {
    const { victim, guardian } = lab;
    await hangHost(lab, victim);
    lab.say("its BMC read off while it reported; now it hangs, and off is all that its BMC says");
    const found = await lab.alert(victim, "device-bmc", 60_000);
    assert.equal(found.class, "page");
    assert.match(found.why.join("\n"), /it read off while the host showed life/);
    const page = await lab.alert(victim, "unproven", 60_000);
    assert.equal(page.class, "page");
    lab.say(`${page.title}; 20 s more without a proof`);
    await sleep(20_000);
    assert.deepEqual(guardian.lines("fenced"), []);
    await lab.expectNotEvacuated();
  },
};
