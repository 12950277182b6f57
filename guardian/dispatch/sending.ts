/** From what is due to messages: alone while there is room, as one message where there is not. */
import type { AlertMessage } from "../ports.ts";
import { reserveOf, tokensNow } from "./bucket.ts";
import { isLastAllowed, withSpent } from "./ceiling.ts";
import { overDigests } from "./digest-ends.ts";
import { digestOf } from "./digest.ts";
import { dueByChannel, isEscalationDue, isOver, type Due } from "./due.ts";
import { namedIn, withNames } from "./growth.ts";
import { handedOn, rowsByChannel } from "./lanes.ts";
import {
  laneOf,
  withAlert,
  withEntry,
  withLane,
  type DispatchState,
  type Told,
  type TrackedAlert,
} from "./model.ts";
import { missedMessage } from "./overtaken.ts";
import { mergeAbove, mergeWaitMs, mergeWindowMs, pageRoomShare } from "./settings.ts";
import { say } from "./words.ts";

/** What is no page waits in the state, not in a row, while so many rows wait already. */
const restWaitingMax = 3;

/** Makes rows of what is due. */
export function post(state: DispatchState): DispatchState {
  // First what is about everything, since it may explain the rest; then, with that told, the rest.
  let next = state;
  for (const global of [true, false]) {
    const due = dueByChannel(next);
    if (!global) next = withoutIdleGathering(next, due);
    for (const [channel, dues] of due) {
      const now = dues.filter(({ tracked }) => (tracked.message.host === undefined) === global);
      if (now.length > 0) next = postTo(next, channel, now);
    }
  }
  return overDigests(escalate(next));
}

/** Where nothing waits any more, the next page that has to wait begins anew. */
function withoutIdleGathering(
  state: DispatchState,
  due: ReadonlyMap<string, readonly Due[]>,
): DispatchState {
  let next = state;
  for (const [channel, { gatheringSince }] of state.lanes) {
    if (gatheringSince === undefined) continue;
    const waits = due.get(channel)?.some((one) => one.page && isOfHost(one)) === true;
    if (!waits) next = gathering(next, channel, undefined);
  }
  return next;
}

function postTo(state: DispatchState, channel: string, dues: readonly Due[]): DispatchState {
  const waiting = rowsByChannel(state).get(channel)?.length ?? 0;
  const room = state.settings.waitingMax - waiting;
  if (state.settings.channels.get(channel)?.feed === true) {
    const first = pagesOf(dues, true).slice(0, Math.max(0, room));
    const paged = alone(state, channel, first);
    const restRoom = Math.floor(room - first.length - state.settings.waitingMax * pageRoomShare);
    return alone(paged, channel, pagesOf(dues, false).slice(0, Math.max(0, restRoom)));
  }
  const pages = pagesOf(dues, true);
  const rest = pagesOf(dues, false);
  const full = room <= 0 ? pages.map(({ tracked }) => tracked.message.dedupKey) : [];
  // A channel that is full takes nothing: its pages go to every other one.
  const paged = room > 0 ? postPages(state, channel, pages, room) : handedOn(state, full);
  return postRest(paged, channel, rest, waiting);
}

function pagesOf(dues: readonly Due[], wanted: boolean): readonly Due[] {
  return dues.filter(({ page }) => page === wanted);
}

function isOfHost({ tracked }: Due): boolean {
  return tracked.message.host !== undefined;
}

/** At once; but those about single hosts become one when this channel was just told of several. */
function postPages(
  state: DispatchState,
  channel: string,
  pages: readonly Due[],
  room: number,
): DispatchState {
  const ofHosts = pages.filter(isOfHost);
  const others = pages.filter((due) => !isOfHost(due));
  let next = alone(state, channel, others.slice(0, room));
  if (ofHosts.length === 0) return next;
  const recent = laneOf(next, channel).pagesAt.filter((at) => state.at - at < mergeWindowMs);
  const free = Math.max(0, Math.min(mergeAbove - recent.length, room - others.length));
  const { gatheringSince: since } = laneOf(next, channel);
  // From the oldest that waits, whatever else arrives.
  const isTime = since !== undefined && state.at - since >= mergeWaitMs;
  const quietMs = state.at - (recent.at(-1) ?? Number.NEGATIVE_INFINITY);
  if (free >= ofHosts.length) next = alone(next, channel, ofHosts);
  else if (isTime || (free === 0 && quietMs >= mergeWaitMs)) {
    next = ofHosts.length === 1 ? alone(next, channel, ofHosts) : merged(next, channel, ofHosts);
  } else {
    // The first ones alone: whoever is woken is woken now, and by what it is about.
    next = alone(next, channel, ofHosts.slice(0, free));
    return gathering(next, channel, since ?? state.at);
  }
  return gathering(next, channel, undefined);
}

