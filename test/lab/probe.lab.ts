/** The probe on real parts: libvirtd with 20 emulated guests, and a file system that fails in every way it can here. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Report } from "../../shared/wire.ts";
import { sleep } from "../../shared/loop.ts";
import { treeOf, usageOfTree } from "../support/process-tree.ts";
import { waitFor } from "../support/wait-for.ts";
import { createCgroup, hasControllers } from "./cgroup.ts";
import { observeProbe, type ObservedProbe } from "./observed-probe.ts";

const guests = Number(process.env["PROBE_LAB_GUESTS"] ?? 20);
const script = "test/lab/probe-libvirtd.sh";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync("/tmp/probe-lab-");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const libvirtIs =
  (state: string) =>
  ({ liveness }: Report): boolean =>
    liveness?.checks.libvirt === state;

function qemuOf(at: number): number {
  const name = `instance-${at.toString(16).padStart(8, "0")}`;
  const text = execFileSync("/usr/bin/pgrep", ["-f", `^/usr/bin/qemu.*guest=${name},`]).toString();
  return Number(text.split("\n")[0]);
}

test("libvirt: a guest that dies, one that hangs, a libvirtd that stops, dies and comes back", async (t) => {
  const folder = folderOf(t);
  const host = spawn("/bin/bash", [script, "run", folder], { stdio: "ignore" });
  t.after(() => host.kill("SIGKILL"));
  const socket = join(folder, "run/libvirt/libvirt-sock-ro");
  const libvirtd = (): number => {
    const inner = readFileSync(join(folder, "run/libvirtd.pid"), "utf8").trim();
    const found = execFileSync("/usr/bin/pgrep", ["-f", `^libvirtd -f /etc/libvirt/libvirtd.conf`]);
    const pids = found.toString().trim().split("\n").map(Number);
    const same = pids.find((pid) => {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      return /^NSpid:.*$/m.exec(status)?.[0].endsWith(`\t${inner}`) === true;
    });
    assert.ok(same !== undefined, "no libvirtd of ours");
    return same;
  };
  await waitFor("libvirtd", () => (libvirtReady(folder) ? true : undefined), 60_000);
  execFileSync("/bin/bash", [script, "guests", folder, String(guests)], { stdio: "ignore" });
  const libvirt = `{ socket: ${socket}, statsEvery: 5s, statsDeadline: 3s, hungAfter: 5s }`;
  const probe = await observeProbe(folder, `  libvirt: ${libvirt}\n`);
  t.after(() => probe.end());
  const running = (count: number) => (report: Report) =>
    report.liveness?.checks.serversRunning === count;
  await probe.until("all guests", running(guests), 15_000);
  await waitFor(
    "statistics",
    () => (probe.samples("cpu").size === guests ? true : undefined),
    30_000,
  );
  probe.longestGapMs();

  process.kill(qemuOf(1), "SIGKILL");
  const goneMs = await probe.until("a guest gone", running(guests - 1), 15_000);
  t.diagnostic(`kill -9 of a QEMU to the report that says so: ${goneMs} ms`);

  const stopped = qemuOf(2);
  process.kill(stopped, "SIGSTOP");
  const fromMs = performance.now();
  const id = "00000000-0000-4000-8000-000000000002";
  const hung = (): true | undefined => (probe.samples("server.hung").has(id) ? true : undefined);
  await waitFor("a hung guest", hung, 60_000);
  t.diagnostic(`SIGSTOP of a QEMU to "hung": ${Math.round(performance.now() - fromMs)} ms`);
  process.kill(stopped, "SIGCONT");
  const healed = (): true | undefined => probe.samples("servers.hung").get("") === 0 || undefined;
  await waitFor("no hung guest", healed, 60_000);
  t.diagnostic(`longest gap between reports so far: ${probe.longestGapMs()} ms`);
  const before = usageOfTree(probe.process.pid);
  await sleep(20_000);
  const after = usageOfTree(probe.process.pid);
  const percent = ((after.cpuMs - before.cpuMs) / 20_000) * 100;
  t.diagnostic(
    `${guests} guests: ${after.residentMb.toFixed(0)} MB resident, ${percent.toFixed(2)} % of a core`,
  );

  const daemon = libvirtd();
  process.kill(daemon, "SIGSTOP");
  const downMs = await probe.until("libvirtd stopped", libvirtIs("down"), 15_000);
  process.kill(daemon, "SIGCONT");
  await probe.until("libvirtd goes on", libvirtIs("up"), 30_000);
  process.kill(daemon, "SIGKILL");
  const deadMs = await probe.until("libvirtd dead", libvirtIs("down"), 15_000);
  writeFileSync(join(folder, "start-again"), "");
  const backMs = await probe.until("libvirtd back", libvirtIs("up"), 60_000);
  const gapMs = probe.longestGapMs();
  t.diagnostic(`libvirtd: stopped told in ${downMs}, killed in ${deadMs}, back in ${backMs} ms`);
  t.diagnostic(`longest gap between reports, libvirtd stopped and killed: ${gapMs} ms`);
  assert.ok(gapMs <= 1500, `a gap of ${gapMs} ms`);
  await probe.until("servers again", running(guests - 1), 15_000);
});

function libvirtReady(folder: string): boolean {
  try {
    const uri = `qemu+unix:///system?socket=${folder}/run/libvirt/libvirt-sock`;
    execFileSync("/usr/bin/virsh", ["-q", "-c", uri, "list"], { stdio: "ignore", timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}

const sh = (text: string): string =>
  execFileSync("/bin/bash", ["-c", text], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const is =
  (state: string) =>
  ({ liveness }: Report): boolean =>
    liveness?.checks.directory === state;

/** What breaks it, what is told then, and what mends it. */
interface Fault {
  readonly name: string;
  readonly state: string;
  readonly cause: () => unknown;
  readonly cure: () => unknown;
}

