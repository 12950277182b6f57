/** What both stories share: the cloud, the guardian, what was heard of it, and patient waiting. */
import { sleep } from "../../shared/loop.ts";
import type { DemoCloud } from "./cloud.ts";
import type { HostRecord, LogLine, RunningGuardian } from "./running-guardian.ts";
import type { Terminal } from "./terminal.ts";

/** Something the guardian said or sent, and when (milliseconds since the process started). */
export interface Heard {
  readonly atMs: number;
  readonly line: LogLine;
}

export interface HeardAlert {
  readonly atMs: number;
  readonly authentic: boolean;
  readonly class: string;
  readonly status: string;
  readonly host: string;
  readonly title: string;
  readonly next: string;
}

/** Times of the demo itself; the guardian's own limits are in its configuration. */
export interface Pace {
  /** Longer than the guardian's grace: each host must have been fresh for that long. */
  readonly healthyMs: number;
  /** How long we watch the guardian do nothing. */
  readonly watchMs: number;
}

export interface Stage {
  readonly terminal: Terminal;
  readonly cloud: DemoCloud;
  readonly guardian: RunningGuardian;
  readonly pace: Pace;
  readonly heard: readonly Heard[];
  readonly alerts: readonly HeardAlert[];
  readonly signal: AbortSignal;
}

const lookEveryMs = 50;
const progressEveryMs = 2000;

export interface Wait {
  readonly until: () => Promise<boolean> | boolean;
  readonly deadlineMs: number;
  /** Said every two seconds in which nothing else was. */
  readonly progress: () => Promise<string> | string;
}

/** True when it came true in time. Throws when the guardian ended, or the demo is stopped. */
export async function wait(stage: Stage, { until, deadlineMs, progress }: Wait): Promise<boolean> {
  const { terminal, guardian, signal } = stage;
  const giveUpMs = terminal.nowMs() + deadlineMs;
  for (;;) {
    signal.throwIfAborted();
    if (guardian.endedWith !== undefined) throw new Error("the guardian ended by itself");
    if (await until()) return true;
    if (terminal.nowMs() > giveUpMs) {
      terminal.say("demo", `gave up after ${deadlineMs / 1000} s: ${await progress()}`, "bad");
      return false;
    }
    if (terminal.quietMs() >= progressEveryMs) {
      terminal.say("wait", `${await progress()} …`, "faint");
    }
    await sleep(lookEveryMs, signal);
  }
}

/** The first line of this event about a host, since `sinceMs`. */
export function heardOf(
  stage: Stage,
  host: string,
  event: string,
  sinceMs: number,
  text = /./,
): Heard | undefined {
  return stage.heard.find(
    ({ atMs, line }) =>
      atMs >= sinceMs && line.host === host && line.event === event && text.test(line.text),
  );
}

/** One sentence on how a host looks to the guardian now. */
export async function describeHost(stage: Stage, name: string): Promise<string> {
  const { verdict, reportAge, power } = await stage.guardian.explain(name);
  return `${name}: ${verdict}, last report ${reportAge} ago, power reads ${power}`;
}

/** What the verdict on a host rests on, in the guardian's words. */
export async function showEvidence(stage: Stage, name: string): Promise<void> {
  for (const line of (await stage.guardian.explain(name)).evidence) {
    stage.terminal.say("guardian", `  evidence on ${name}: ${line}`, "faint");
  }
}

/** The hosts as `guardian host list` shows them, in the columns that fit here. */
export async function showHosts(stage: Stage): Promise<void> {
  const hosts = await stage.guardian.hosts();
  stage.terminal.table(hosts.map(hostRow));
}

function hostRow(host: HostRecord): object {
  const { verdict, storage, directory, power, servers } = host;
  return {
    host: host.host,
    verdict,
    "report age": host.reportAge,
    storage,
    directory,
    power,
    nova: host.nova,
    servers,
  };
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
