/** Messages on their way: one try at a time on each channel, pages first, none dropped for another. */
import type { Delivery } from "../ports.ts";
import { maySend, withTokenTaken } from "./bucket.ts";
import type { DispatchEffect } from "./events.ts";
import {
  laneOf,
  withAlert,
  withEntry,
  withLane,
  type DispatchState,
  type Lane,
  type Row,
} from "./model.ts";
import { handOnMs, pagePauseMsMax, pauseMs, pauseMsMax, refusedAgainMs } from "./settings.ts";

/** What waits for a channel, in the order in which it was said. */
export function rowsOf(state: DispatchState, channel: string): readonly Row[] {
  return [...state.rows.values()].filter((row) => row.channel === channel);
}

export function rowsByChannel(state: DispatchState): ReadonlyMap<string, readonly Row[]> {
  const rows = new Map<string, Row[]>();
  for (const row of state.rows.values()) {
    const list = rows.get(row.channel);
    if (list === undefined) rows.set(row.channel, [row]);
    else list.push(row);
  }
  return rows;
}

/** Begins what can be tried now. */
export function startTries(state: DispatchState, out: DispatchEffect[]): DispatchState {
  let next = state;
  for (const [channel, rows] of rowsByChannel(state)) {
    const lane = laneOf(next, channel);
    if (lane.trying !== undefined || next.at < lane.pausedUntil) continue;
    if (!state.settings.channels.has(channel)) continue; // configured once; given up by age
    const urgent = pageKeys(rows);
    const row = nextRow(rows, urgent, next.at);
    if (row === undefined) continue;
    const page = isUrgent(row, urgent);
    if (!page && next.at < (lane.restPausedUntil ?? 0)) continue;
    if (!maySend(next, channel, page)) continue;
    next = withLane(next, channel, { ...withTokenTaken(next, channel), trying: row.id });
    out.push({ kind: "try", row });
  }
  return next;
}

/** What pages that wait speak of. */
function pageKeys(rows: readonly Row[]): ReadonlySet<string> {
  return new Set(rows.filter(({ page }) => page).flatMap(({ keys }) => keys));
}

/** A page, or what must be said before a page about the same can be. */
function isUrgent(row: Row, urgent: ReadonlySet<string>): boolean {
  return row.page || row.keys.some((key) => urgent.has(key));
}

/** Pages first, then whatever waits longest since its last try; but never the end of an alert before its beginning. */
function nextRow(rows: readonly Row[], urgent: ReadonlySet<string>, at: number): Row | undefined {
  const seen = new Set<string>();
  let best: Row | undefined;
  for (const row of rows) {
    const isFirst = !row.keys.some((key) => seen.has(key));
    for (const key of row.keys) seen.add(key);
    if (!isFirst || at < (row.notBefore ?? 0)) continue;
    if (best === undefined || isBefore(row, best, urgent)) best = row;
  }
  return best;
}

function isBefore(row: Row, other: Row, urgent: ReadonlySet<string>): boolean {
  const page = isUrgent(row, urgent);
  if (page !== isUrgent(other, urgent)) return page;
  return (row.queuedAt ?? row.at) < (other.queuedAt ?? other.at);
}

/** What came of a try. */
export function withTried(
  state: DispatchState,
  id: string,
  delivery: Delivery,
  random: number,
  out: DispatchEffect[],
): DispatchState {
  const row = state.rows.get(id);
  if (row === undefined) return withoutTry(state, id);
  const answered = withAnswer(state, row.channel, delivery, random, out);
  if (delivery.kind === "delivered") {
    const found = withReached(answered, row);
    return { ...found, rows: withEntry(found.rows, id, undefined) };
  }
  const again = { ...row, tries: row.tries + 1, queuedAt: state.at };
  if (!delivery.retryable) {
    if (!row.page || isTakenElsewhere(answered, row)) {
      return givenUp(answered, row, delivery.reason, out);
    }
    // Nobody has it yet: every channel is asked, and this one again.
    const kept = { ...again, notBefore: state.at + refusedAgainMs };
    const lost = withLost({ ...answered, rows: withEntry(answered.rows, id, kept) }, row, true);
    return handedOn(lost, row.keys);
  }
  // To the end of the line, so that one message that a channel chokes on holds up no other.
  return { ...answered, rows: withEntry(answered.rows, id, again) };
}

/** The message is there no more; its channel must not wait for it. */
function withoutTry(state: DispatchState, id: string): DispatchState {
  for (const [channel, lane] of state.lanes) {
    if (lane.trying === id) return withLane(state, channel, { ...lane, trying: undefined });
  }
  return state;
}

/** Its channel knows now; the end of what was before says nothing of what began anew. */
function withReached(state: DispatchState, row: Row): DispatchState {
  let next = withLost(state, row, undefined);
  const { keys, channel, message } = row;
  for (const key of keys) {
    const tracked = next.alerts.get(key);
    const told = tracked?.told[channel];
    if (tracked === undefined || told === undefined || told.reached === true) continue;
    if (message.status === "resolved" && told.status === "firing") continue;
    const now = { ...told, reached: true as const };
    next = withAlert(next, key, { ...tracked, told: { ...tracked.told, [channel]: now } });
  }
  return next;
}

