import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../../shared/loop.ts";
import { startDaemon, type DaemonProcess } from "../../support/daemon-process.ts";
import { controllerAddress, storePort } from "../lab-configs.ts";
import { daemonEnv } from "../lab-daemons.ts";
import type { Lab, Scenario } from "../lab.ts";
import { stateFolder, through } from "../lab-scripts.ts";
import { influxdPid } from "./store-stopped.ts";

const slowPort = 8087;
const delayFile = join(stateFolder, "store-delay-ms");
let proxy: DaemonProcess | undefined;

async function nobodyElseTouched(lab: Lab): Promise<void> {
  const { victim } = lab;
  const { services, evacuations } = await lab.nova();
  for (const { host, forced_down, status } of services) {
    if (host === victim) continue;
    assert.equal(forced_down, false, `${host} is not forced down`);
    assert.equal(status, "enabled", `${host} is not disabled`);
  }
  const sources = new Set(evacuations.map((one) => one.source_compute));
  assert.deepEqual([...sources], [victim], "servers left the dead host alone");
}

async function tell(lab: Lab): Promise<void> {
  const { victim, servers, guardian, observer } = lab;
  lab.say("collector and guardian reach the store through a proxy now");
  await guardian.watching();
  process.kill(influxdPid(), "SIGSTOP");
  try {
    lab.say("influxd stopped for 15 s");
    await sleep(15_000);
    writeFileSync(delayFile, "10000");
  } finally {
    process.kill(influxdPid(), "SIGCONT");
  }
  lab.say("influxd goes on, and hears everything 10 s late; the host loses its power 10 s later");
  await sleep(10_000);
  const lostMs = await lab.fault("power_loss", victim);
  await guardian.line(victim, "evacuation-ended", 60_000);
  await lab.expectEvacuated(victim, servers);
  await nobodyElseTouched(lab);
  const firstCall = observer.firstCall(victim) ?? 0;
  lab.measure("power loss to first evacuate call", firstCall - lostMs / 1000);
}

export const storeDelayed: Scenario = {
  name: "store-delayed",
  shows:
    "InfluxDB stands still, then is 10 s late: a host that dies meanwhile is recovered, no other is touched",
  tier: "all",
  // The collector is started again for the proxy's sake, and 120 s of watching after it prove nothing here.
  guardian: { storePort: slowPort, limits: { graceUnseen: "20s" } },
  victim: "compute-1",
  servers: 2,
  async prepare() {
    writeFileSync(delayFile, "0");
    const args = [controllerAddress, String(slowPort), String(storePort), delayFile];
    proxy = startDaemon("test/lab/slow-store.js", args, {
      through: through("ctl"),
      env: daemonEnv,
    });
    await proxy.logged("listening");
  },
  async run(lab) {
    await lab.daemons.killCollector();
    await lab.daemons.startCollector(slowPort);
    try {
      await tell(lab);
    } finally {
      await lab.daemons.killCollector();
      await lab.daemons.startCollector();
      await proxy?.end("SIGKILL");
    }
  },
};
