/**
 * What is known of a check now: its last result and how old that is, and whether it should have another one by now. A
 * check that hangs changes nothing in its result; it ages, and says so.
 */
import type { WireSample } from "../../shared/wire-samples.ts";

/** As monitoring plugins have it; the number is their exit code. */
export const levels = ["ok", "warning", "critical", "unknown"] as const;
export type Level = (typeof levels)[number];

/** A number of a resource of this host; "" is the host itself. */
export interface ResourceSample extends WireSample {
  readonly resource: string;
}

/** What a check last found, in one form for all of them. */
export interface Summary {
  readonly state: string;
  readonly level: Level;
  readonly atMs: number;
  readonly text: string;
  readonly samples: readonly ResourceSample[];
}

export interface CheckRun {
  readonly name: string;
  readonly everyMs: number;
  readonly deadlineMs: number;
  readonly summary: Summary | undefined;
  /** When the round that is under way began; undefined: none is. */
  readonly startedMs: number | undefined;
  /** When the probe began with this check: before its first result nothing else tells its age. */
  readonly beganMs: number;
}

export interface Standing {
  readonly name: string;
  readonly state: string;
  readonly level: Level;
  /** Of the result; undefined: there is none. */
  readonly ageMs: number | undefined;
  /** No result for longer than interval and deadline allow. */
  readonly isOverdue: boolean;
  readonly text: string;
}

/** A loop that was late by so much says nothing about a check. */
const slackMs = 1000;

export function standingOf(run: CheckRun, nowMs: number): Standing {
  const { name, summary, startedMs } = run;
  const ageMs = summary === undefined ? undefined : Math.max(0, nowMs - summary.atMs);
  const sinceMs = ageMs ?? nowMs - run.beganMs;
  const isOverdue = sinceMs > run.everyMs + run.deadlineMs + slackMs;
  const stuckText =
    startedMs === undefined
      ? "no round begins"
      : `its round has not ended for ${nowMs - startedMs} ms`;
  if (summary === undefined) {
    const text = isOverdue ? `no result yet: ${stuckText}` : "no result yet";
    return { name, state: "unknown", level: "unknown", ageMs, isOverdue, text };
  }
  const { state, level, text } = summary;
  if (!isOverdue) return { name, state, level, ageMs, isOverdue, text };
  return {
    name,
    state,
    // What was true so long ago is not known to be true now; what was bad stays bad.
    level: level === "ok" ? "unknown" : level,
    ageMs,
    isOverdue,
    text: `${text}; overdue: ${stuckText}`,
  };
}

/** The worst of several, as monitoring plugins rank them: critical, warning, unknown, ok. */
export function worstLevel(given: readonly Level[]): Level {
  for (const level of ["critical", "warning", "unknown"] as const) {
    if (given.includes(level)) return level;
  }
  return "ok";
}

/** A gauge of the host or of a resource of it. */
export function gauge(name: string, unit: string, volume: number, resource = ""): ResourceSample {
  return { name: `compute.node.${name}`, type: "gauge", unit, volume, resource };
}

/** Each check's standing as numbers, for the store. */
export function samplesOfStandings(standings: readonly Standing[]): readonly ResourceSample[] {
  return standings.flatMap(({ name, level, ageMs, isOverdue }) => [
    gauge("check.level", "level", levels.indexOf(level), name),
    gauge("check.overdue", "bool", isOverdue ? 1 : 0, name),
    ...(ageMs === undefined ? [] : [gauge("check.age", "ms", Math.round(ageMs), name)]),
  ]);
}
