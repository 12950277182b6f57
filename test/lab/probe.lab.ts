/** The probe on real parts: libvirtd with 20 emulated guests, and a file system that fails in every way it can here. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Report } from "../../shared/wire.ts";
import { sleep } from "../../shared/loop.ts";
import { waitFor } from "../support/wait-for.ts";
import { observeProbe } from "./observed-probe.ts";

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
  const before = usageOf(probe.process.pid);
  await sleep(20_000);
  const after = usageOf(probe.process.pid);
  const percent = ((after.cpuMs - before.cpuMs) / 20_000) * 100;
  t.diagnostic(
    `${guests} guests: ${after.residentMb} MB resident, ${percent.toFixed(2)} % of a core`,
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

/** CPU time of the process and of its ended children, in the kernel's ticks of 10 ms. */
function usageOf(pid: number): { readonly cpuMs: number; readonly residentMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const ticks = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  return { cpuMs: 10 * ticks, residentMb: Math.round(kilobytes / 1024) };
}

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

test("instances directory: each fault is itself within its deadline, heals by itself, leaves nothing", async (t) => {
  const folder = mkdtempSync("/tmp/probe-lab-");
  const at = join(folder, "instances");
  sh(
    `mkdir ${at} && truncate -s 64M ${folder}/disk && mkfs.ext4 -q -F ${folder}/disk && mount -o loop ${folder}/disk ${at}`,
  );
  t.after(() => {
    sh(`fsfreeze -u ${at} 2>/dev/null; while umount -l ${at} 2>/dev/null; do :; done`);
    rmSync(folder, { recursive: true, force: true });
  });
  const probe = await observeProbe(
    folder,
    `  directory: { path: ${at}, every: 1s, deadline: 2s, slowAfter: 1s, expectMount: true }\n`,
  );
  t.after(() => probe.end());
  const is = (state: string) => (report: Report) => report.liveness?.checks.directory === state;
  await probe.until("ok", is("ok"), 15_000);
  probe.longestGapMs();
  const faults: readonly (readonly [string, string, string])[] = [
    ["hung", `fsfreeze -f ${at}`, `fsfreeze -u ${at}`],
    ["read-only", `mount -o remount,ro ${at}`, `mount -o remount,rw ${at}`],
    ["full", `dd if=/dev/zero of=${at}/fill bs=4k 2>/dev/null || true; sync`, `rm ${at}/fill`],
    ["missing", `umount -l ${at}`, `mount -o loop ${folder}/disk ${at}`],
    [
      "full",
      `mount -t tmpfs -o size=64k tmpfs ${at} && dd if=/dev/zero of=${at}/fill bs=4k 2>/dev/null || true`,
      `umount -l ${at}`,
    ],
  ];
  for (const [state, cause, cure] of faults) {
    sh(cause);
    const tookMs = await probe.until(state, is(state), 12_000);
    sh(cure);
    const healedMs = await probe.until(`ok after ${state}`, is("ok"), 12_000);
    const gapMs = probe.longestGapMs();
    t.diagnostic(
      `${state}: told in ${tookMs} ms, healed in ${healedMs} ms, longest gap ${gapMs} ms`,
    );
    assert.ok(gapMs <= 1500, `${state}: a gap of ${gapMs} ms`);
  }
  const left = (): true | undefined =>
    sh(`pgrep -f '[.]guardian-probe compute-1' || true`).includes("\n") ? undefined : true;
  await waitFor("no child left", left, 5000);
});
