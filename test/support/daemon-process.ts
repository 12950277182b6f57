/** Starts a real daemon from dist/, reads its JSON log, and ends what it started, by pid. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { withDeadline } from "../../shared/loop.ts";

export type LogEntry = Readonly<Record<string, unknown>>;

export interface DaemonProcess {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Every line that is JSON, in order. */
  entries(): readonly LogEntry[];
  /** The first log line with this `event`, also if it was logged before. */
  logged(event: string, deadlineMs?: number): Promise<LogEntry>;
  /** The first log line that matches, also if it was logged before; `what` is for the error. */
  find(what: string, match: (entry: LogEntry) => boolean, deadlineMs?: number): Promise<LogEntry>;
  /** Whether it has ended by itself, or was killed. */
  gone(): boolean;
  /** Resolves to the exit code (or the signal's name). */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | string>;
}

export interface DaemonOptions {
  /** A command that becomes the one after it, such as `nsenter --net=…`: the pid stays. */
  readonly through?: readonly string[];
  /** Ours when left out. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `main` is relative to dist/, such as "collector/main.js". */
export function startDaemon(
  main: string,
  args: readonly string[],
  { through = [], env = process.env as Record<string, string> }: DaemonOptions = {},
): DaemonProcess {
  const file = new URL(`../../${main}`, import.meta.url).pathname;
  const [command = process.execPath, ...rest] = [...through, process.execPath, file, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"], env });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const wake of waiting.splice(0)) wake();
    });
  }
  child.once("exit", () => waiting.splice(0).forEach((wake) => wake()));
  const find: DaemonProcess["find"] = async (what, match, deadlineMs = 5000) => {
    const giveUpMs = Date.now() + deadlineMs;
    for (;;) {
      const found = lines.map(parseLine).find(match);
      if (found !== undefined) return found;
      const gone = child.exitCode !== null || child.signalCode !== null;
      if (Date.now() > giveUpMs || gone) {
        const why = gone ? "ended without" : `did not in ${deadlineMs} ms`;
        throw new Error(`${main} ${why}: ${what}\n${lines.join("\n")}`);
      }
      await withDeadline(new Promise<void>((resolve) => waiting.push(resolve)), 100, () => {});
    }
  };
  return {
    pid: child.pid ?? 0,
    lines,
    entries: () => lines.map(parseLine),
    find,
    logged: (event, deadlineMs) =>
      find(`log "${event}"`, (entry) => entry["event"] === event, deadlineMs),
    gone: () => child.exitCode !== null || child.signalCode !== null,
    end: (signal) => endChild(child, signal),
  };
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}

async function endChild(
  child: ChildProcess,
  signal: "SIGTERM" | "SIGKILL",
): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, "exit");
    child.kill(signal);
    const patience = setTimeout(() => child.kill("SIGKILL"), 5000);
    await exited;
    clearTimeout(patience);
  }
  return child.exitCode ?? child.signalCode ?? "unknown";
}
