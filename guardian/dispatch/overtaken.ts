/**
 * What was over before its channel took any of it. People then read one message that says both, and no call
 * to something that is long past. A provider that joins by key knows an end only after its beginning: it gets
 * both of a page that nobody else was told, else the end alone, since a try may have reached it.
 */
import { formatTime } from "../../shared/zoned-time.ts";
import type { AlertMessage } from "../ports.ts";
import { isTakenElsewhere, rowsByChannel, rowsOf } from "./lanes.ts";
import {
  laneOf,
  withAlert,
  withEntry,
  type DispatchState,
  type Row,
  type TrackedAlert,
} from "./model.ts";
import { say } from "./words.ts";

/**
 * Takes out what newer words about the same alert say better, and what they would wait for. A page gives way to a
 * page alone.
 */
export function withNewestWords(state: DispatchState): DispatchState {
  let next = state;
  for (const [channel, rows] of rowsByChannel(state)) {
    if (state.settings.channels.get(channel)?.feed !== false || rows.length < 2) continue;
    const { trying } = laneOf(state, channel);
    const newest = new Map<string, Row>();
    for (const row of rows.toReversed()) {
      const { dedupKey, status } = row.message;
      if (status !== "firing" || row.keys.length !== 1 || row.keys[0] !== dedupKey) continue;
      const newer = newest.get(dedupKey);
      if (newer === undefined) newest.set(dedupKey, row);
      else if (row.id !== trying && (newer.page || !row.page)) {
        const kept = next.rows.get(newer.id) ?? newer;
        const merged = inPlaceOf(kept, row);
        const without = withEntry(next.rows, row.id, undefined);
        next = { ...next, rows: new Map(without).set(newer.id, merged) };
      }
    }
  }
  return next;
}

function inPlaceOf(newer: Row, older: Row): Row {
  return {
    ...newer,
    waitsSince: Math.min(newer.waitsSince ?? newer.at, older.waitsSince ?? older.at),
    beganWall: Math.min(beganWall(newer), beganWall(older)),
    notBefore: Math.max(newer.notBefore ?? 0, older.notBefore ?? 0),
  };
}

/** Puts the whole story in the place of a beginning that waits while its end has come. */
export function withOvertaken(state: DispatchState): DispatchState {
  let next = state;
  for (const [channel, rows] of rowsByChannel(state)) {
    const config = state.settings.channels.get(channel);
    if (config === undefined || config.feed) continue;
    for (const { id } of rows) {
      const row = next.rows.get(id);
      if (row?.message.status !== "firing") continue;
      if (!isOvertaken(next, row)) continue;
      const { dedupKey } = row.message;
      const related = rowsOf(next, channel).filter((one) => one.message.dedupKey === dedupKey);
      if (related.some((one) => one.id === laneOf(next, channel).trying)) continue;
      next = config.joins === true ? joined(next, row, related) : told(next, row, related);
    }
  }
  return next;
}

function isOvertaken(state: DispatchState, row: Row): boolean {
  return row.keys.every((key) => {
    const tracked = state.alerts.get(key);
    if (tracked === undefined) return true; // over for so long that it is forgotten
    if (tracked.message.status === "firing" || tracked.told[row.channel]?.reached) return false;
    return state.at - tracked.changedAt >= state.settings.groupMs;
  });
}

/** One message that says both. */
function told(state: DispatchState, row: Row, related: readonly Row[]): DispatchState {
  const began = Math.min(...related.map(beganWall));
  const message = lateMessage(state, endOf(state, row), began);
  return withEnd(state, row, related, { message, page: related.some(({ page }) => page), began });
}

/** Trigger and resolve, or the resolve alone. */
function joined(state: DispatchState, row: Row, related: readonly Row[]): DispatchState {
  const firing = related.filter(({ message }) => message.status === "firing");
  const isNews = related.some(({ page }) => page) && !isTakenElsewhere(state, row);
  const first = isNews ? firing.at(-1) : undefined;
  if (isNews && firing.length === 1 && related.length > 1) return state; // both wait already
  const gone = related.filter((one) => one !== first);
  const message = { ...endOf(state, row), status: "resolved" as const };
  return withEnd(state, row, gone, { message, page: false, began: beganWall(row) });
}

/** What was said of it last; of many in one message, that message. */
function endOf(state: DispatchState, { keys, message, channel }: Row): AlertMessage {
  const known = keys.flatMap((key) => state.alerts.get(key) ?? []);
  const [only] = known;
  if (keys.length === 1 && only !== undefined) {
    const { class: toldAs = message.class, generation = 0 } = only.told[channel] ?? {};
    return { ...only.message, class: toldAs, ...(generation === 0 ? {} : { generation }) };
  }
  const ends = known.map((one) => one.message.wallMs);
  return { ...message, wallMs: ends.length === 0 ? state.wall : Math.max(...ends) };
}

function withEnd(
  state: DispatchState,
  row: Row,
  gone: readonly Row[],
  end: { readonly message: AlertMessage; readonly page: boolean; readonly began: number },
): DispatchState {
  const { sequence } = state;
  const { channel, keys } = row;
  const rows = new Map(state.rows);
  for (const { id } of gone) rows.delete(id);
  const id = `${end.message.id}/${channel}/${sequence}`;
  const at = Math.min(...[row, ...gone].map((one) => one.waitsSince ?? one.at));
  const notBefore = Math.max(0, ...gone.map((one) => one.notBefore ?? 0));
  const message = { ...end.message, id };
  const { page, began } = end;
  const whole = { id, sequence, channel, message, keys, page, at, tries: 0 };
  rows.set(id, { ...whole, beganWall: began, notBefore });
  const digests = withEntry(state.digests, row.message.dedupKey, undefined);
  let next: DispatchState = { ...state, sequence: sequence + 1, rows, digests };
  for (const key of keys) {
    const tracked = next.alerts.get(key);
    const tell = tracked?.told[channel];
    if (tracked === undefined || tell === undefined) continue;
    const over = { ...tell, status: "resolved" as const, at: state.at };
    next = withAlert(next, key, { ...tracked, told: { ...tracked.told, [channel]: over } });
  }
  return next;
}

function beganWall(row: Row): number {
  return row.beganWall ?? row.message.wallMs;
}

/** The end of something of which nothing was told. */
function lateMessage(state: DispatchState, message: AlertMessage, began: number): AlertMessage {
  const { timeZone } = state.settings;
  const [from, to] = [began, message.wallMs].map((wall) => formatTime(wall, timeZone));
  const params = { title: message.title, from: from ?? "", to: to ?? "" };
  const title = say(state.settings, "late.title", params);
  return { ...message, status: "resolved", title };
}

/**
 * A page that is over, and that no channel took: its own ones do not take it, so every other one is told what
 * happened.
 */
export function isMissed(
  state: DispatchState,
  { message, everywhere, told: tells }: TrackedAlert,
): boolean {
  if (everywhere !== true || message.status !== "resolved") return false;
  const all = Object.values(tells);
  if (all.some(({ reached }) => reached) || !all.some((tell) => tell.class === "page"))
    return false;
  return rowsAbout(state, message.dedupKey).some(({ page }) => page);
}

/** What a channel that was told nothing of it reads. */
export function missedMessage(state: DispatchState, { message }: TrackedAlert): AlertMessage {
  const began = rowsAbout(state, message.dedupKey).map(beganWall);
  return { ...lateMessage(state, message, Math.min(message.wallMs, ...began)), class: "page" };
}

function rowsAbout(state: DispatchState, key: string): readonly Row[] {
  return [...state.rows.values()].filter(({ keys }) => keys.includes(key));
}
