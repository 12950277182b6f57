/**
 * Who has been heard, when, and who may say so. Ages follow one rule: the collector's watermark
 * minus the arrival (one clock), plus our own time since we first saw that watermark. That last
 * part can make a host suspect, never silent: silence is what a watermark vouches for.
 */
import type { HostName } from "../../shared/names.ts";
import type { LivenessRow, NetworkName, Watermark } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { Telemetry } from "./events.ts";
import { hostOf, type CollectorTrack, type GuardianState, type HostState } from "./state.ts";

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
  const hosts = new Map(state.hosts);
  let known = state.memory.known;
  for (const row of event.liveness) {
    const track = collectors.get(row.collector);
    if (track === undefined) continue;
    const before = hosts.get(row.host) ?? hostOf(state, row.host);
    const host = foldRow(before, row, track, event.at);
    if (host === before) continue;
    hosts.set(row.host, host);
    const remembered = known[row.host];
    const uuid =
      row.checks.hardwareUuid === "" ? remembered?.hardwareUuid : row.checks.hardwareUuid;
    if (remembered?.bootId !== row.bootId || remembered.hardwareUuid !== (uuid ?? "")) {
      known = { ...known, [row.host]: { bootId: row.bootId, hardwareUuid: uuid ?? "" } };
    }
  }
  const memory = known === state.memory.known ? state.memory : { ...state.memory, known };
  return { ...state, collectors, hosts, memory };
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
    };
  }
  if (watermark.epoch < track.watermark.epoch) return undefined;
  const storeMs = event.source === "store" ? watermark.monoMs : track.storeMs;
  const liveMs = event.source === "live" ? watermark.monoMs : track.liveMs;
  if (watermark.monoMs <= track.watermark.monoMs) return { ...track, storeMs, liveMs };
  const { ledger: was } = track.watermark;
  const lost = watermark.ledger.dropped > was.dropped || watermark.ledger.shed > was.shed;
  const dirtyAt = lost ? event.at : track.dirtyAt;
  return { ...track, watermark, seenAt: event.at, dirtyAt, storeMs, liveMs };
}

function foldRow(host: HostState, row: LivenessRow, track: CollectorTrack, at: MonoMs): HostState {
  if (row.collectorEpoch !== track.watermark.epoch) {
    // Of another epoch: it tells that the host reported once, and nothing about when.
    return host.newest === undefined ? { ...host, newest: row } : host;
  }
  const key = `${row.collector} ${row.path}`;
  const before = host.rows.get(key);
  const sameEpoch = before?.collectorEpoch === row.collectorEpoch;
  if (sameEpoch && before.arrivalMs >= row.arrivalMs) return host;
  const rows = new Map(host.rows);
  rows.set(key, row);
  const arrivedAt = arrivalOnOurClock(row, track, at);
  if (host.lifeAt !== undefined && arrivedAt < host.lifeAt) return { ...host, rows };
  const rebooted = host.newest !== undefined && row.bootId !== host.newest.bootId;
  // A new boot means that it came on again: what its power devices said before is void.
  const devices = rebooted ? new Map() : host.devices;
  return { ...host, rows, newest: row, lifeAt: arrivedAt, devices };
}

/** When a report arrived, on our clock: never earlier than it truly did. */
function arrivalOnOurClock(row: LivenessRow, track: CollectorTrack, at: MonoMs): MonoMs {
  const age = Math.max(0, track.watermark.monoMs - row.arrivalMs);
  return monoMs(Math.min(at, track.seenAt - age));
}

/** Collectors whose watermark advanced lately; only they can say that a host is silent. */
export function voters(state: GuardianState): readonly CollectorTrack[] {
  const { voteMs } = state.settings.limits;
  return [...state.collectors.values()].filter((track) => state.now - track.seenAt <= voteMs);
}

/** What one collector says of one path of a host. */
export interface PathAge {
  readonly path: NetworkName;
  /** What the watermark vouches for. */
  readonly vouchedMs: number;
  /** With our own time since the watermark: enough to suspect, not to say silent. */
  readonly ageMs: number;
}

