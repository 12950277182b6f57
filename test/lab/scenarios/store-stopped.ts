import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";
import { stateFolder } from "../lab-scripts.ts";

export function influxdPid(): number {
  return Number(readFileSync(join(stateFolder, "pids/influxd"), "utf8").split(" ")[0]);
}

export const storeStopped: Scenario = {
  name: "store-stopped",
  shows: "InfluxDB hangs: the live view is enough to recover a host that loses its power",
  tier: "all",
  victim: "compute-1",
  servers: 2,
  async run(lab) {
    const { victim, servers, guardian, observer } = lab;
    process.kill(influxdPid(), "SIGSTOP");
    try {
      lab.say("influxd stopped; the host loses its power 10 s later");
      await sleep(10_000);
      const lostMs = await lab.fault("power_loss", victim);
      await guardian.line(victim, "evacuation-ended", 60_000);
      await lab.expectEvacuated(victim, servers);
      const firstCall = observer.firstCall(victim) ?? 0;
      lab.measure("power loss to first evacuate call", firstCall - lostMs / 1000);
    } finally {
      process.kill(influxdPid(), "SIGCONT");
    }
  },
};