const shell = (name: string, state: string, cause: string, cure: string): Fault => ({
  name,
  state,
  cause: () => sh(cause),
  cure: () => sh(cure),
});

/** Each fault is told as itself, is over when it is mended, holds up no report and leaves nothing behind. */
async function goThrough(
  t: TestContext,
  probe: ObservedProbe,
  faults: readonly Fault[],
): Promise<void> {
  await probe.until("ok", is("ok"), 15_000);
  const threads = threadsOf(probe.process.pid);
  probe.longestGapMs();
  for (const { name, state, cause, cure } of faults) {
    cause();
    const tookMs = await probe.until(state, is(state), 15_000);
    cure();
    const healedMs = await probe.until(`ok after ${name}`, is("ok"), 15_000);
    const gapMs = probe.longestGapMs();
    const times = `told in ${tookMs} ms, healed in ${healedMs} ms, longest gap ${gapMs} ms`;
    t.diagnostic(`${name}: ${state}: ${times}`);
    assert.ok(gapMs <= 1500, `${name}: a gap of ${gapMs} ms`);
  }
  const alone = (): true | undefined => treeOf(probe.process.pid).length === 1 || undefined;
  await waitFor("no child left", alone, 10_000);
  assert.equal(threadsOf(probe.process.pid), threads, "a thread is left");
}

