import type { Scenario } from "../lab.ts";

export const guardianDown: Scenario = {
  name: "guardian-down",
  shows: "a host that dies while the guardian is down is recovered after it starts",
  tier: "ci",
  // 120 s by default: how long a host never seen fresh since must be watched with good eyes.
  guardian: { limits: { graceUnseen: "20s" } },
  victim: "compute-3",
  servers: 2,
  async run(lab) {
    const { victim, servers } = lab;
    await lab.guardian.end("SIGTERM");
    await lab.fault("power_loss", victim);
    lab.say("starting the guardian on the same journal; the grace of 20 s begins");
    const startedMs = Date.now();
    await lab.startGuardianAgain();
    const ended = await lab.guardian.line(victim, "evacuation-ended", 90_000);
    lab.measure("start to all servers ACTIVE", (ended.atMs - startedMs) / 1000);
    await lab.expectEvacuated(victim, servers);
  },
};
