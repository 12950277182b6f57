/**
 * `npm run bench -- bmcs`: one rehearsal round over 200 real ipmi_sims through real ipmitools, as the guardian makes it
 * when it starts: seconds until each device has answered, and the processor time of the guardian and its children.
 */
import { readFileSync } from "node:fs";
import type { PowerController } from "../../guardian/ports.ts";
import { createIpmi } from "../../guardian/shell/ipmi.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import { startIpmiSim } from "../lab/ipmi-sim.ts";
import { guard, startSmallCloud } from "./small-cloud.ts";

const deviceCount = 200;
const startedAtOnce = 50;
const firstPort = 21_000;
const giveUpMs = 120_000;

/** Prints the round; throws when a device has not answered in two minutes. */
export async function benchBmcs(): Promise<void> {
  const endings: (() => unknown)[] = [];
  // What the simulators want of a test is only that it ends.
  const ending = { after: (end: () => unknown) => void endings.push(end) } as Parameters<
    typeof startIpmiSim
  >[0];
  const small = await startSmallCloud(0, deviceCount);
  try {
    for (let from = 0; from < deviceCount; from += startedAtOnce) {
      const some = small.hosts.slice(from, from + startedAtOnce);
      await Promise.all(
        some.map((host, at) =>
          startIpmiSim(ending, firstPort + from + at, host.uuid.replaceAll("-", "")),
        ),
      );
    }
    console.log(await round(small));
  } finally {
    for (const end of endings) await end();
    await small.cloud.close();
  }
}

type SmallCloud = Awaited<ReturnType<typeof startSmallCloud>>;

async function round(small: SmallCloud): Promise<string> {
  const answered = new Set<string>();
  const failed = new Map<string, string>();
  const power = new Map<string, PowerController>();
  for (const [at, { name }] of small.hosts.entries()) {
    const password = new Secret("s3cret");
    const address = { address: "127.0.0.1", port: firstPort + at };
    const device = createIpmi({ ...address, username: "admin", password });
    power.set(`${name}/bmc`, {
      ...device,
      async read(deadlineMs) {
        const reading = await device.read(deadlineMs);
        if (reading.power === "unknown") failed.set(name, reading.reason);
        else answered.add(name);
        return reading;
      },
    });
  }
  const cpuFrom = cpuMs();
  const fromMs = performance.now();
  const guardian = guard(small, power);
  try {
    while (answered.size < deviceCount) {
      if (performance.now() - fromMs > giveUpMs) {
        const [first] = failed.values();
        throw new Error(`${answered.size} of ${deviceCount} answered: ${first ?? "silence"}`);
      }
      await sleep(10);
    }
    const seconds = ((performance.now() - fromMs) / 1000).toFixed(1);
    const cpu = ((cpuMs() - cpuFrom) / 1000).toFixed(1);
    return `${deviceCount} BMCs read in one round: ${seconds} s, ${cpu} s of processor time, ${failed.size} had to be asked again`;
  } finally {
    await guardian.stop();
  }
}

/** Of this process and of the children that it has waited for. */
function cpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0) * 10;
}
