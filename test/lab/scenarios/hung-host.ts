import type { Scenario } from "../lab.ts";
import { hangHost } from "./hung.ts";

export const hungHost: Scenario = {
  name: "hung-host",
  shows: "a hung host whose chassis reads on is switched off over IPMI, and its servers move",
  tier: "ci",
  victim: "compute-2",
  servers: 3,
  async run(lab) {
    const { guardian, observer, victim, servers } = lab;
    const hungMs = await hangHost(lab, victim);
    lab.say("hung; Nova's record must be quiet for 12 s");
    const dead = await guardian.verdict(victim, "dead", 40_000);
    const fenced = await guardian.line(victim, "fenced", 30_000);
    await guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
    lab.measure("hang to verdict", (dead.atMs - hungMs) / 1000);
    lab.measure("hang to confirmed fence", (fenced.atMs - hungMs) / 1000);
    lab.measure("hang to first evacuate call", (observer.firstCall(victim) ?? 0) - hungMs / 1000);
    lab.measure("hang to last server ACTIVE", (observer.lastEnd(victim) ?? 0) - hungMs / 1000);
  },
};
