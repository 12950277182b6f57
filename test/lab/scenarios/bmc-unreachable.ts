import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";

export const bmcUnreachable: Scenario = {
  name: "bmc-unreachable",
  shows: "a dead host whose BMC is out of reach: a page and no move, until the BMC answers again",
  tier: "ci",
  // 60 s by default: how long a device that failed to answer must answer before it counts.
  guardian: { limits: { powerProbation: "10s" } },
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const { victim, servers } = lab;
    await lab.fault("bmc_mode", victim, "unreachable");
    await lab.fault("power_loss", victim);
    const page = await lab.alert(victim, "unproven", 20_000);
    assert.equal(page.class, "page");
    assert.ok(
      page.why.some((line) => line.startsWith("power, bmc: unknown (")),
      page.why.join("\n"),
    );
    assert.throws(
      () => lab.guardian.ask("fence", "vouch", victim, "--reason", "compared"),
      /bmc did not answer: there is nothing to vouch for/,
    );
    lab.say("paged; 10 s more without a proof");
    await sleep(10_000);
    await lab.expectUntouched(victim);
    const backMs = await lab.fault("bmc_mode", victim, "normal");
    const fenced = await lab.guardian.line(victim, "fenced", 40_000);
    lab.measure("BMC back to confirmed fence", (fenced.atMs - backMs) / 1000);
    await lab.guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
  },
};
