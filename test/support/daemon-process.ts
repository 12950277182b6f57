/** Starts a real daemon from dist/, reads its JSON log, and ends what it started, by pid. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { withDeadline } from "../../shared/loop.ts";

export interface DaemonProcess {
  readonly pid: number;
  readonly lines: readonly string[];
  /** The first log line with this `event`, also if it was logged before. */
  logged(event: string, deadlineMs?: number): Promise<Record<string, unknown>>;
  /** Resolves to the exit code (or the signal's name). */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | string>;
}

/** `main` is relative to dist/, such as "collector/main.js". */
export function startDaemon(main: string, args: readonly string[]): DaemonProcess {
  const file = new URL(`../../${main}`, import.meta.url).pathname;
  const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const wake of waiting.splice(0)) wake();
    });
  }
  child.once("exit", () => waiting.splice(0).forEach((wake) => wake()));
  return {
    pid: child.pid ?? 0,
    lines,
    async logged(event, deadlineMs = 5000) {
      const giveUpMs = Date.now() + deadlineMs;
      for (;;) {
        const found = lines.map(parseLine).find((entry) => entry["event"] === event);
        if (found !== undefined) return found;
        if (Date.now() > giveUpMs || child.exitCode !== null) {
          throw new Error(`${main} did not log "${event}":\n${lines.join("\n")}`);
        }
        await withDeadline(new Promise<void>((resolve) => waiting.push(resolve)), 100, () => {});
      }
    },
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