function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** A probe that writes to a file system in a file, each second. */
async function watchDisk(t: TestContext, make: string, bytes: string) {
  const folder = mkdtempSync("/tmp/probe-lab-");
  const at = join(folder, "instances");
  const disk = `${folder}/disk`;
  sh(
    `mkdir ${at} && truncate -s ${bytes} ${disk} && ${make} ${disk} && mount -o loop ${disk} ${at}`,
  );
  t.after(() => {
    sh(`fsfreeze -u ${at} 2>/dev/null; while umount -l ${at} 2>/dev/null; do :; done`);
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, at, disk, probe: await watchDirectory(t, folder, at) };
}

async function watchDirectory(
  t: TestContext,
  folder: string,
  at: string,
  more = "",
): Promise<ObservedProbe> {
  const times = "every: 1s, deadline: 2s, slowAfter: 1s, expectMount: true";
  const probe = await observeProbe(folder, `  directory: { path: ${at}, ${times} }\n${more}`);
  t.after(() => probe.end());
  return probe;
}

test("instances directory: each fault is itself within its deadline, heals by itself, leaves nothing", async (t) => {
  const { at, disk, probe } = await watchDisk(t, "mkfs.ext4 -q -F", "64M");
  const fill = `dd if=/dev/zero of=${at}/fill bs=4k 2>/dev/null || true; sync`;
  await goThrough(t, probe, [
    shell("fsfreeze", "hung", `fsfreeze -f ${at}`, `fsfreeze -u ${at}`),
    shell("remount", "read-only", `mount -o remount,ro ${at}`, `mount -o remount,rw ${at}`),
    shell("ext4 full", "full", fill, `rm ${at}/fill`),
    shell("unmounted", "missing", `umount -l ${at}`, `mount -o loop ${disk} ${at}`),
    shell(
      "tmpfs full",
      "full",
      `mount -t tmpfs -o size=64k tmpfs ${at} && ${fill}`,
      `umount -l ${at}`,
    ),
  ]);
});

test("xfs that shut itself down is an I/O error", async (t) => {
  const { at, disk, probe } = await watchDisk(t, "mkfs.xfs -q -f", "400M");
  const mend = `umount ${at} && mount -o loop ${disk} ${at}`;
  await goThrough(t, probe, [
    shell("xfs shut down", "io-error", `xfs_io -x -c shutdown ${at}`, mend),
  ]);
});

test("a FUSE server that stops is a hang, one that is dead an I/O error", async (t) => {
  const folder = mkdtempSync("/tmp/probe-lab-");
  const [below, at] = [join(folder, "below"), join(folder, "instances")];
  sh(`mkdir ${below} ${at}`);
  let server = 0;
  const mount = (): void => {
    sh(`bindfs ${below} ${at}`);
    server = Number(sh(`pgrep -f '^bindfs ${below} '`).split("\n")[0]);
  };
  mount();
  t.after(() => {
    sh(`kill -9 ${server} 2>/dev/null; umount -l ${at} 2>/dev/null; true`);
    rmSync(folder, { recursive: true, force: true });
  });
  const probe = await watchDirectory(t, folder, at);
  const again = (): void => {
    sh(`umount -l ${at}`);
    mount();
  };
  await goThrough(t, probe, [
    {
      name: "FUSE server stopped",
      state: "hung",
      cause: () => process.kill(server, "SIGSTOP"),
      cure: () => process.kill(server, "SIGCONT"),
    },
    {
      name: "FUSE server killed",
      state: "io-error",
      cause: () => process.kill(server, "SIGKILL"),
      cure: again,
    },
  ]);
});

test("a disk that is slow is slow, one that is slower than the deadline hangs", async (t) => {
  if (!hasControllers(["blkio"])) return t.skip("needs the blkio controller of cgroup version 1");
  const { at, probe } = await watchDisk(t, "mkfs.ext4 -q -F", "64M");
  const group = createCgroup("probe-lab-disk", ["blkio"]);
  t.after(async () => {
    await probe.end();
    await waitFor("an empty group", () => group.pids().length === 0 || undefined, 10_000);
    group.remove();
  });
  group.add(probe.process.pid);
  const device = sh(`mountpoint -d ${at}`).trim();
  const throttle = (bytesPerSecond: number) => (): void =>
    group.set("blkio.throttle.write_bps_device", `${device} ${bytesPerSecond}`);
  await goThrough(t, probe, [
    { name: "3 KiB/s", state: "slow", cause: throttle(3072), cure: throttle(0) },
    { name: "512 B/s", state: "hung", cause: throttle(512), cure: throttle(0) },
  ]);
});

test("memory exhausted and load 200 around it: a report at least every three seconds", async (t) => {
  if (!hasControllers(["memory", "cpu"])) return t.skip("needs cgroup version 1");
  const folder = folderOf(t);
  // One core and 400 MB are the host; of them the probe has the weight that its unit gives it.
  const host = createCgroup("probe-lab-host", ["memory", "cpu"]);
  host.set("memory.limit_in_bytes", String(400 * 1024 * 1024));
  host.set("cpu.cfs_quota_us", "100000");
  const own = createCgroup("probe-lab-host/probe", ["memory", "cpu"]);
  own.set("cpu.shares", "10240");
  const others = createCgroup("probe-lab-host/others", ["memory", "cpu"]);
  const greedy = createCgroup("probe-lab-host/greedy", ["memory", "cpu"]);
  const probe = await observeProbe(folder, "  facts: { every: 1s }\n");
  const ended = async (): Promise<void> => {
    const pids = (): readonly number[] => [...greedy.pids(), ...others.pids()];
    for (const pid of pids()) process.kill(pid, "SIGKILL");
    await waitFor("an end of the load", () => pids().length === 0 || undefined, 20_000);
  };
  t.after(async () => {
    await ended();
    await probe.end();
    for (const group of [greedy, others, own, host]) group.remove();
  });
  own.add(probe.process.pid);
  await probe.until("a report", ({ liveness }) => liveness !== undefined, 15_000);
  for (const [group, script] of [
    [others, busyLoops],
    [greedy, hogs],
  ] as const) {
    const load = spawn("/bin/sh", ["-c", `read go; ${script}`], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    group.add(load.pid ?? 0);
    load.stdin.end("go\n");
  }
  await sleep(10_000);
  probe.longestGapMs();
  await sleep(30_000);
  const gapMs = probe.longestGapMs();
  const busy = others.pids().length;
  const killedBySize = Number(/oom_kill (\d+)/.exec(greedy.read("memory.oom_control"))?.[1]);
  t.diagnostic(
    `${busy} busy processes, ${killedBySize} killed for want of memory: longest gap ${gapMs} ms`,
  );
  assert.ok(busy >= 200, `only ${busy} are busy`);
  assert.ok(killedBySize >= 1, "memory was never exhausted");
  assert.ok(gapMs <= 3000, `a gap of ${gapMs} ms`);
  await ended();
  await sleep(3000);
  probe.longestGapMs();
  await sleep(10_000);
  const calmMs = probe.longestGapMs();
  assert.ok(calmMs <= 1500, `a gap of ${calmMs} ms afterwards`);
});

const busyLoops = "for at in $(seq 200); do (while :; do :; done) & done; wait";

/**
 * One process after another that takes all memory there is. They are killed before the probe, whose unit has
 * OOMScoreAdjust=-900: the same distance, the other way round, since not every machine lets a score be lowered.
 */
const hogs = `echo 900 >/proc/self/oom_score_adj
while :; do /usr/bin/python3 -c 'b = []
while True: b.append(bytearray(1 << 24))'; done`;
