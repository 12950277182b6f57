/**
 * Who has been heard, when, and who may say so. Ages follow one rule: the collector's watermark
 * minus the arrival (one clock), plus our own time since we first saw that watermark. That last
 * part can make a host suspect, never silent: silence is what a watermark vouches for.
 */
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { LivenessRow, NetworkName, Watermark } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { Telemetry } from "./events.ts";
import type { KnownHost } from "./memory.ts";
import {
  hostOf,
  type CollectorTrack,
  type GuardianState,
  type HostState,
  hostWith,
  stateWith,
} from "./state.ts";

/** Of a collector's delay, per time that passed. */
const forgivenShare = 0.01;
/** More is not remembered: forgiven within three quarters of an hour. */
const behindMsMax = 30_000;

/** Takes in watermarks first, then the rows they vouch for. */
export function foldTelemetry(state: GuardianState, event: Telemetry): GuardianState {
  const collectors = new Map(state.collectors);
  for (const watermark of event.watermarks) {
    // Only collectors that the configuration names may vouch for anything.
    if (!state.settings.collectors.includes(watermark.collector)) continue;
    const track = collectors.get(watermark.collector);
    const next = foldWatermark(track, watermark, event);
    if (next !== undefined) collectors.set(watermark.collector, next);
  }
  const changed = new Map<HostName, HostState>();
  const known = new Map<HostName, KnownHost>();
  for (const row of event.liveness) {
    const track = collectors.get(row.collector);
    if (track === undefined) continue;
    const before = changed.get(row.host) ?? hostOf(state, row.host);
    const host = foldRow(before, row, track, event.at);
    if (host === before) continue;
    changed.set(row.host, host);
    // What a recording tells of its host is of another time.
    if (row.unconfirmed === true) continue;
    const remembered = known.get(row.host) ?? state.memory.known[row.host];
    const learned = learn(remembered, row);
    if (learned !== remembered) known.set(row.host, learned);
  }
  const hosts = state.hosts.withAll(changed);
  if (known.size === 0) return stateWith(state, { collectors, hosts });
  const memory = {
    ...state.memory,
    known: { ...state.memory.known, ...Object.fromEntries(known) },
  };
  return stateWith(state, { collectors, hosts, memory });
}

/** What a report tells of its host for good; what could not be read takes nothing away. */
function learn(remembered: KnownHost | undefined, { bootId, checks }: LivenessRow): KnownHost {
  const hardwareUuid = checks.hardwareUuid || (remembered?.hardwareUuid ?? "");
  const bmcGuid = checks.bmcGuid || remembered?.bmcGuid;
  const same =
    remembered?.bootId === bootId &&
    remembered.hardwareUuid === hardwareUuid &&
    remembered.bmcGuid === bmcGuid;
  return same
    ? remembered
    : { bootId, hardwareUuid, ...(bmcGuid === undefined ? {} : { bmcGuid }) };
}

function foldWatermark(
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
  return { ...track, watermark, seenAt: event.at, dirtyAt, storeMs, liveMs, behindMs };
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
  // One or two rows a host: looking through them is cheaper than any key.
  const place = placeOf(host.rows, row);
  const before = place === -1 ? undefined : host.rows[place];
  const sameEpoch = before?.collectorEpoch === row.collectorEpoch;
  if (sameEpoch && before.arrivalMs >= row.arrivalMs) return host;
  const rows = host.rows.slice();
  rows[place === -1 ? rows.length : place] = row;
  const arrivedAt = arrivalOnOurClock(row, track, at);
  if (host.lifeAt !== undefined && arrivedAt < host.lifeAt) return hostWith(host, { rows });
  const rebooted = host.newest !== undefined && row.bootId !== host.newest.bootId;
  const surelyAt = arrivedAt - track.behindMs;
  // Shown late, it may be of the boot before: a sign of life, and no new boot.
  if (rebooted && surelyAt < (host.livedAt ?? 0))
    return hostWith(host, { rows, lifeAt: arrivedAt });
  // A new boot means that it came on again: what its power devices said before is void.
  const devices = rebooted ? new Map() : host.devices;
  const livedAt = monoMs(Math.max(host.livedAt ?? 0, surelyAt));
  return hostWith(host, { rows, newest: row, lifeAt: arrivedAt, livedAt, devices });
}