/** Ages of a host's paths as one collector knows them in its current epoch. */
export function pathAges(
  state: GuardianState,
  host: HostState,
  track: CollectorTrack,
): readonly PathAge[] {
  const ages: PathAge[] = [];
  for (const row of host.rows.values()) {
    if (row.collector !== track.id || row.collectorEpoch !== track.watermark.epoch) continue;
    const vouchedMs = Math.max(0, track.watermark.monoMs - row.arrivalMs);
    // Between rounds a watermark may be newer than the last round's time.
    const sinceSeenMs = Math.max(0, state.now - track.seenAt);
    ages.push({ path: row.path, vouchedMs, ageMs: vouchedMs + sinceSeenMs });
  }
  return ages;
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
    const ages = pathAges(state, host, track);
    // A collector with nothing from this host in its epoch vouches only for what it observed.
    let vouched = Math.max(0, track.watermark.monoMs - track.observedFrom);
    for (const age of ages) {
      vouched = Math.min(vouched, age.vouchedMs);
      ageMs = Math.min(ageMs, age.ageMs);
    }
    silentMs = Math.min(silentMs, vouched);
  }
  return { ageMs, silentMs: voting.length === 0 ? 0 : silentMs };
}

/** Suspicion, silence and freshness of a host at this tick. */
export function foldFreshness(
  state: GuardianState,
  host: HostState,
  voting: readonly CollectorTrack[],
): HostState {
  const { limits } = state.settings;
  const { ageMs, silentMs } = hostAge(state, host, voting);
  if (voting.length === 0) return { ...host, freshSince: undefined, silentSince: undefined };
  const fresh = ageMs < limits.suspectAfterMs;
  const silent = silentMs >= limits.silentAfterMs && !fresh;
  if (fresh) {
    const freshSince = host.freshSince ?? state.now;
    const steady = state.now - freshSince >= limits.graceFreshMs;
    const steadyAt = steady ? state.now : host.steadyAt;
    return { ...host, suspectSince: undefined, silentSince: undefined, freshSince, steadyAt };
  }
  return {
    ...host,
    freshSince: undefined,
    suspectSince: host.suspectSince ?? state.now,
    silentSince: silent ? (host.silentSince ?? state.now) : undefined,
  };
}

/** Networks on which no voting collector hears a host, although others' reports arrive there. */
export function missingPaths(
  state: GuardianState,
  host: HostState,
  voting: readonly CollectorTrack[],
  freshPaths: ReadonlyMap<string, ReadonlySet<HostName>>,
): readonly NetworkName[] {
  const missing = new Set<NetworkName>();
  const heard = new Set<NetworkName>();
  for (const track of voting) {
    for (const age of pathAges(state, host, track)) {
      if (age.vouchedMs < state.settings.limits.pathSilentAfterMs) {
        heard.add(age.path);
        continue;
      }
      const others = freshPaths.get(`${track.id} ${age.path}`);
      // It is not fresh there itself, so whoever is fresh there is another.
      if (others !== undefined && others.size > 0) missing.add(age.path);
    }
  }
  return [...missing].filter((path) => !heard.has(path)).sort();
}

/** Per "collector path": the hosts that are fresh there, for the question "does it work for others". */
export function freshHostsByPath(
  state: GuardianState,
  voting: readonly CollectorTrack[],
): ReadonlyMap<string, ReadonlySet<HostName>> {
  const result = new Map<string, Set<HostName>>();
  for (const track of voting) {
    for (const host of state.hosts.values()) {
      for (const age of pathAges(state, host, track)) {
        if (age.ageMs >= state.settings.limits.suspectAfterMs) continue;
        const key = `${track.id} ${age.path}`;
        const names = result.get(key) ?? new Set<HostName>();
        names.add(host.host);
        result.set(key, names);
      }
    }
  }
  return result;
}
