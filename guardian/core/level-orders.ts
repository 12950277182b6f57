/** Ordering one level of a host's power devices off, and saying what came of those before it. */
import type { Effect } from "./effects.ts";
import { fenceLevels, levelParameters, nextLevel } from "./fence-levels.ts";
import { orderOff, type Commands } from "./fence-orders.ts";
import { say } from "./incidents.ts";
import type { Incident, LevelFailure, LevelRun } from "./memory.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** A level ordered off; without commands when none was left that could lead to a proof. */
export interface LevelOrder {
  readonly state: GuardianState;
  readonly run: LevelRun;
  readonly commands: Commands;
}

/**
 * Orders the next level off, from `from` on; `failed` are those before it, of which the last `news` are
 * not said yet.
 */
export function orderLevel(
  state: GuardianState,
  host: HostState,
  incident: Incident,
  order: {
    readonly from: number;
    readonly failed: readonly LevelFailure[];
    readonly news: number;
    readonly step: string;
    /** This level and no other, whether or not it answers for long enough to prove anything. */
    readonly only?: number;
  },
  out: Effect[],
): LevelOrder {
  const levels = fenceLevels(state.settings, host.host);
  const { level = levels.length, skipped } =
    order.only === undefined
      ? nextLevel(state, host, order.from)
      : { level: order.only, skipped: [] };
  const failed = [...order.failed, ...skipped];
  const news = skipped.length + order.news;
  const told = sayFailed(state, host, news === 0 ? [] : failed.slice(-news), out);
  const step = level === 0 ? order.step : `${order.step}-level-${level + 1}`;
  const commands = orderOff(told, host, incident, levels[level]?.devices ?? [], out, step);
  return { state: told, commands, run: { level, since: state.now, failed } };
}

/** Each level's result is a line of the incident; of a single level the attempt's own line says it. */
function sayFailed(
  state: GuardianState,
  host: HostState,
  failures: readonly LevelFailure[],
  out: Effect[],
): GuardianState {
  if (fenceLevels(state.settings, host.host).length <= 1) return state;
  let next = state;
  for (const { level, reason } of failures) {
    next = say(next, out, {
      level: "warn",
      host: host.host,
      event: "level-failed",
      text: words("log.level-failed", {
        ...levelParameters(state.settings, host.host, level),
        reason,
      }),
    });
  }
  return next;
}

/** "power off ordered from pdu-a, pdu-b (attempt 1, level 2 of 2)". */
export function orderedWords(
  state: GuardianState,
  host: HostState,
  { run, commands }: LevelOrder,
  attempt: number,
): Words {
  const devices = Object.keys(commands);
  const levels = fenceLevels(state.settings, host.host).length;
  return levels <= 1
    ? words("log.fence-ordered", { devices, attempt })
    : words("log.fence-ordered-level", { devices, attempt, level: run.level + 1, levels });
}
