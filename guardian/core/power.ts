/**
 * Power devices as witnesses. Only a verified device counts, only a fresh reading counts, and a
 * device that failed to answer is on probation: "I could not ask" is never "off".
 */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import { identityWords, sameIdentity } from "./device-identity.ts";
import type { Effect } from "./effects.ts";
import type { PowerRead, Vouched } from "./events.ts";
import { say } from "./incidents.ts";
import type { DeviceStanding } from "./memory.ts";
import { advancedTwiceAfter } from "./nova-record.ts";
import { placeOf } from "./device-places.ts";
import { isRehearsing, withRehearsal } from "./rehearsals.ts";
import { hostSettings } from "./settings.ts";
import { deviceKey, newStanding, unverifiedBecause } from "./verification.ts";
import {
  hostOf,
  withHost,
  type DeviceTrack,
  type GuardianState,
  type HostState,
  type ReadingRecord,
  hostWith,
  stateWith,
} from "./state.ts";
import { words, type Said } from "./words.ts";

const readingsMax = 6;

export function deviceTrack(host: HostState, device: string): DeviceTrack {
  return (
    host.devices.get(device) ?? {
      device,
      readings: [],
      askedAt: undefined,
      failedAt: undefined,
      answeringSince: undefined,
      offSince: undefined,
    }
  );
}

/** Did not answer twice in a row: with a rehearsal every five minutes, for that long. */
export function isMute({ readings }: DeviceTrack): boolean {
  return (
    readings.at(-1)?.reading.power === "unknown" && readings.at(-2)?.reading.power === "unknown"
  );
}

export function hasMuteDevice(host: HostState): boolean {
  for (const track of host.devices.values()) if (isMute(track)) return true;
  return false;
}

export function foldPower(state: GuardianState, event: PowerRead): GuardianState {
  const host = hostOf(state, event.host);
  const before = deviceTrack(host, event.device);
  const record: ReadingRecord = { askedAt: event.askedAt, at: event.at, reading: event.reading };
  const { power } = event.reading;
  const failed = power === "unknown";
  const next: DeviceTrack = {
    device: event.device,
    readings: [...before.readings, record].slice(-readingsMax),
    askedAt: undefined,
    failedAt: failed && host.freshSince === undefined ? event.at : before.failedAt,
    answeringSince: failed ? undefined : (before.answeringSince ?? event.at),
    offSince: power === "off" ? (before.offSince ?? event.at) : undefined,
    onAgainAt: power === "on" && wasOff(before) ? event.askedAt : before.onAgainAt,
    restore: restoreOf(event.reading) ?? before.restore,
  };
  const devices = new Map(host.devices);
  devices.set(event.device, next);
  const seen = withHost(state, hostWith(host, { devices }));
  return event.reading.power === "unknown" ? seen : foldIdentity(seen, event);
}

/** Off when it answered last, however long ago. */
function wasOff({ readings }: DeviceTrack): boolean {
  return readings.findLast(({ reading }) => reading.power !== "unknown")?.reading.power === "off";
}

function restoreOf(reading: ReadingRecord["reading"]): DeviceTrack["restore"] {
  return reading.power === "unknown" ? undefined : reading.restore;
}

/** Devices whose chassis comes on by itself when the mains come back. */
export function comesOnByItself(host: HostState): readonly string[] {
  const names: string[] = [];
  for (const { device, restore } of host.devices.values()) {
    if (restore === "always-on") names.push(device);
  }
  return names;
}

/** Pins the identity at first sight; another one, or none where there was one, is a finding. */
function foldIdentity(state: GuardianState, event: PowerRead): GuardianState {
  if (event.reading.power === "unknown") return state;
  const key = deviceKey(event.host, event.device);
  const standing = state.memory.devices[key] ?? newStanding;
  const { identity } = event.reading;
  if (standing.pinned === undefined) {
    return withStanding(state, key, { ...standing, pinned: identity });
  }
  if (sameIdentity(standing.pinned, identity)) return state;
  if (standing.unverified !== undefined) return state;
  const before = identityWords(standing.pinned);
  const unverified = words("device.changed", { identity: identityWords(identity), before });
  return withStanding(state, key, { ...standing, unverified });
}

