/**
 * At most so many messages about one incident on one channel, however many servers and alerts it has. Beyond
 * it only what must wake somebody passes:
 * - a page that this channel was not told yet (a new trouble, or one that became a page): at once;
 * - a storm that names hosts which it never named there: a minute after it was last told;
 * - a page that was told before and began again or says something else: 5 minutes after it was last told;
 * - a page that nobody acknowledged: its repeats, and the second level;
 * - the end of a page that was told: once.
 * So every page that fires is told at least once, and again for as long as nobody took it in hand.
 */
import type { AlertMessage } from "../ports.ts";
import { withEntry, type DispatchState, type DueWhy, type TrackedAlert } from "./model.ts";
import { hasGrown } from "./growth.ts";
import { growthMs, spentKeptMs, updateMs } from "./settings.ts";

/** What a message is counted under: its incident, or the alert itself where there is none. */
export function scopeOf({ incident, dedupKey }: AlertMessage): string {
  return incident ?? dedupKey;
}

export interface Allowance {
  readonly count: number;
  readonly lets: (why: DueWhy) => boolean;
}

export function spentOf(state: DispatchState, tracked: TrackedAlert, channel: string): Allowance {
  const count = state.spent.get(spentKey(tracked.message, channel))?.count ?? 0;
  return {
    count,
    lets: (why) => count < state.settings.perIncidentMax || passes(state, tracked, channel, why),
  };
}

function passes(
  state: DispatchState,
  tracked: TrackedAlert,
  channel: string,
  why: DueWhy,
): boolean {
  const told = tracked.told[channel];
  if (why === "resolved") return told?.class === "page";
  if (tracked.message.class !== "page") return false;
  if (told?.class !== "page") return true;
  const sinceMs = state.at - told.at;
  if (hasGrown(state, tracked.message, told)) return sinceMs >= growthMs;
  return why !== "update" && sinceMs >= updateMs;
}

export function spentKey(message: AlertMessage, channel: string): string {
  return `${scopeOf(message)}|${channel}`;
}

/** Whether this is the last message before the rest is to be found in the command line alone. */
export function isLastAllowed(
  state: DispatchState,
  message: AlertMessage,
  channel: string,
): boolean {
  const count = state.spent.get(spentKey(message, channel))?.count ?? 0;
  return count === state.settings.perIncidentMax - 1;
}

/** Books one message for each of the incidents that it speaks of. */
export function withSpent(
  state: DispatchState,
  messages: readonly AlertMessage[],
  channel: string,
): DispatchState {
  let { spent } = state;
  for (const key of new Set(messages.map((message) => spentKey(message, channel)))) {
    const count = (spent.get(key)?.count ?? 0) + 1;
    spent = withEntry(spent, key, { count, at: state.at });
  }
  return { ...state, spent };
}

/** Forgets incidents of which nothing is left and nothing was told for an hour. */
export function forgetSpent(state: DispatchState): DispatchState {
  const live = new Set([...state.alerts.values()].map(({ message }) => scopeOf(message)));
  const gone = [...state.spent].filter(
    ([key, { at }]) =>
      state.at - at >= spentKeptMs && !live.has(key.slice(0, key.lastIndexOf("|"))),
  );
  if (gone.length === 0) return state;
  const spent = new Map(state.spent);
  for (const [key] of gone) spent.delete(key);
  return { ...state, spent };
}
