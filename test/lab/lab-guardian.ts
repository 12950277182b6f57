/** The guardian on gl-grd, as a scenario handles it: started, asked, killed, read line by line. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { startDaemon, type LogEntry } from "../support/daemon-process.ts";
import { waitFor } from "../support/wait-for.ts";
import { hosts, type GuardianFiles } from "./lab-configs.ts";
import { daemonEnv } from "./lab-daemons.ts";
import { through } from "./lab-scripts.ts";

export interface LabGuardian {
  readonly pid: number;
  readonly pinger: string;
  /** The first log line of this event on this host; `atMs` is when it was logged. */
  line(host: string, event: string, deadlineMs: number): Promise<GuardianLine>;
  /** The first line that says that the host's verdict is now this one. */
  verdict(host: string, verdict: string, deadlineMs: number): Promise<GuardianLine>;
  /** Every line of this event, of any host. */
  lines(event: string): readonly GuardianLine[];
  /** Runs the operator's command line against it and returns what it printed, as JSON. */
  ask(...words: readonly string[]): unknown;
  /** Waits until every host is healthy, its power read, and the grace after a start is over. */
  watching(): Promise<void>;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface GuardianLine {
  readonly atMs: number;
  readonly host: string;
  readonly event: string;
  readonly text: string;
}

interface HostLine {
  readonly host: string;
  readonly verdict: string;
  readonly power: string;
}

/** Rather more than limits.graceFresh, which is 10 s. */
const graceMs = 10_500;
const mainFile = new URL("../../guardian/main.js", import.meta.url).pathname;

/** Its log is written to `logFile` when it ends. */
export async function startGuardian(files: GuardianFiles, logFile: string): Promise<LabGuardian> {
  const daemon = startDaemon("guardian/main.js", ["run", "--config", files.config], {
    through: through("grd"),
    env: daemonEnv,
  });
  const running = await daemon.logged("running", 10_000);
  const ask = (...words: readonly string[]): unknown => {
    const args = [mainFile, "--socket", files.socket, "--format", "json", ...words];
    const printed = execFileSync(process.execPath, args, { encoding: "utf8", env: daemonEnv });
    return printed.trim() === "done" ? printed.trim() : JSON.parse(printed);
  };
  return {
    pid: daemon.pid,
    pinger: String(running["pinger"]),
    line: async (host, event, deadlineMs) =>
      toLine(
        await daemon.find(
          `"${event}" of ${host}`,
          (entry) => entry["event"] === event && entry["host"] === host,
          deadlineMs,
        ),
      ),
    verdict: async (host, verdict, deadlineMs) =>
      toLine(
        await daemon.find(
          `${host} -> ${verdict}`,
          (entry) => entry["host"] === host && String(entry["msg"]).includes(`-> ${verdict} (`),
          deadlineMs,
        ),
      ),
    lines: (event) =>
      daemon
        .entries()
        .filter((entry) => entry["event"] === event)
        .map(toLine),
    ask,
    async watching() {
      let calmSince: number | undefined;
      await waitFor(
        "all hosts to be healthy and watched",
        () => {
          const lines = ask("host", "list") as readonly HostLine[];
          const calm =
            lines.length === hosts.length && lines.every(({ verdict }) => verdict === "healthy");
          calmSince = calm ? (calmSince ?? Date.now()) : undefined;
          return calmSince !== undefined && Date.now() - calmSince > graceMs ? true : undefined;
        },
        60_000,
      );
    },
    async end(signal) {
      await daemon.end(signal);
      writeFileSync(logFile, `${daemon.lines.join("\n")}\n`);
    },
  };
}

function toLine(entry: LogEntry): GuardianLine {
  return {
    atMs: Date.parse(String(entry["time"])),
    host: String(entry["host"]),
    event: String(entry["event"]),
    text: String(entry["msg"]),
  };
}

/** Memory of a process now, and processor time so far, with that of the children it had. */
export function usage(pid: number): { readonly rssMb: number; readonly cpuMs: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024, cpuMs: ticks * 10 };
}
