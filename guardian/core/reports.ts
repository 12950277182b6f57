/**
 * What collectors tell: watermarks, and reports with the time that these vouch for. A report is dated by its
 * collector's clock, the watermark minus the arrival, and only once that watermark was seen to move.
 */
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { LivenessRow, Watermark } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { Telemetry } from "./events.ts";
import type { KnownHost } from "./memory.ts";
import {
  hostOf,
  type CollectorTrack,
  type GuardianState,
  type HostState,
  type WatermarkGap,
  hostWith,
  stateWith,
} from "./state.ts";

/** Of a collector's delay, per time that passed. */
const forgivenShare = 0.01;
/** Watermarks are a second apart. */
const gapMs = 1900;
/** A collector that wakes shows its first watermark before it has dated all that waits in its socket. */
const drainMs = 1000;
/** More is not remembered: forgiven within three quarters of an hour. */
const behindMsMax = 30_000;

type FoldRow = (host: HostState, row: LivenessRow, track: CollectorTrack, at: MonoMs) => HostState;

/** Takes in watermarks first, then the rows they vouch for. */
export function foldTelemetry(state: GuardianState, event: Telemetry): GuardianState {
  const collectors = new Map(state.collectors);
  const moving = new Set<CollectorId>();
  for (const watermark of event.watermarks) {
    // Only collectors that the configuration names may vouch for anything.
    if (!state.settings.collectors.includes(watermark.collector)) continue;
    const track = collectors.get(watermark.collector);
    const next = foldWatermark(state, track, watermark, event);
    if (next === undefined) continue;
    collectors.set(watermark.collector, next);
    const isSame = track?.watermark.epoch === next.watermark.epoch;
    if (isSame && !isMoving(track) && isMoving(next)) moving.add(next.id);
  }
  const changed = new Map<HostName, HostState>();
  const known = new Map<HostName, KnownHost>();
  const take = (row: LivenessRow, fold: FoldRow): void => {
    const track = collectors.get(row.collector);
    if (track === undefined) return;
    const before = changed.get(row.host) ?? hostOf(state, row.host);
    const host = fold(before, row, track, event.at);
    if (host === before) return;
    changed.set(row.host, host);
    const remembered = known.get(row.host) ?? state.memory.known[row.host];
    // Of another time: a recording, what is older than the newest, and what nobody can date.
    const isNews = host.newest === row && (isMoving(track) || remembered === undefined);
    if (row.unconfirmed === true || !isNews) return;
    const learned = learn(remembered, row, before.freshSince !== undefined);
    if (learned !== remembered) known.set(row.host, learned);
  };
  for (const row of undatedRows(state, moving)) take(row, dateRow);
  for (const row of event.liveness) take(row, foldRow);
  const hosts = state.hosts.withAll(changed);
  if (known.size === 0) return stateWith(state, { collectors, hosts });
  const memory = {
    ...state.memory,
    known: { ...state.memory.known, ...Object.fromEntries(known) },
  };
  return stateWith(state, { collectors, hosts, memory });
}

/** What came before its collector was seen to move: it gets its time now. */
function undatedRows(
  { hosts }: GuardianState,
  moving: ReadonlySet<CollectorId>,
): readonly LivenessRow[] {
  if (moving.size === 0) return [];
  const rows = [...hosts.values()].flatMap((host) => host.rows);
  return rows.filter(({ collector }) => moving.has(collector));
}

/**
 * Whether its watermark was seen to advance, or its epoch to begin. The first one that we see may be what a collector
 * left that died long ago: of when its reports are, nobody knows.
 */
export function isMoving({ watermark, observedFrom, began }: CollectorTrack): boolean {
  return began || watermark.monoMs > observedFrom;
}

/** A store tells of it, and this journal never heard it live: what people said of it nobody knows. */
export function isUnheard({ memory }: GuardianState, host: HostName): boolean {
  return memory.known[host]?.unheard === true;
}

