/** What a process and all its children take: processor time with that of ended children, and resident memory. */
import { readdirSync, readFileSync } from "node:fs";

export interface TreeUsage {
  /** Of the process, its children, and theirs, those that have ended included; the kernel counts in 10 ms. */
  readonly cpuMs: number;
  readonly residentMb: number;
  readonly processes: number;
}

const tickMs = 10;

export function usageOfTree(pid: number): TreeUsage {
  const pids = treeOf(pid);
  const cpuMs = pids.map(cpuOf).reduce((sum, one) => sum + one, 0);
  const kilobytes = pids.map(residentOf).reduce((sum, one) => sum + one, 0);
  return { cpuMs, residentMb: kilobytes / 1024, processes: pids.length };
}

/** The process first, then everything below it. */
export function treeOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(fieldsOf(Number(entry))[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const below = (one: number): readonly number[] => [
    one,
    ...(children.get(one) ?? []).flatMap(below),
  ];
  return below(pid);
}

/** Behind the name: state, parent, …, user, system, and both of its ended children. */
function fieldsOf(pid: number): readonly string[] {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function cpuOf(pid: number): number {
  const ticks = fieldsOf(pid).slice(11, 15);
  return tickMs * ticks.reduce((sum, text) => sum + Number(text), 0);
}

function residentOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0);
}

/** "" of one that has ended meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
