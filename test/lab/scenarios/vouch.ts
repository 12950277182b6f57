import assert from "node:assert/strict";
import type { Lab, Scenario } from "../lab.ts";
import { runScript } from "../lab-scripts.ts";

/** Why the victim's BMC is not verified; empty when it is. */
function unverified(lab: Lab): string {
  const shown = lab.guardian.ask("host", "show", lab.victim) as {
    devices: { unverified: string }[];
  };
  return shown.devices[0]?.unverified ?? "no device";
}

export const vouch: Scenario = {
  name: "vouch",
  shows: "a BMC with a strange GUID, as after a repair, counts once a person vouches for it",
  tier: "ci",
  victim: "compute-4",
  servers: 2,
  prepare: () => runScript("faults.sh", "bmc_identity", "compute-4", "strange"),
  async run(lab) {
    const { victim, servers } = lab;
    assert.match(unverified(lab), /^it shows GUID 00112233445566778899aabbccddeeff, its host's/);
    const done = lab.guardian.ask("fence", "vouch", victim, "--reason", "compared");
    assert.deepEqual(done, { done: true, by: "root (uid 0)" });
    assert.equal(unverified(lab), "");
    await lab.fault("power_loss", victim);
    await lab.guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
  },
};