/** What a report tells of its host for good; what could not be read takes nothing away. */
function learn(
  remembered: KnownHost | undefined,
  { bootId, checks }: LivenessRow,
  isFresh: boolean,
): KnownHost {
  const hardwareUuid = checks.hardwareUuid || (remembered?.hardwareUuid ?? "");
  const bmcGuid = checks.bmcGuid || remembered?.bmcGuid;
  const notice = checks.notice === "none" ? undefined : checks.notice;
  const isHeard = isFresh || (remembered !== undefined && remembered.unheard !== true);
  const unheard = isHeard ? undefined : true;
  const same =
    remembered?.bootId === bootId &&
    remembered.hardwareUuid === hardwareUuid &&
    remembered.bmcGuid === bmcGuid &&
    remembered.notice === notice &&
    remembered.unheard === unheard;
  if (same) return remembered;
  return {
    bootId,
    hardwareUuid,
    ...(bmcGuid === undefined ? {} : { bmcGuid }),
    ...(notice === undefined ? {} : { notice }),
    ...(unheard ? { unheard } : {}),
  };
}

function foldWatermark(
  { settings }: GuardianState,
  track: CollectorTrack | undefined,
  watermark: Watermark,
  event: Telemetry,
): CollectorTrack | undefined {
  if (track === undefined || watermark.epoch > track.watermark.epoch) {
    return {
      id: watermark.collector,
      watermark,
      seenAt: event.at,
      observedFrom: watermark.monoMs,
      epochSeenAt: event.at,
      dirtyAt: undefined,
      storeMs: event.source === "store" ? watermark.monoMs : undefined,
      liveMs: event.source === "live" ? watermark.monoMs : undefined,
      behindMs: 0,
      gap: undefined,
      began: track !== undefined,
    };
  }
  if (watermark.epoch < track.watermark.epoch) return undefined;
  const storeMs = event.source === "store" ? watermark.monoMs : track.storeMs;
  const liveMs = event.source === "live" ? watermark.monoMs : track.liveMs;
  if (watermark.monoMs <= track.watermark.monoMs) return { ...track, storeMs, liveMs };
  const { ledger: was } = track.watermark;
  const lost = watermark.ledger.dropped > was.dropped || watermark.ledger.shed > was.shed;
  const dirtyAt = lost ? event.at : track.dirtyAt;
  const behindMs = event.source === "live" ? 0 : behind(track, watermark, event.at);
  const gap = gapBefore(track, watermark, event.at, settings.limits.voteMs) ?? track.gap;
  return { ...track, watermark, seenAt: event.at, dirtyAt, storeMs, liveMs, behindMs, gap };
}

/** By either clock: a collector's stands still while its machine does. */
function gapBefore(
  track: CollectorTrack,
  watermark: Watermark,
  at: MonoMs,
  voteMs: number,
): WatermarkGap | undefined {
  const lastedMs = Math.max(at - track.seenAt, watermark.monoMs - track.watermark.monoMs);
  if (lastedMs <= gapMs) return undefined;
  return {
    // A watermark of before it may have been on its way meanwhile.
    fromAt: monoMs(Math.min(track.seenAt, at - lastedMs)),
    toMs: monoMs(watermark.monoMs + drainMs),
    lostVote: lastedMs > voteMs,
  };
}

/**
 * What the store shows may be old: after a stall it may end where its collector died. Both clocks run alike,
 * so time of ours that a watermark did not advance by is its delay, until a later one has made up for it.
 * Clocks drift, and a collector's stands still while its machine does: part of the delay is forgiven.
 */
function behind(track: CollectorTrack, watermark: Watermark, at: MonoMs): number {
  const oursMs = at - track.seenAt;
  const theirsMs = watermark.monoMs - track.watermark.monoMs;
  const behindMs = track.behindMs + oursMs - theirsMs - oursMs * forgivenShare;
  return Math.min(behindMsMax, Math.max(0, behindMs));
}

function foldRow(host: HostState, row: LivenessRow, track: CollectorTrack, at: MonoMs): HostState {
  if (row.unconfirmed === true) return foldUnconfirmed(host, row, track, at);
  if (row.collectorEpoch !== track.watermark.epoch) {
    // Of another epoch: it tells that the host reported once, and nothing about when.
    return host.newest === undefined ? hostWith(host, { newest: row }) : host;
  }
  const rows = withNewer(host.rows, row);
  if (rows === undefined) return host;
  if (!isMoving(track)) return hostWith(host, { rows, newest: host.newest ?? row });
  return dateRow(host, row, track, at, rows);
}