/** A person says that this host's devices, as they answer now, are this host's. */
export function foldVouched(state: GuardianState, event: Vouched, out: Effect[]): GuardianState {
  if (vouchProblem(state, event.host) !== undefined) return state;
  // Whoever vouches has seen what a rehearsal did not show.
  let next = isRehearsing(state, event.host) ? state : withRehearsal(state, event.host, undefined);
  const host = hostOf(state, event.host);
  for (const device of hostSettings(state.settings, event.host).devices) {
    const reading = deviceTrack(host, device).readings.at(-1)?.reading;
    if (reading === undefined || reading.power === "unknown") continue;
    const place = placeOf(state.settings, event.host, device);
    const said = { pinned: reading.identity, vouchedBy: event.by, place };
    const standing = { ...said, unverified: undefined };
    next = withStanding(next, deviceKey(event.host, device), standing);
    next = say(next, out, {
      level: "warn",
      host: event.host,
      event: "vouched",
      text: words("log.vouched", {
        by: event.by,
        device,
        identity: identityWords(reading.identity),
        reason: event.reason,
      }),
    });
  }
  return next;
}

/** Why a person cannot vouch for a host's devices now; undefined when they can. */
export function vouchProblem(state: GuardianState, host: HostName): string | undefined {
  const silent = silentDevices(state, host);
  if (silent.length > 0) {
    return `${host}: ${silent.join(", ")} did not answer: there is nothing to vouch for`;
  }
  if (state.eyes.servicesAt === undefined) {
    return `${host}: Nova was not heard since the start, so nobody knows which hosts there are; try again in a few seconds`;
  }
  const unheard = hostsNeverHeard(state).filter((name) => name !== host);
  const [first] = unheard;
  if (first === undefined) return undefined;
  return `${host}: ${unheard.length} other hosts were never heard by a probe (${first}${unheard.length > 1 ? ", …" : ""}), must be 0: the device may be theirs, and nobody would hear it go off; start their probes, or take them out of the configuration, first`;
}

/** Configured hosts with a nova-compute and no probe that ever said who they are. */
function hostsNeverHeard({ settings, hosts, memory }: GuardianState): readonly HostName[] {
  return [...settings.hosts.keys()].filter(
    (name) => hosts.get(name)?.service !== undefined && memory.known[name] === undefined,
  );
}

/** Devices that did not answer when last asked: nobody can vouch for what they would show. */
function silentDevices(state: GuardianState, host: HostName): readonly string[] {
  return hostSettings(state.settings, host).devices.filter((device) => {
    const last = deviceTrack(hostOf(state, host), device).readings.at(-1);
    return last === undefined || last.reading.power === "unknown";
  });
}

export function withStanding(
  state: GuardianState,
  key: string,
  standing: DeviceStanding,
): GuardianState {
  const devices = { ...state.memory.devices, [key]: standing };
  return stateWith(state, { memory: { ...state.memory, devices } });
}

/** What one device says of its host now, and why it may not be heard. */
export type DeviceWord =
  | { readonly power: "on" | "off" | "contradicted" }
  | { readonly power: "unknown"; readonly because: "unread" | "no-answer" | "old" | "probation" }
  | { readonly power: "unknown"; readonly because: "unverified"; readonly reason: Said };

const plainWords = {
  on: { power: "on" },
  off: { power: "off" },
  contradicted: { power: "contradicted" },
  unread: { power: "unknown", because: "unread" },
  "no-answer": { power: "unknown", because: "no-answer" },
  old: { power: "unknown", because: "old" },
  probation: { power: "unknown", because: "probation" },
} as const satisfies Record<string, DeviceWord>;

