/** Looks at the host itself: /proc and /sys, which never wait for a disk, and a few programs with a deadline. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { readFileSystemFacts } from "../core/directory-result.ts";
import {
  factOfText,
  factsOfCpu,
  factsOfLoad,
  factsOfMemory,
  factsOfTime,
  factsOfUptime,
  readChrony,
  readCpuTicks,
  readTimedate,
  taskStateOf,
  threadsOf,
  type CpuTicks,
  type TimeSync,
} from "../core/host-facts.ts";
import { mountOf } from "../core/mount-info.ts";
import { gauge, type ResourceSample, type Summary } from "../core/standing.ts";
import { startChild } from "./child.ts";
import type { StuckChildren } from "./directory-check.ts";
import { readDmiSerial } from "./dmi-serial.ts";

export interface FactsCheck {
  round(): Promise<void>;
  summary(): Summary | undefined;
}

/** What needs a program is looked at once in so many rounds. */
const roundsBetweenPrograms = 6;
const chronyc = "/usr/bin/chronyc";
const timedatectl = "/usr/bin/timedatectl";

export function createFactsCheck(options: {
  readonly filesystems: readonly string[];
  /** Where the helper at boot leaves the firmware's serial. */
  readonly serialFile: string;
  readonly stuck: StuckChildren;
  readonly deadlineMs: number;
  readonly clock: Clock;
}): FactsCheck {
  const { clock, deadlineMs, stuck } = options;
  let cpu: CpuTicks | undefined;
  let time: TimeSync | undefined;
  let space: readonly ResourceSample[] = [];
  let summary: Summary | undefined;
  let rounds = 0;

  async function runPrograms(): Promise<void> {
    const spaces = options.filesystems.map((path) => lookAtSpace(path, stuck, deadlineMs));
    const [synced, ...spaceSamples] = await Promise.all([lookAtTime(deadlineMs), ...spaces]);
    time = synced;
    space = spaceSamples.flat();
  }

  return {
    summary: () => summary,
    async round() {
      if (rounds % roundsBetweenPrograms === 0) await runPrograms();
      rounds += 1;
      const ticks = readCpuTicks(tryRead("/proc/stat"));
      const waiting = countWaiting();
      const samples = [
        ...factsOfLoad(tryRead("/proc/loadavg")),
        ...factsOfMemory(tryRead("/proc/meminfo")),
        ...(ticks === undefined ? [] : factsOfCpu(cpu, ticks)),
        ...factsOfUptime(tryRead("/proc/uptime")),
        ...factsOfTime(time),
        ...space,
        gauge("tasks.uninterruptible", "task", waiting),
        gauge("watchdog.present", "bool", existsSync("/dev/watchdog0") ? 1 : 0),
        ...factOfText("kernel", tryRead("/proc/sys/kernel/osrelease").trim()),
        ...factOfText("serial", readDmiSerial(options.serialFile)),
      ];
      cpu = ticks;
      const text = textOf(samples);
      summary = { state: "ok", level: "ok", atMs: clock.monoMs(), text, samples };
    },
  };
}

function textOf(samples: readonly ResourceSample[]): string {
  const value = (name: string): number | undefined =>
    samples.find((sample) => sample.name === `compute.node.${name}`)?.volume;
  const sync = value("time.synchronized");
  return [
    `load ${value("load.1m") ?? "?"}`,
    `${Math.round((value("memory.available") ?? 0) / 1024)} MiB available`,
    `${value("tasks.uninterruptible") ?? "?"} tasks wait uninterruptibly`,
    `up ${Math.round(value("uptime") ?? 0)} s`,
    sync === undefined
      ? "time: nobody to ask"
      : sync === 1
        ? "time synchronized"
        : "time NOT synchronized",
  ].join(", ");
}

async function lookAtTime(deadlineMs: number): Promise<TimeSync | undefined> {
  const [command, args, read] = existsSync(chronyc)
    ? ([chronyc, ["-c", "-n", "tracking"], readChrony] as const)
    : ([timedatectl, ["show", "-p", "NTPSynchronized"], readTimedate] as const);
  if (!existsSync(command)) return undefined;
  const result = await startChild(command, args, deadlineMs).settled;
  return result.kind === "exited" ? read(result.stdout) : undefined;
}

/** statfs hangs on a file system that does: a child, at most one a mount. */
async function lookAtSpace(
  path: string,
  stuck: StuckChildren,
  deadlineMs: number,
): Promise<readonly ResourceSample[]> {
  const mount = mountOf(tryRead("/proc/self/mountinfo"), path);
  const key = mount === undefined ? path : `${mount.device} ${mount.at}`;
  const former = stuck.get(key);
  if (former !== undefined && !former.isGone()) return [];
  const child = startChild("/usr/bin/stat", ["-f", "-c", "%i %S %b %a", path], deadlineMs);
  const result = await child.settled;
  if (result.kind === "deadline") stuck.set(key, child);
  const facts = result.kind === "exited" ? readFileSystemFacts(result.stdout) : undefined;
  if (facts === undefined) return [];
  const resource = `filesystem:${path}`;
  return [
    gauge("filesystem.bytes", "B", facts.bytesTotal, resource),
    gauge("filesystem.bytes.available", "B", facts.bytesAvailable, resource),
  ];
}

/** Tasks in uninterruptible sleep, threads of processes that have several included. */
function countWaiting(): number {
  let count = 0;
  for (const entry of tryList("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = tryRead(`/proc/${entry}/stat`);
    const tasks = threadsOf(stat) > 1 ? tryList(`/proc/${entry}/task`) : [];
    const states =
      tasks.length === 0
        ? [taskStateOf(stat)]
        : tasks.map((task) => taskStateOf(tryRead(`/proc/${entry}/task/${task}/stat`)));
    count += states.filter((state) => state === "D").length;
  }
  return count;
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function tryList(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
