import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import { hosts } from "../lab-configs.ts";
import type { Scenario } from "../lab.ts";

export const collectorKilled: Scenario = {
  name: "collector-killed",
  shows: "no collector for 30 s: nobody is fenced; the host that died meanwhile is recovered after",
  tier: "ci",
  // 120 s by default: how long a host never seen fresh since must be watched with good eyes.
  guardian: { limits: { graceUnseen: "20s" } },
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const { daemons, guardian, victim, servers } = lab;
    const killedMs = Date.now();
    await daemons.killCollector();
    lab.say("collector killed; the host loses its power 8 s later");
    await sleep(8000);
    await lab.fault("power_loss", victim);
    const page = await lab.alert(undefined, "blind", 20_000);
    assert.match(page.title, /eyes are in doubt: eyes, collectors/);
    await sleep(killedMs + 30_000 - Date.now());
    await lab.expectUntouched(...hosts);
    lab.say("collector started again; the grace of 20 s begins");
    const backMs = Date.now();
    await daemons.startCollector();
    const ended = await guardian.line(victim, "evacuation-ended", 90_000);
    lab.measure("collector back to all servers ACTIVE", (ended.atMs - backMs) / 1000);
    await lab.expectEvacuated(victim, servers);
  },
};
