/** BMCs that can be reached and still are no help: the whole guardian pages, and moves nothing without a proof. */
import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Lab, Scenario } from "../lab.ts";
import { runScript } from "../lab-scripts.ts";
import { hangHost } from "./hung.ts";

/** Paged with this reason; then some more time, in which nothing may happen. */
async function paged(lab: Lab, why: RegExp): Promise<void> {
  const { victim } = lab;
  const page = await lab.alert(victim, "unproven", 60_000);
  assert.equal(page.class, "page");
  assert.match(page.why.join("\n"), why);
  lab.say(`paged (${page.why.find((line) => why.test(line)) ?? ""}); 10 s more without a proof`);
  await sleep(10_000);
  assert.deepEqual(lab.guardian.lines("fenced"), []);
  await lab.expectNotEvacuated();
}

export const bmcWrongPassword: Scenario = {
  name: "bmc-wrong-password",
  shows: "the password of a BMC was changed and the guardian's was not: a page says so, no move",
  tier: "all",
  guardian: { wrongPassword: ["compute-4"] },
  victim: "compute-4",
  servers: 2,
  async run(lab) {
    await lab.fault("power_loss", lab.victim);
    await paged(lab, /power, bmc: unknown \(.*wrong password/);
    await lab.expectUntouched(lab.victim);
  },
};

export const bmcUntrusted: Scenario = {
  name: "bmc-untrusted",
  shows: "the certificate of a Redfish service is another's: it is not asked, a page says so",
  tier: "all",
  guardian: { redfish: ["compute-1"], certificateOf: { "compute-1": "compute-2" } },
  victim: "compute-1",
  servers: 2,
  async prepare() {
    await runScript("hosts/redfish.sh", "start", "compute-1");
    await runScript("hosts/redfish.sh", "start", "compute-2");
  },
  async run(lab) {
    await lab.fault("power_loss", lab.victim);
    await paged(lab, /power, bmc: unknown \(.*certificate/);
    await lab.expectUntouched(lab.victim);
  },
};

export const bmcBusy: Scenario = {
  name: "bmc-busy",
  shows:
    "a Redfish service is busy (503) when a hung host is to be fenced: a page, until it answers",
  tier: "all",
  guardian: { redfish: ["compute-2"], limits: { powerProbation: "10s" } },
  victim: "compute-2",
  servers: 2,
  prepare: () => runScript("hosts/redfish.sh", "start", "compute-2"),
  async run(lab) {
    const { victim, servers, guardian } = lab;
    await lab.fault("bmc_mode", victim, "fail");
    await hangHost(lab, victim);
    await paged(lab, /power, bmc: unknown \(.*503/);
    const backMs = await lab.fault("bmc_mode", victim, "normal");
    const fenced = await guardian.line(victim, "fenced", 90_000);
    lab.measure("no longer busy to confirmed fence", (fenced.atMs - backMs) / 1000);
    await guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
  },
};

export const bmcDiesInTheMiddle: Scenario = {
  name: "bmc-dies-in-the-middle",
  shows:
    "a BMC takes the off order and is gone before it was read off twice: no move until it answers again",
  tier: "all",
  guardian: { limits: { powerProbation: "10s" } },
  victim: "compute-3",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    // 5 s pass between the order that it takes and the moment when it happens: time enough to lose it.
    await lab.fault("bmc_mode", victim, "late");
    await hangHost(lab, victim);
    await guardian.line(victim, "fence-ordered", 60_000);
    await sleep(1500);
    await lab.fault("bmc_mode", victim, "unreachable");
    await paged(lab, /bmc/);
    const backMs = await lab.fault("bmc_mode", victim, "normal");
    const fenced = await guardian.line(victim, "fenced", 90_000);
    lab.measure("BMC back to confirmed fence", (fenced.atMs - backMs) / 1000);
    await guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
  },
};
