/** Facts of the host from the texts of /proc and /sys, and of chronyc; a text that makes no sense gives no fact. */
import { gauge, type ResourceSample } from "./standing.ts";

/** "0.52 0.58 0.59 1/467 12345" */
export function factsOfLoad(loadavg: string): readonly ResourceSample[] {
  return numbers([["load.1m", "load", loadavg.split(" ")[0]]]);
}

/** Lines "MemTotal:  16384 kB". */
export function factsOfMemory(meminfo: string): readonly ResourceSample[] {
  const kilobytes = (key: string): string | undefined =>
    new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1];
  return numbers([
    ["memory.total", "KiB", kilobytes("MemTotal")],
    ["memory.available", "KiB", kilobytes("MemAvailable")],
    ["memory.swap.free", "KiB", kilobytes("SwapFree")],
  ]);
}

export interface CpuTicks {
  readonly busy: number;
  readonly waiting: number;
  readonly total: number;
}

/** The first line of /proc/stat: user nice system idle iowait irq softirq steal. */
export function readCpuTicks(stat: string): CpuTicks | undefined {
  const ticks = /^cpu +([\d ]+)$/m.exec(stat)?.[1]?.split(" ").map(Number).slice(0, 8) ?? [];
  const [idle, waiting] = [ticks[3], ticks[4]];
  if (idle === undefined || waiting === undefined) return undefined;
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { total, waiting, busy: total - idle - waiting };
}

export function factsOfCpu(before: CpuTicks | undefined, now: CpuTicks): readonly ResourceSample[] {
  const total = now.total - (before?.total ?? 0);
  if (before === undefined || total <= 0) return [];
  const percent = (from: number, to: number): number => Math.max(0, (100 * (to - from)) / total);
  return [
    gauge("cpu.percent", "%", percent(before.busy, now.busy)),
    gauge("cpu.iowait.percent", "%", percent(before.waiting, now.waiting)),
  ];
}

/** "12345.67 23456.78" */
export function factsOfUptime(uptime: string): readonly ResourceSample[] {
  return numbers([["uptime", "s", uptime.split(" ")[0]]]);
}

/** The letter behind the name in /proc/PID/stat; the name may hold anything, brackets too. */
export function taskStateOf(stat: string): string {
  return /^ (\S)/.exec(stat.slice(stat.lastIndexOf(")") + 1))?.[1] ?? "";
}

/** Threads of a process, from the same line. */
export function threadsOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[17] ?? 1);
}

export interface TimeSync {
  readonly isSynchronized: boolean;
  readonly offsetMs: number | undefined;
}

/** `chronyc -c -n tracking`: fields between commas; the fifth is our offset in seconds, the last the leap status. */
export function readChrony(stdout: string): TimeSync | undefined {
  const fields = stdout.trim().split("\n")[0]?.split(",") ?? [];
  if (fields.length < 14) return undefined;
  const offset = Number(fields[4]);
  const isSynchronized = fields.at(-1) !== "Not synchronised";
  return { isSynchronized, offsetMs: Number.isFinite(offset) ? 1000 * offset : undefined };
}

/** `timedatectl show -p NTPSynchronized`: "NTPSynchronized=yes". */
export function readTimedate(stdout: string): TimeSync | undefined {
  const match = /^NTPSynchronized=(yes|no)$/m.exec(stdout);
  return match === null ? undefined : { isSynchronized: match[1] === "yes", offsetMs: undefined };
}

export function factsOfTime(sync: TimeSync | undefined): readonly ResourceSample[] {
  if (sync === undefined) return [];
  return [
    gauge("time.synchronized", "bool", sync.isSynchronized ? 1 : 0),
    ...(sync.offsetMs === undefined ? [] : [gauge("time.offset", "ms", sync.offsetMs)]),
  ];
}

/** What makers leave in the place of a serial, in small letters. */
const noSerials = [
  "0",
  "00000000",
  "0123456789",
  "123456789",
  "default string",
  "empty",
  "n/a",
  "na",
  "none",
  "not applicable",
  "not available",
  "not specified",
  "system serial number",
  "to be filled by o.e.m.",
  "unknown",
];

/** The serial in a text of /sys/class/dmi/id; "" when it names no machine. */
export function tellingSerial(text: string): string {
  const serial = text.trim();
  if (!/^[\x20-\x7e]{1,64}$/.test(serial) || noSerials.includes(serial.toLowerCase())) return "";
  // One sign over and over: zeros, dots, the like.
  return /^(.)\1*$/.test(serial) ? "" : serial;
}

/** A fact that is a text: the name of a resource with the value 1. */
export function factOfText(name: string, value: string): readonly ResourceSample[] {
  return value === "" ? [] : [gauge(name, "1", 1, `${name}:${value}`)];
}

/** What is no finite number is left out. */
function numbers(
  found: readonly (readonly [name: string, unit: string, text: string | undefined])[],
): readonly ResourceSample[] {
  return found.flatMap(([name, unit, text]) => {
    const volume = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
    return Number.isFinite(volume) ? [gauge(name, unit, volume)] : [];
  });
}
