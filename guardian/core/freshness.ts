/**
 * Who has been heard, when, and who may say so. Ages follow one rule: the collector's watermark
 * minus the arrival (one clock), plus our own time since we first saw that watermark. That last
 * part can make a host suspect, never silent: silence is what a watermark vouches for.
 */
import type { CollectorId } from "../../shared/names.ts";
import type { LivenessRow, NetworkName } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import { isMoving } from "./reports.ts";
import { type CollectorTrack, type GuardianState, type HostState, hostWith } from "./state.ts";

/** When it last gave a sign by a report that a host which is off could not give, confirmed or not; 0: never. */
export function reportedAt({ lifeAt, unconfirmedAt }: HostState): number {
  return Math.max(lifeAt ?? 0, unconfirmedAt ?? 0);
}

/** Nobody has confirmed its last reports, and they are too new to call it silent. */
export function isUnconfirmed(state: GuardianState, { unconfirmedAt }: HostState): boolean {
  const { silentAfterMs } = state.settings.limits;
  return unconfirmedAt !== undefined && state.now - unconfirmedAt < silentAfterMs;
}

/** Collectors whose watermark advanced lately; only they can say that a host is silent. */
export function voters(state: GuardianState): readonly CollectorTrack[] {
  const { voteMs } = state.settings.limits;
  return [...state.collectors.values()].filter(
    (track) => isMoving(track) && state.now - track.seenAt <= voteMs,
  );
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
  const ageMs = vouchedMs + Math.max(0, now - track.seenAt);
  return { vouchedMs, ageMs: Math.max(ageMs, waitedMs(now, row, track)) };
}

/**
 * What a collector dates when it has its vote again may have waited since it lost it, and its host have died meanwhile:
 * until its next report it is suspect, so that no storm is taken for one host's death.
 */
function waitedMs(
  now: MonoMs,
  { arrivalMs }: Pick<LivenessRow, "arrivalMs">,
  { gap }: CollectorTrack,
): number {
  return gap?.lostVote === true && arrivalMs <= gap.toMs ? now - gap.fromAt : 0;
}

export interface HostAge {
  /** Age of the newest report by any voting collector; infinite when none knows it. */
  readonly ageMs: number;
  /** Least silence that every voting collector vouches for. */
  readonly silentMs: number;
}

/**
 * Without collectors that have just begun, and never heard the host, while one votes to which its last report came: a
 * collector that dies and begins anew every few seconds would else keep every dead host from being silent.
 */
function votersOn(
  { settings, now }: GuardianState,
  { rows, lifeAt }: HostState,
  voting: readonly CollectorTrack[],
): readonly CollectorTrack[] {
  const { silentAfterMs } = settings.limits;
  const isYoung = ({ watermark, observedFrom }: CollectorTrack): boolean =>
    watermark.monoMs - observedFrom < silentAfterMs;
  if (lifeAt === undefined || voting.length < 2 || !voting.some(isYoung)) return voting;
  const heard = (track: CollectorTrack): number => {
    const ages = rows.map((row) => rowAge(now, row, track)?.vouchedMs ?? Number.POSITIVE_INFINITY);
    return track.seenAt - Math.min(...ages);
  };
  const hasLast = voting.some((track) => !isYoung(track) && heard(track) >= lifeAt - sameMs);
  if (!hasLast) return voting;
  return voting.filter((track) => !isYoung(track) || Number.isFinite(heard(track)));
}

/** Two collectors hear one report at the same time, as far as their watermarks tell. */
const sameMs = 2000;

/** How long a host has been without a report, as far as anyone can vouch. */
export function hostAge(
  state: GuardianState,
  host: HostState,
  voting: readonly CollectorTrack[],
): HostAge {
  let ageMs = Number.POSITIVE_INFINITY;
  let silentMs = Number.POSITIVE_INFINITY;
  for (const track of votersOn(state, host, voting)) {
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