/** What a report says by when it came: a sign of life, and maybe a new boot. */
function dateRow(
  host: HostState,
  row: LivenessRow,
  track: CollectorTrack,
  at: MonoMs,
  rows: HostState["rows"] = host.rows,
): HostState {
  const arrivedAt = arrivalOnOurClock(row, track, at);
  if (host.lifeAt !== undefined && arrivedAt < host.lifeAt) return hostWith(host, { rows });
  const rebooted = host.newest !== undefined && row.bootId !== host.newest.bootId;
  const handledAt = Math.min(arrivedAt, dueAt(row, track));
  const surelyAt = handledAt - track.behindMs;
  // Shown late, it may be of the boot before: a sign of life, and no new boot.
  if (rebooted && surelyAt < (host.livedAt ?? 0))
    return hostWith(host, { rows, lifeAt: arrivedAt });
  // A new boot means that it came on again: what its power devices said before is void.
  const devices = rebooted ? new Map() : host.devices;
  const livedAt = monoMs(Math.max(host.livedAt ?? 0, surelyAt));
  const heardAt = monoMs(Math.max(host.heardAt ?? 0, handledAt));
  const newest = isEarlier(row, host.newest) ? host.newest : row;
  return hostWith(host, { rows, newest, lifeAt: arrivedAt, livedAt, heardAt, devices });
}

/** Sent before it, however late it comes: the datagrams of one report have the same sequences on every path. */
function isEarlier(row: LivenessRow, newest: LivenessRow | undefined): boolean {
  if (newest?.bootId !== row.bootId) return false;
  if (newest.probeEpoch !== row.probeEpoch) return row.probeEpoch < newest.probeEpoch;
  return row.sequence < newest.sequence;
}

/** Since when a report may have waited for its collector: after a gap, since the watermark before. */
function dueAt({ arrivalMs }: LivenessRow, { watermark, seenAt, gap }: CollectorTrack): number {
  if (arrivalMs > watermark.monoMs + gapMs) return seenAt;
  return gap !== undefined && arrivalMs <= gap.toMs ? gap.fromAt : Number.POSITIVE_INFINITY;
}

/** A recording of an earlier life, or a new life whose probe has not answered its collector yet. */
function foldUnconfirmed(
  host: HostState,
  row: LivenessRow,
  track: CollectorTrack,
  at: MonoMs,
): HostState {
  if (row.collectorEpoch !== track.watermark.epoch) return host;
  const unconfirmedRows = withNewer(host.unconfirmedRows, row);
  if (unconfirmedRows === undefined) return host;
  const arrivedAt = arrivalOnOurClock(row, track, at);
  const unconfirmedAt = monoMs(Math.max(host.unconfirmedAt ?? 0, arrivedAt));
  return hostWith(host, { unconfirmedRows, unconfirmedAt });
}

/** With it in the place of the row before by its collector and path; undefined when it is no newer than that. */
function withNewer(
  rows: readonly LivenessRow[],
  row: LivenessRow,
): readonly LivenessRow[] | undefined {
  // One or two rows a host: looking through them is cheaper than any key.
  const place = placeOf(rows, row);
  const before = place === -1 ? undefined : rows[place];
  const sameEpoch = before?.collectorEpoch === row.collectorEpoch;
  if (sameEpoch && before.arrivalMs >= row.arrivalMs) return undefined;
  const next = rows.slice();
  next[place === -1 ? rows.length : place] = row;
  return next;
}

function placeOf(rows: readonly LivenessRow[], { collector, path }: LivenessRow): number {
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at];
    if (row?.collector === collector && row.path === path) return at;
  }
  return -1;
}

/** When a report arrived, on our clock: never earlier than it truly did. */
function arrivalOnOurClock(row: LivenessRow, track: CollectorTrack, at: MonoMs): MonoMs {
  return monoMs(Math.min(at, track.seenAt - (track.watermark.monoMs - row.arrivalMs)));
}
