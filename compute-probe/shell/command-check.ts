/**
 * A check that runs a program: a monitoring plugin, or a look at a watched service. At most one of its programs at a
 * time: one that hangs is killed at its deadline, and until it is gone no other is started.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { considerFirstAid, noFirstAid, type FirstAidPolicy } from "../core/first-aid.ts";
import { readPlugin } from "../core/plugin-result.ts";
import { readProcesses, readUnit, type ServiceResult } from "../core/service-result.ts";
import { gauge, levels, type ResourceSample, type Summary } from "../core/standing.ts";
import { startChild, type Child } from "./child.ts";

export type Watched =
  | { readonly kind: "command"; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: "unit"; readonly unit: string }
  | { readonly kind: "process"; readonly process: string };

export interface CommandCheckOptions {
  readonly name: string;
  readonly watched: Watched;
  /** What the samples are about: a server's UUID for an application in it, else the check's own name. */
  readonly resource: string;
  readonly deadlineMs: number;
  /** Undefined: nothing is ever restarted. */
  readonly firstAid?:
    (FirstAidPolicy & { readonly command: string; readonly args: readonly string[] }) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface CommandCheck {
  round(): Promise<void>;
  summary(): Summary | undefined;
}

type Result = ServiceResult & { readonly samples?: readonly ResourceSample[] };

const systemctl = "/usr/bin/systemctl";
const unitProperties = "LoadState,ActiveState,SubState,Result,NRestarts";

export function createCommandCheck(options: CommandCheckOptions): CommandCheck {
  const { name, watched, resource, clock, log, firstAid } = options;
  let summary: Summary | undefined;
  let stuck: Child | undefined;
  let memory = noFirstAid;

  async function run(command: string, args: readonly string[]): Promise<Result> {
    if (stuck !== undefined && !stuck.isGone()) {
      return { state: "hung", level: "unknown", text: "the former one has not ended" };
    }
    const child = startChild(command, args, options.deadlineMs);
    const result = await child.settled;
    if (result.kind === "exited") {
      if (watched.kind === "unit") return readUnit(result);
      const read = readPlugin(result, resource);
      return { state: read.level, ...read };
    }
    if (result.kind === "not-started") {
      return { state: "unknown", level: "unknown", text: result.reason };
    }
    stuck = child;
    const text = `${command} did not end within ${options.deadlineMs} ms`;
    return { state: "hung", level: "unknown", text };
  }

  function look(): Promise<Result> | Result {
    if (watched.kind === "process") return readProcesses(processNames(), watched.process);
    if (watched.kind === "command") return run(watched.command, watched.args);
    return run(systemctl, ["show", "-p", unitProperties, watched.unit]);
  }

  function aid(result: Result, nowMs: number): void {
    if (firstAid === undefined) return;
    const isFailing = result.level === "critical";
    const considered = considerFirstAid(memory, { isFailing, nowMs }, firstAid);
    memory = considered.memory;
    if (!considered.restart) return;
    log.warn({ event: "first-aid", check: name, command: firstAid.command }, "restarting it");
    // Nobody waits for it: the next rounds tell whether it helped.
    void startChild(firstAid.command, firstAid.args, 60_000).settled;
  }

  return {
    summary: () => summary,
    async round() {
      const result = await look();
      const atMs = clock.monoMs();
      if (result.state !== summary?.state) {
        const fields = {
          event: "check-state",
          check: name,
          from: summary?.state,
          to: result.state,
        };
        log.info({ ...fields, detail: result.text }, "a check changed");
      }
      const level = gauge("check.result", "level", levels.indexOf(result.level), resource);
      summary = { ...result, atMs, samples: [level, ...(result.samples ?? [])] };
      aid(result, atMs);
    },
  };
}

/** Of every process; `comm` can be read even of one whose memory is stuck, `cmdline` cannot. */
function processNames(): readonly string[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      return [readFileSync(`/proc/${entry}/comm`, "utf8").trim()];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
