/**
 * What one channel should be told of one alert now: the difference between what is so and what it was told.
 * Nothing is queued for later: what is held back by a rule is found again as soon as the rule lets it pass.
 */
import { inhibitorOf, sameHostKey } from "./inhibition.ts";
import { spentOf } from "./ceiling.ts";
import { hasJoined } from "./growth.ts";
import type { DispatchState, DueWhy, Told, TrackedAlert } from "./model.ts";
import { isMissed } from "./overtaken.ts";
import { audienceOf, channelsFor } from "./routes.ts";
import { joinMs, repeatSlackMs, updateMs } from "./settings.ts";
import { silenceOf } from "./silences.ts";

export interface Due {
  readonly tracked: TrackedAlert;
  readonly why: DueWhy;
  /** A page that fires: it does not wait for others. */
  readonly page: boolean;
}

/** By channel, what it should be told now. Alerts about everything come first: they may explain others. */
export function dueByChannel(state: DispatchState): ReadonlyMap<string, readonly Due[]> {
  const due = new Map<string, Due[]>();
  const { feeds } = audienceOf(state.settings);
  for (const tracked of state.alerts.values()) {
    const channels = channelsFor(state, tracked);
    const names = new Set([...Object.keys(tracked.told), ...channels, ...feeds]);
    for (const channel of names) {
      const why = whyDue(state, tracked, channel, channels.includes(channel));
      if (why === undefined) continue;
      const page = tracked.message.class === "page" && !isOver(why);
      const list = due.get(channel) ?? [];
      list.push({ tracked, why, page });
      due.set(channel, list);
    }
  }
  return due;
}

/** Nothing to get up for: what it says has ended. */
export function isOver(why: DueWhy): boolean {
  return why === "resolved" || why === "missed";
}

/** Undefined: it knows all that it should. */
export function whyDue(
  state: DispatchState,
  tracked: TrackedAlert,
  channel: string,
  routed: boolean,
): DueWhy | undefined {
  const told = tracked.told[channel];
  const { message } = tracked;
  const config = state.settings.channels.get(channel);
  if (config === undefined) return undefined; // it was configured once
  if (config.feed) return fedWhy(tracked, told);
  if (message.status === "resolved" || !routed) {
    // No longer a page, and this channel takes pages alone: for it, that is the end of it.
    const over = message.status === "resolved" || isDemoted(tracked, told);
    const waited = state.at - tracked.changedAt >= state.settings.groupMs;
    if (told === undefined && routed) {
      return waited && isMissed(state, tracked) ? "missed" : undefined;
    }
    if (told?.status !== "firing" || !over) return undefined;
    if (told.class === "page" && !told.alone) return undefined;
    return waited && spentOf(state, tracked, channel).lets("resolved") ? "resolved" : undefined;
  }
  const why = firingWhy(state, tracked, told);
  if (why === undefined || !spentOf(state, tracked, channel).lets(why)) return undefined;
  return heldBackBy(state, tracked, channel) === undefined ? why : undefined;
}

function fedWhy({ message, sending }: TrackedAlert, told: Told | undefined): DueWhy | undefined {
  if (told?.sending === sending && told.status === message.status) return undefined;
  if (message.status === "resolved") return told?.status === "firing" ? "resolved" : undefined;
  return told?.status === "firing" ? "changed" : "new";
}

function isDemoted({ message }: TrackedAlert, told: Told | undefined): boolean {
  return told?.class === "page" && message.class !== "page";
}

/** Which other alert or which silence keeps it from a channel. */
export function heldBackBy(
  state: DispatchState,
  tracked: TrackedAlert,
  channel: string | undefined,
): string | undefined {
  const silence = silenceOf(state, tracked);
  if (silence !== undefined) return `silence ${silence.id} (${silence.by}: ${silence.reason})`;
  const inhibitor = inhibitorOf(state, tracked, channel);
  return inhibitor === undefined ? undefined : `told by ${inhibitor.message.dedupKey}`;
}

function firingWhy(
  state: DispatchState,
  tracked: TrackedAlert,
  told: Told | undefined,
): DueWhy | undefined {
  const { message, changedAt } = tracked;
  const page = message.class === "page";
  const grouped = page || state.at - changedAt >= state.settings.groupMs;
  if (told?.status !== "firing") return grouped ? "new" : undefined;
  if (told.class !== message.class) return grouped ? (page ? "new" : "changed") : undefined;
  if (told.title !== message.title) return grouped ? "changed" : undefined;
  const sinceMs = state.at - told.at;
  if (!page) return sinceMs >= state.settings.repeatMs ? "repeat" : undefined;
  if (isRepeatDue(state, tracked, told)) return "repeat";
  if (hasJoined(state, message, told)) return sinceMs >= joinMs ? "joined" : undefined;
  const revised = told.sending !== tracked.sending;
  return revised && sinceMs >= updateMs ? "update" : undefined;
}

/** The core repeats pages by itself; where it fell silent about one that nobody acknowledged, we do. */
function isRepeatDue(state: DispatchState, tracked: TrackedAlert, told: Told): boolean {
  if (tracked.ack !== undefined) return false;
  if ((tracked.repeatedAt ?? told.at) > told.at) return true;
  if (state.at - told.at < state.settings.repeatPageMs + repeatSlackMs) return false;
  return !isDismissed(state, tracked);
}

/** A person said that the host's silence is no failure: the core tells it once, and so do we. */
function isDismissed(state: DispatchState, { message }: TrackedAlert): boolean {
  if (message.host === undefined) return false;
  return state.alerts.get(sameHostKey(message, "dismissed"))?.message.status === "firing";
}

/** Whether a page waits for the second level now: nobody has acknowledged it for so long. */
export function isEscalationDue(state: DispatchState, tracked: TrackedAlert): boolean {
  const { escalation } = state.settings;
  const { message, unackedAt, ack, escalations, escalatedAt = 0 } = tracked;
  if (escalation === undefined || message.class !== "page" || message.status !== "firing") {
    return false;
  }
  if (ack !== undefined || unackedAt === undefined || escalations >= escalation.times) return false;
  if (state.at - unackedAt < escalation.afterMs) return false;
  if (escalations > 0 && state.at - escalatedAt < escalation.repeatMs) return false;
  return heldBackBy(state, tracked, undefined) === undefined;
}
