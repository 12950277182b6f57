/**
 * One fping for a network that pings for ever: a process a second would cost more than all else the probe does. It is
 * watched by what it writes, never awaited; one that ended is started again at the next look.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readEchoLine, type EchoLine } from "../core/ping-line.ts";

export interface PingStream {
  /** Starts it where it does not run, anew where it should ask others; ends it without targets. */
  keep(args: readonly string[], hasTargets: boolean): void;
  close(): void;
}

const lineCharsMax = 4096;

export function createPingStream(
  program: string,
  onEcho: (echo: EchoLine) => void,
  onTrouble: (text: string) => void,
): PingStream {
  let child: ChildProcess | undefined;
  let running = "";

  function start(args: readonly string[]): void {
    const started = spawn(program, args, {
      cwd: "/",
      env: { LC_ALL: "C", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    let rest = "";
    started.stdout.on("data", (chunk: Buffer) => {
      if (child !== started) return;
      const lines = (rest + chunk.toString("latin1")).split("\n");
      rest = (lines.pop() ?? "").slice(0, lineCharsMax);
      for (const line of lines) {
        const echo = readEchoLine(line);
        if (echo !== undefined) onEcho(echo);
      }
    });
    started.stderr.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1").split("\n")[0] ?? "";
      // One for each host that does not answer: the lines of the echoes say it already.
      if (!text.startsWith("ICMP ")) onTrouble(text.slice(0, 200));
    });
    started.on("error", (error) => {
      onTrouble(error.message);
      if (child === started) child = undefined;
    });
    started.on("exit", () => {
      if (child === started) child = undefined;
    });
    started.unref();
  }

  function stop(): void {
    const former = child;
    child = undefined;
    former?.kill("SIGKILL");
  }

  return {
    keep(args, hasTargets) {
      const wanted = args.join(" ");
      if (child !== undefined && running === wanted && hasTargets) return;
      stop();
      running = wanted;
      if (hasTargets) start(args);
    },
    close: stop,
  };
}