/** Since when the oldest page of a host waits for others; undefined: none waits. */
function gathering(
  state: DispatchState,
  channel: string,
  since: number | undefined,
): DispatchState {
  const lane = laneOf(state, channel);
  if (lane.gatheringSince === since) return state;
  return withLane(state, channel, { ...lane, gatheringSince: since });
}

function postRest(
  state: DispatchState,
  channel: string,
  rest: readonly Due[],
  waiting: number,
): DispatchState {
  const room = restWaitingMax - waiting;
  const spare = Math.floor(tokensNow(state, channel) - reserveOf(state, channel)) - waiting;
  const free = Math.min(room, spare);
  if (rest.length === 0 || free < 1) return state;
  if (rest.length <= free) return alone(state, channel, rest);
  // The end of a page goes by itself: providers that join by key know it by nothing else.
  const isEnd = ({ tracked }: Due): boolean => tracked.told[channel]?.class === "page";
  const ends = rest.filter(isEnd);
  const others = rest.filter((due) => !isEnd(due));
  if (others.length === 0) return alone(state, channel, ends.slice(0, free));
  const next = others.length === 1 ? alone(state, channel, others) : merged(state, channel, others);
  return alone(next, channel, ends.slice(0, free - 1));
}

function alone(state: DispatchState, channel: string, dues: readonly Due[]): DispatchState {
  let next = state;
  for (const due of dues) {
    if (due.why === "missed") {
      next = missed(next, channel, due);
      continue;
    }
    const { message } = due.tracked;
    const last = isLastAllowed(next, message, channel) && isRuled(next, channel);
    const over = due.why === "resolved";
    // A channel that was told of a page is told of that page's end, whatever became of it since.
    const toldAs = over ? due.tracked.told[channel]?.class : undefined;
    const sent = {
      ...message,
      status: over ? ("resolved" as const) : ("firing" as const),
      class: toldAs ?? message.class,
      ...(last ? { next: lastNext(next, due) } : {}),
      ...generationOf(next, channel, due),
    };
    next = withRow(next, channel, sent, [due]);
  }
  return next;
}

/**
 * Which of several alerts of one key it is, for a provider that joins them by it: news is the next one, an end the end of
 * the newest. What a digest tells has a key of its own.
 */
function generationOf(
  { settings }: DispatchState,
  channel: string,
  { tracked, why }: Due,
  alone = true,
): { readonly generation?: number } {
  const told = tracked.told[channel];
  if (settings.channels.get(channel)?.joins !== true || told?.status !== "firing") return {};
  const isNews = alone && (why === "new" || why === "changed" || why === "joined");
  const generation = (told.generation ?? 0) + (isNews ? 1 : 0);
  return generation === 0 ? {} : { generation };
}

/** Of a page that nobody was told: what it was; where beginning and end are joined by key, both. */
function missed(state: DispatchState, channel: string, due: Due): DispatchState {
  const late = missedMessage(state, due.tracked);
  if (state.settings.channels.get(channel)?.joins !== true) {
    return withRow(state, channel, late, [due]);
  }
  const begun = withRow(state, channel, { ...late, status: "firing" }, [due]);
  return withRow(begun, channel, late, [due]);
}

function isRuled({ settings }: DispatchState, channel: string): boolean {
  return settings.channels.get(channel)?.feed !== true;
}

function lastNext({ settings }: DispatchState, { tracked: { message } }: Due): string {
  const command =
    message.incident === undefined
      ? "guardian alert list"
      : `guardian incident show ${message.incident}`;
  const count = settings.perIncidentMax;
  return `${message.next} ${say(settings, "last.next", { count, command })}`.trim();
}