export function deviceWord(state: GuardianState, host: HostState, device: string): DeviceWord {
  const track = host.devices.get(device);
  const last = track?.readings.at(-1);
  if (track === undefined || last === undefined) return plainWords.unread;
  const { reading } = last;
  if (track.offSince !== undefined && isContradicted(state, host, track)) {
    const standing = state.memory.devices[deviceKey(host.host, device)];
    if (standing?.unverified === undefined) return plainWords.contradicted;
  }
  if (reading.power === "unknown") return plainWords["no-answer"];
  if (state.now - last.at > state.settings.limits.powerAgeMsMax) return plainWords.old;
  const reason = unverifiedBecause(state, host.host, device);
  if (reason !== undefined) return { power: "unknown", because: "unverified", reason };
  return onProbation(state, host, track) ? plainWords.probation : plainWords[reading.power];
}

/** Failed to answer since the host reported last, also while we were blind, and has not answered for long enough since. */
function onProbation(state: GuardianState, host: HostState, track: DeviceTrack): boolean {
  if (track.failedAt === undefined || host.freshSince !== undefined) return false;
  if (track.failedAt < (host.livedAt ?? -1)) return false;
  const since = track.answeringSince;
  return since === undefined || state.now - since < state.settings.limits.powerProbationMs;
}

/**
 * Off, and still off in a later reading, although the host showed life well after an off reading
 * (a report of the same boot, an echo, or two advances of Nova's record).
 */
function isContradicted(state: GuardianState, host: HostState, track: DeviceTrack): boolean {
  const last = track.readings.at(-1);
  if (track.offSince === undefined || last?.reading.power !== "off") return false;
  const lifeFrom = track.offSince + state.settings.limits.powerContradictedMs;
  // What accuses it came surely after its off, and surely before the reading that still says so.
  const reported = (host.livedAt ?? -1) >= lifeFrom && last.askedAt >= (host.lifeAt ?? -1);
  const { echoAt = -1 } = host;
  if (reported || (echoAt >= lifeFrom && last.askedAt >= echoAt)) return true;
  const lastAdvance = host.service?.advances.at(-1);
  if (lastAdvance === undefined || last.askedAt < lastAdvance.askedAt) return false;
  return advancedTwiceAfter(host.service, track.offSince);
}

/**
 * Readings due now: each second in trouble, now and then in peace; one under way per device. Once a device has answered
 * an off command (`answeredAt`), what was asked before is no word: it is read again at once.
 */
export function dueReadings(
  state: GuardianState,
  host: HostState,
  out: Effect[],
  { everyMs, urgent }: { readonly everyMs: number; readonly urgent: boolean },
  answeredAt: (device: string) => MonoMs | undefined,
): HostState {
  const { powerDeadlineMs: deadlineMs } = state.settings.limits;
  let next = host;
  for (const device of hostSettings(state.settings, host.host).devices) {
    const track = deviceTrack(next, device);
    if (!isReadingDue(track.readings.at(-1), state.now, everyMs, answeredAt(device))) continue;
    if (isUnderWay(track.askedAt, state.now, deadlineMs)) continue;
    const first = urgent ? ({ urgent } as const) : {};
    out.push({ kind: "read-power", host: host.host, device, deadlineMs, ...first });
    const devices = new Map(next.devices);
    devices.set(device, { ...track, askedAt: state.now });
    next = hostWith(next, { devices });
  }
  return next;
}

function isReadingDue(
  last: ReadingRecord | undefined,
  now: MonoMs,
  everyMs: number,
  orderedOffAt: MonoMs | undefined,
): boolean {
  if (last === undefined) return true;
  if (orderedOffAt === undefined) return now - last.askedAt >= everyMs;
  // The proof counts from one answer to the next: asked for every second, they would come a bit less than that apart.
  return last.askedAt < orderedOffAt || now - last.at >= everyMs;
}

/** A reading that never came back frees its place a second after its deadline. */
function isUnderWay(askedAt: MonoMs | undefined, now: MonoMs, deadlineMs: number): boolean {
  return askedAt !== undefined && now - askedAt < deadlineMs + 1000;
}
