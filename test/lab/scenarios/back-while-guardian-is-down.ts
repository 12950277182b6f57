import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";
import { probePid } from "../lab-daemons.ts";

export const backWhileGuardianIsDown: Scenario = {
  name: "back-while-guardian-is-down",
  shows: "fenced, then brought back by people while the guardian is down: it is left on",
  tier: "ci",
  victim: "compute-2",
  servers: 2,
  async run(lab) {
    const { victim } = lab;
    await lab.fault("power_loss", victim);
    await lab.guardian.line(victim, "fenced", 30_000);
    await lab.guardian.end("SIGKILL");
    await lab.fault("power_on", victim);
    lab.say('killed at "fenced", host powered on; the guardian starts 10 s later');
    await sleep(10_000);
    const pid = probePid(victim);
    await lab.startGuardianAgain();
    await lab.guardian.line(victim, "stood-down", 20_000);
    await sleep(10_000);
    assert.deepEqual(lab.guardian.lines("fence-resumed"), []);
    assert.equal(probePid(victim), pid, "the host was left on");
    await lab.expectNotEvacuated();
  },
};
