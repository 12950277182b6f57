/**
 * `npm run bench -- probe` (root, Debian's libvirt and QEMU, three minutes): what the probe takes on a host with 50 real guests, beside
 * nova-compute there; what it sends for how many guests; and how soon a QEMU that was killed is told of.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../shared/loop.ts";
import { observeProbe, type ObservedProbe } from "../lab/observed-probe.ts";
import { startFakeLibvirt } from "../support/fake-libvirt.ts";
import { usageOfTree } from "../support/process-tree.ts";
import { waitFor } from "../support/wait-for.ts";

const guests = 50;
const killed = 10;
const script = "test/lab/probe-libvirtd.sh";
/** Both hold whole rounds of everything that the probe does: statistics are asked for every 30 s. */
const [warmUpMs, measuredMs] = [35_000, 60_000];
const limits = { residentMb: 90, corePercent: 1.5 };

export async function benchProbe(): Promise<void> {
  const folder = mkdtempSync("/tmp/probe-bench-");
  const host = spawn("/bin/bash", [script, "run", folder], { stdio: "ignore" });
  try {
    const traffic = benchTraffic(folder);
    const nova = benchNovaCompute(folder);
    await waitFor("libvirtd", () => isReady(folder) || undefined, 60_000);
    execFileSync("/bin/bash", [script, "guests", folder, String(guests)], { stdio: "ignore" });
    for (const line of await traffic) console.log(line);
    console.log(await nova);
    await benchOnGuests(folder);
  } finally {
    host.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function isReady(folder: string): boolean {
  try {
    const uri = `qemu+unix:///system?socket=${folder}/run/libvirt/libvirt-sock`;
    execFileSync("/usr/bin/virsh", ["-q", "-c", uri, "list"], { stdio: "ignore", timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}

/** Every check that a host usually has, at its default interval. */
function checksOf(folder: string, socket: string): string {
  const network = "{ targets: [127.0.0.1, 127.0.0.2], tcp: [], anchor: 127.0.0.3 }";
  return `  storage: ${network}
  business: ${network}
  directory: { path: ${folder} }
  libvirt: { socket: ${socket} }
  services:
    - { name: nova-compute, unit: nova-compute.service }
    - { name: libvirtd, process: libvirtd }
`;
}

async function benchOnGuests(folder: string): Promise<void> {
  const own = join(folder, "measured");
  mkdirSync(own);
  const checks = checksOf(own, join(folder, "run/libvirt/libvirt-sock-ro"));
  const probe = await observeProbe(own, checks, "10s");
  try {
    const running = (count: number) => (report: { liveness?: unknown }) =>
      (report.liveness as { checks?: { serversRunning?: number } } | undefined)?.checks
        ?.serversRunning === count;
    await probe.until("all guests", running(guests), 20_000);
    await sleep(warmUpMs);
    await measure(probe);
    const tookMs: number[] = [];
    for (let at = 1; at <= killed; at += 1) {
      process.kill(qemuOf(at), "SIGKILL");
      tookMs.push(await probe.until("a guest gone", running(guests - at), 15_000));
    }
    tookMs.sort((left, right) => left - right);
    const [median, worst] = [tookMs[Math.floor(killed / 2)] ?? 0, tookMs.at(-1) ?? 0];
    console.log(
      `kill -9 of a QEMU to the report at its receiver: median ${median} ms, worst of ${killed} ${worst} ms`,
    );
  } finally {
    await probe.end();
  }
}

async function measure(probe: ObservedProbe): Promise<void> {
  const { pid } = probe.process;
  probe.takeTraffic();
  const before = usageOfTree(pid);
  const resident: number[] = [];
  const fromMs = performance.now();
  while (performance.now() - fromMs < measuredMs) {
    await sleep(500);
    resident.push(usageOfTree(pid).residentMb);
  }
  const elapsedMs = performance.now() - fromMs;
  const corePercent = (100 * (usageOfTree(pid).cpuMs - before.cpuMs)) / elapsedMs;
  resident.sort((left, right) => left - right);
  const median = resident[Math.floor(resident.length / 2)] ?? 0;
  const most = resident.at(-1) ?? 0;
  console.log(
    `${guests} guests at 1 Hz: ${median.toFixed(0)} MB resident, ${most.toFixed(0)} at most (limit ${limits.residentMb}), ` +
      `${corePercent.toFixed(2)} % of a core (limit ${limits.corePercent}), children counted`,
  );
  console.log(`  ${describeTraffic(probe, elapsedMs)}`);
}

function describeTraffic(probe: ObservedProbe, elapsedMs: number): string {
  const { reports, datagrams, bytes } = probe.takeTraffic();
  const perSecond = Math.round((1000 * bytes) / elapsedMs);
  return `${(datagrams / reports).toFixed(2)} datagrams a report, ${perSecond} bytes a second to each collector and path`;
}

function qemuOf(at: number): number {
  const name = `instance-${at.toString(16).padStart(8, "0")}`;
  const text = execFileSync("/usr/bin/pgrep", ["-f", `^/usr/bin/qemu.*guest=${name},`]).toString();
  return Number(text.split("\n")[0]);
}

/** Of a server with a disk and a network interface, as libvirt 9.0 tells it of a running QEMU. */
const statistics = {
  "cpu.time": 123_456_789,
  "vcpu.current": 2,
  "balloon.current": 2_097_152,
  "balloon.rss": 1_048_576,
  "net.0.rx.bytes": 123_456,
  "net.0.tx.bytes": 654_321,
  "block.0.rd.bytes": 1_234_567,
  "block.0.wr.bytes": 7_654_321,
};

/** What real probes send behind libvirtds that tell of so many guests; these are made up, for 200 real ones need 10 GB. */
async function benchTraffic(folder: string): Promise<readonly string[]> {
  return await Promise.all(
    [0, 10, 50, 200].map(async (count) => {
      const own = join(folder, `of-${count}`);
      mkdirSync(own);
      const libvirt = await startFakeLibvirt(join(own, "libvirt-sock-ro"));
      libvirt.statistics = statistics;
      libvirt.domains = Object.fromEntries(
        Array.from({ length: count }, (_, at) => [at.toString(16).padStart(32, "0"), 1]),
      );
      const probe = await observeProbe(own, checksOf(own, join(own, "libvirt-sock-ro")), "10s");
      try {
        await sleep(warmUpMs);
        probe.takeTraffic();
        const fromMs = performance.now();
        await sleep(measuredMs);
        return `${String(count).padStart(3)} guests: ${describeTraffic(probe, performance.now() - fromMs)}`;
      } finally {
        await probe.end();
        await libvirt.close();
      }
    }),
  );
}

const nova = `import sys
sys.argv = ["nova-compute", "--config-file", sys.argv[1]]
from nova.cmd.compute import main
main()
`;

/** Debian's nova-compute with its driver for libvirt, up to where it waits for a conductor: what it takes at least. */
async function benchNovaCompute(folder: string): Promise<string> {
  const config = join(folder, "nova.conf");
  writeFileSync(
    config,
    `[DEFAULT]
host = bench
compute_driver = libvirt.LibvirtDriver
transport_url = rabbit://127.0.0.1:1/
state_path = ${folder}
log_file = ${join(folder, "nova-compute.log")}
[oslo_concurrency]
lock_path = ${folder}
`,
  );
  const child: ChildProcess = spawn("/usr/bin/python3", ["-c", nova, config], { stdio: "ignore" });
  try {
    // Its imports take some seconds of processor time beside the guests that are being started.
    await sleep(60_000);
    if (child.exitCode !== null) return "Debian's nova-compute: did not start here";
    const { residentMb, cpuMs } = usageOfTree(child.pid ?? 0);
    return `Debian's nova-compute, waiting for its conductor: ${residentMb.toFixed(0)} MB resident, ${(cpuMs / 1000).toFixed(1)} s of processor time to get there`;
  } finally {
    child.kill("SIGKILL");
  }
}