/** Whether its channel was told of it in vain: what is said by it counts for nothing there. */
function withLost(
  state: DispatchState,
  { keys, channel }: Row,
  lost: true | undefined,
): DispatchState {
  let next = state;
  for (const key of keys) {
    const tracked = next.alerts.get(key);
    const told = tracked?.told[channel];
    if (tracked === undefined || told === undefined || told.lost === lost) continue;
    const { lost: _before, ...rest } = told;
    const now = lost === undefined ? rest : { ...rest, lost };
    next = withAlert(next, key, { ...tracked, told: { ...tracked.told, [channel]: now } });
  }
  return next;
}

/** Each alert that it speaks of was taken by another channel, as what it is now. */
export function isTakenElsewhere(state: DispatchState, { keys, channel }: Row): boolean {
  const rows = [...state.rows.values()];
  return keys.every((key) => {
    const told = Object.entries(state.alerts.get(key)?.told ?? {});
    return told.some(([name, one]) => {
      if (name === channel || one.lost === true || one.class !== "page") return false;
      return !rows.some((row) => row.channel === name && row.keys.includes(key));
    });
  });
}

/** How a channel fares, after any message to it. */
export function withAnswer(
  state: DispatchState,
  channel: string,
  delivery: Delivery,
  random: number,
  out: DispatchEffect[],
): DispatchState {
  const lane: Lane = { ...laneOf(state, channel), trying: undefined };
  if (delivery.kind === "delivered") {
    if (lane.failingSince !== undefined) say(out, "info", "channel-mended", channel, "");
    return withLane(state, channel, {
      ...lane,
      failures: 0,
      failingSince: undefined,
      problem: undefined,
      deliveredWall: state.wall,
      delivered: lane.delivered + 1,
    });
  }
  const { reason } = delivery;
  // Said again only when it changes: a channel that is down for a day is one line, not a thousand.
  if (lane.problem !== reason) say(out, "warn", "alert-undelivered", channel, reason);
  const failures = lane.failures + 1;
  const backoffMs = Math.min(pauseMsMax, pauseMs * 2 ** Math.min(failures - 1, 16));
  // A message that is refused for good says nothing about the next one.
  const waitMs = delivery.retryable ? backoffMs * (0.75 + random / 2) : 0;
  const askedMs = delivery.retryAfterMs ?? 0;
  return withLane(state, channel, {
    ...lane,
    failures,
    failingSince: lane.failingSince ?? state.at,
    problem: reason,
    pausedUntil: state.at + Math.max(waitMs, Math.min(askedMs, pagePauseMsMax)),
    restPausedUntil: Math.max(lane.restPausedUntil ?? 0, state.at + askedMs),
    failedTries: lane.failedTries + 1,
  });
}

/** Takes a message out that will not be delivered. A page then goes to every other channel. */
function givenUp(
  state: DispatchState,
  row: Row,
  why: string,
  out: DispatchEffect[],
): DispatchState {
  out.push({
    kind: "line",
    level: "error",
    event: "alert-dropped",
    text: "alert dropped",
    fields: { notifier: row.channel, why, alert: row.message.id, title: row.message.title },
  });
  const lane = laneOf(state, row.channel);
  let next = withLane(state, row.channel, { ...lane, givenUp: lane.givenUp + 1 });
  next = { ...next, rows: withEntry(next.rows, row.id, undefined) };
  next = withLost(next, row, true);
  return row.page ? handedOn(next, row.keys) : next;
}

/** Gives up what is too old, and hands pages on that their channel does not take. */
export function ageRows(state: DispatchState, out: DispatchEffect[]): DispatchState {
  let next = state;
  for (const row of state.rows.values()) {
    const waitedMs = state.at - row.at;
    const unheardMs = state.at - (row.waitsSince ?? row.at);
    const trying = laneOf(next, row.channel).trying === row.id;
    if (waitedMs >= state.settings.keepMs && !trying) {
      next = givenUp(next, row, `not delivered in ${state.settings.keepMs} ms`, out);
    } else if (row.page && unheardMs >= handOnMs) {
      next = handedOn(next, row.keys);
    }
  }
  return next;
}

/** To every channel, whatever the routes say: the one that it went to does not take it. */
export function handedOn(state: DispatchState, keys: readonly string[]): DispatchState {
  let next = state;
  for (const key of keys) {
    const tracked = next.alerts.get(key);
    if (tracked === undefined || tracked.everywhere === true) continue;
    next = withAlert(next, key, { ...tracked, everywhere: true });
  }
  return next;
}

function say(
  out: DispatchEffect[],
  level: "info" | "warn",
  event: string,
  channel: string,
  reason: string,
): void {
  const text = event.replace("-", " ");
  out.push({ kind: "line", level, event, text, fields: { notifier: channel, reason } });
}