/** A recording of an earlier life, or a new life whose probe has not answered its collector yet. */
function foldUnconfirmed(
  host: HostState,
  row: LivenessRow,
  track: CollectorTrack,
  at: MonoMs,
): HostState {
  if (row.collectorEpoch !== track.watermark.epoch) return host;
  const arrivedAt = arrivalOnOurClock(row, track, at);
  if (arrivedAt <= (host.unconfirmedAt ?? -1)) return host;
  return hostWith(host, { unconfirmedAt: arrivedAt });
}

/** When it last gave a sign by a report that a host which is off could not give, confirmed or not; 0: never. */
export function reportedAt({ lifeAt, unconfirmedAt }: HostState): number {
  return Math.max(lifeAt ?? 0, unconfirmedAt ?? 0);
}

/** Nobody has confirmed its last reports, and they are too new to call it silent. */
export function isUnconfirmed(state: GuardianState, { unconfirmedAt }: HostState): boolean {
  const { silentAfterMs } = state.settings.limits;
  return unconfirmedAt !== undefined && state.now - unconfirmedAt < silentAfterMs;
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

/** Collectors whose watermark advanced lately; only they can say that a host is silent. */
export function voters(state: GuardianState): readonly CollectorTrack[] {
  const { voteMs } = state.settings.limits;
  return [...state.collectors.values()].filter((track) => state.now - track.seenAt <= voteMs);
}

/** How old a row is: by what the watermark vouches for, and with our own time since. */
export interface RowAge {
  /** What the watermark vouches for. */
  readonly vouchedMs: number;
  /** With our own time since the watermark: enough to suspect, not to say silent. */
  readonly ageMs: number;
}

/** Age of a row as its collector knows it; undefined when it is of another epoch. */
export function rowAge(
  now: MonoMs,
  row: Pick<LivenessRow, "collector" | "collectorEpoch" | "arrivalMs">,
  track: CollectorTrack,
): RowAge | undefined {
  if (row.collector !== track.id || row.collectorEpoch !== track.watermark.epoch) return undefined;
  const vouchedMs = Math.max(0, track.watermark.monoMs - row.arrivalMs);
  // Between rounds a watermark may be newer than the last round's time.
  return { vouchedMs, ageMs: vouchedMs + Math.max(0, now - track.seenAt) };
}

export interface HostAge {
  /** Age of the newest report by any voting collector; infinite when none knows it. */
  readonly ageMs: number;
  /** Least silence that every voting collector vouches for. */
  readonly silentMs: number;
}

/** How long a host has been without a report, as far as anyone can vouch. */
export function hostAge(
  state: GuardianState,
  host: HostState,
  voting: readonly CollectorTrack[],
): HostAge {
  let ageMs = Number.POSITIVE_INFINITY;
  let silentMs = Number.POSITIVE_INFINITY;
  for (const track of voting) {
    // A collector with nothing from this host in its epoch vouches only for what it observed.
    let vouchedMs = Math.max(0, track.watermark.monoMs - track.observedFrom);
    for (const row of host.rows) {
      const age = rowAge(state.now, row, track);
      if (age === undefined) continue;
      vouchedMs = Math.min(vouchedMs, age.vouchedMs);
      ageMs = Math.min(ageMs, age.ageMs);
    }
    silentMs = Math.min(silentMs, vouchedMs);
  }
  return { ageMs, silentMs: voting.length === 0 ? 0 : silentMs };
}

/** Suspicion, silence and freshness of a host at this tick; the same host when nothing changed. */
export function foldFreshness(
  state: GuardianState,
  host: HostState,
  voting: readonly CollectorTrack[],
): HostState {
  const { limits } = state.settings;
  if (voting.length === 0) {
    if (host.freshSince === undefined && host.silentSince === undefined) return host;
    return hostWith(host, {
      freshSince: undefined,
      silentSince: undefined,
      steadyAt: steadyBefore(state, host),
    });
  }
  const { ageMs, silentMs } = hostAge(state, host, voting);
  if (ageMs < limits.suspectAfterMs) {
    if (host.freshSince !== undefined) return host;
    return hostWith(host, {
      suspectSince: undefined,
      silentSince: undefined,
      freshSince: state.now,
    });
  }
  const silentSince =
    silentMs >= limits.silentAfterMs ? (host.silentSince ?? state.now) : undefined;
  const suspectSince = host.suspectSince ?? state.now;
  const same = host.suspectSince === suspectSince && host.silentSince === silentSince;
  if (same && host.freshSince === undefined) return host;
  return hostWith(host, {
    freshSince: undefined,
    suspectSince,
    silentSince,
    steadyAt: steadyBefore(state, host),
  });
}

/** Last moment at which a host had been fresh for `graceFreshMs` without a break. */
export function steadyAt(state: GuardianState, host: HostState): MonoMs | undefined {
  return host.freshSince === undefined ? host.steadyAt : steadyUntil(state, host, state.now);
}

/** The same, for a host that is fresh no more: the round before this one saw it fresh last. */
function steadyBefore(state: GuardianState, host: HostState): MonoMs | undefined {
  const { previousTickAt } = state.eyes;
  return previousTickAt === undefined ? host.steadyAt : steadyUntil(state, host, previousTickAt);
}

function steadyUntil(state: GuardianState, host: HostState, at: MonoMs): MonoMs | undefined {
  const { graceFreshMs } = state.settings.limits;
  const steady = host.freshSince !== undefined && at - host.freshSince >= graceFreshMs;
  return steady ? at : host.steadyAt;
}

/** Networks on which no voting collector hears a host, although others' reports arrive there. */
export function missingPaths(
  state: GuardianState,
  host: HostState,
  voting: readonly CollectorTrack[],
  fresh: FreshPaths,
): readonly NetworkName[] {
  const { pathSilentAfterMs } = state.settings.limits;
  let missing: NetworkName[] | undefined;
  const heard: NetworkName[] = [];
  for (const track of voting) {
    for (const row of host.rows) {
      const age = rowAge(state.now, row, track);
      if (age === undefined) continue;
      if (age.vouchedMs < pathSilentAfterMs) heard.push(row.path);
      // It is not fresh there itself, so whoever is fresh there is another.
      else if (fresh.on(track.id, row.path) > 0) (missing ??= []).push(row.path);
    }
  }
  if (missing === undefined) return nowhere;
  return [...new Set(missing)].filter((path) => !heard.includes(path)).sort();
}

const nowhere: readonly NetworkName[] = [];

/** How many hosts are fresh on each path of each collector: does it work for others? */
export class FreshPaths {
  readonly #counts = new Map<CollectorId, Map<NetworkName, number>>();
  /** Most hosts that are fresh on one and the same path. */
  most = 0;

  add(collector: CollectorId, path: NetworkName): void {
    let paths = this.#counts.get(collector);
    if (paths === undefined) this.#counts.set(collector, (paths = new Map()));
    const count = (paths.get(path) ?? 0) + 1;
    paths.set(path, count);
    this.most = Math.max(this.most, count);
  }

  on(collector: CollectorId, path: NetworkName): number {
    return this.#counts.get(collector)?.get(path) ?? 0;
  }
}

/** Counted once a round. */
export function countFreshPaths(
  state: GuardianState,
  voting: readonly CollectorTrack[],
): FreshPaths {
  const { suspectAfterMs } = state.settings.limits;
  const fresh = new FreshPaths();
  for (const track of voting) {
    for (const host of state.hosts.values()) {
      for (const row of host.rows) {
        const age = rowAge(state.now, row, track);
        if (age !== undefined && age.ageMs < suspectAfterMs) fresh.add(track.id, row.path);
      }
    }
  }
  return fresh;
}
