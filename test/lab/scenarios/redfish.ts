import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Scenario } from "../lab.ts";
import { runScript, stateFolder } from "../lab-scripts.ts";
import { hangHost } from "./hung.ts";

const victim = "compute-2";

/** Off orders that its Redfish service was given since it was started. */
function resets(): number {
  const requests = readFileSync(join(stateFolder, "hosts", victim, "redfish/requests"), "utf8");
  return requests.split("\n").filter((line) => /^POST .*ComputerSystem\.Reset$/.test(line)).length;
}

export const redfish: Scenario = {
  name: "redfish",
  shows:
    "a hung host whose BMC speaks Redfish over TLS is switched off by it, and its servers move",
  tier: "all",
  guardian: { redfish: [victim] },
  victim,
  servers: 3,
  prepare: () => runScript("hosts/redfish.sh", "start", victim),
  async run(lab) {
    const { guardian, servers } = lab;
    const before = resets();
    const hungMs = await hangHost(lab, victim);
    lab.say("hung; Nova's record must be quiet for 12 s");
    const fenced = await guardian.line(victim, "fenced", 60_000);
    lab.measure("hang to confirmed fence", (fenced.atMs - hungMs) / 1000);
    assert.equal(resets() - before, 1, "one order, and no other device was there to give it");
    await guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
  },
};