function merged(state: DispatchState, channel: string, dues: readonly Due[]): DispatchState {
  const message = digestOf(state, dues);
  const next = withRow(state, channel, message, dues);
  if (message.class !== "page") return next;
  const keys = dues.flatMap(({ page, tracked }) => (page ? [tracked.message.dedupKey] : []));
  const digest = { channel, keys, message };
  return { ...next, digests: withEntry(next.digests, message.dedupKey, digest) };
}

function withRow(
  state: DispatchState,
  channel: string,
  message: AlertMessage,
  dues: readonly Due[],
): DispatchState {
  const { at, sequence } = state;
  const id = `${message.id}/${channel}/${sequence}`;
  const page = dues.some((due) => due.page);
  const keys = dues.map(({ tracked }) => tracked.message.dedupKey);
  // A program knows it by the id that the core gave it; people may be told of one sending again.
  const ruled = isRuled(state, channel);
  const sent = ruled ? { ...message, id } : message;
  const row = { id, sequence, channel, message: sent, keys, page, at, tries: 0 };
  let next: DispatchState = {
    ...state,
    sequence: sequence + 1,
    rows: withEntry(state.rows, id, row),
  };
  for (const due of dues) next = withTold(next, channel, due, dues.length === 1);
  if (!ruled) return next;
  const lane = laneOf(next, channel);
  // Pages about everything hold no page of a host back.
  if (dues.some((due) => due.page && isOfHost(due))) {
    const recent = lane.pagesAt.filter((then) => at - then < mergeWindowMs);
    next = withLane(next, channel, { ...lane, pagesAt: [...recent, at] });
  }
  return withSpent(
    next,
    dues.map(({ tracked }) => tracked.message),
    channel,
  );
}

function withTold(state: DispatchState, channel: string, due: Due, alone: boolean): DispatchState {
  const { tracked, why } = due;
  const key = tracked.message.dedupKey;
  const known = state.alerts.get(key) ?? tracked;
  const { message, sending } = known;
  const before = known.told[channel];
  const names = namedIn(state, key);
  const told: Told = {
    status: isOver(why) ? "resolved" : "firing",
    // What it was told as decides what its end is worth.
    class: why === "resolved" && before !== undefined ? before.class : message.class,
    title: message.title,
    sending,
    at: state.at,
    names,
    everNamed: withNames(before, names),
    ...generationOf(state, channel, due, alone),
    reached: before?.status === "firing" ? before.reached : undefined,
    alone: alone || (before?.status === "firing" && before.alone),
  };
  const isPage = message.class === "page" && !isOver(why) && isRuled(state, channel);
  const unackedAt = known.unackedAt ?? (isPage ? state.at : undefined);
  return withAlert(state, key, { ...known, unackedAt, told: { ...known.told, [channel]: told } });
}

/** Pages that nobody acknowledged, to the second level. */
function escalate(state: DispatchState): DispatchState {
  const { escalation, channels } = state.settings;
  const due = [...state.alerts.values()].filter((tracked) => isEscalationDue(state, tracked));
  if (escalation === undefined || due.length === 0) return state;
  let next = state;
  const told = new Set<string>();
  for (const channel of escalation.channels.filter((name) => channels.has(name))) {
    const dues = due
      .filter(({ about }) => about !== channel)
      .map((tracked): Due => ({ tracked, why: "escalated", page: true }));
    const waiting = rowsByChannel(next).get(channel)?.length ?? 0;
    if (dues.length === 0 || waiting >= state.settings.waitingMax) continue;
    next = dues.length > mergeAbove ? merged(next, channel, dues) : alone(next, channel, dues);
    for (const { tracked } of dues) told.add(tracked.message.dedupKey);
  }
  for (const tracked of due) {
    const key = tracked.message.dedupKey;
    // A second level that is full was not told: asked again when it has room.
    if (!told.has(key)) continue;
    const known: TrackedAlert = next.alerts.get(key) ?? tracked;
    const escalations = known.escalations + 1;
    next = withAlert(next, key, { ...known, escalations, escalatedAt: state.at });
  }
  return next;
}
