/**
 * What a fence proof is: every power device of one level was read off twice, at least a second apart, the
 * last time after the device answered our off command; or people confirmed it, and nothing showed life
 * since. Only this file mints a FenceProof.
 */
import type { HostName } from "../../shared/names.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import { standingConfirmation } from "./confirmations.ts";
import { deviceWords } from "./evidence.ts";
import { deviceThatReadsOn, fenceLevels } from "./fence-levels.ts";
import { namedHosts, type Commands } from "./fence-orders.ts";
import { incidentOf } from "./incidents.ts";
import type { OffCommand } from "./memory.ts";
import { deviceTrack, deviceWord } from "./power.ts";
import { mintProof, type FenceProof } from "./proof.ts";
import { noticeInForce } from "./self-checks.ts";
import type { FenceLevel } from "./settings.ts";
import { hostOf, type GuardianState, type HostState, type ReadingRecord } from "./state.ts";
import { words, type Words } from "./words.ts";

const readingsApartMs = 1000;

export interface Proven {
  readonly kind: "proven";
  readonly proof: FenceProof;
  readonly offSince: MonoMs;
  /** The level that the proof rests on. */
  readonly level: number;
}

/** What stands between the commands and a proof; undefined proof says why not yet. */
export type Fence =
  | Proven
  | { readonly kind: "waiting"; readonly for: Words }
  | { readonly kind: "failed"; readonly reason: Words };

/**
 * Whether a host is fenced now, by readings asked for after `lifeAt`: one level complete, the first of
 * those ordered off. Without one, how it stands with the level that is tried.
 */
export function fenceState(
  state: GuardianState,
  host: HostState,
  commands: Commands,
  lifeAt: MonoMs | undefined,
  tried = 0,
): Fence {
  const levels = fenceLevels(state.settings, host.host);
  const none = levels.length === 0 ? "fence.no-device" : "fence.no-level";
  let found: Fence = { kind: "failed", reason: words(none) };
  for (const [at, level] of levels.entries()) {
    if (at !== tried && !level.devices.every((device) => commands[device] !== undefined)) continue;
    const fence = levelFence(state, host, level, at, commands, lifeAt);
    if (fence.kind === "proven") return fence;
    if (at === tried) found = fence;
  }
  return found;
}

function levelFence(
  state: GuardianState,
  host: HostState,
  { devices }: FenceLevel,
  level: number,
  commands: Commands,
  lifeAt: MonoMs | undefined,
): Fence {
  let obtainedAt = Number.POSITIVE_INFINITY;
  let offSince = 0;
  for (const device of devices) {
    const fence = deviceFence(state, host, device, commands[device], lifeAt);
    if (fence.kind !== "off") return fence;
    obtainedAt = Math.min(obtainedAt, fence.lastAskedAt);
    offSince = Math.max(offSince, fence.offSince);
  }
  const on = deviceThatReadsOn(state, host, level);
  if (on !== undefined) {
    return { kind: "waiting", for: words("await.off", { device: on, power: "on" }) };
  }
  const bootId = incidentOf(state, host.host)?.bootId;
  const { proofMs } = state.settings.limits;
  const proof = mintProof("power-devices", host.host, bootId, monoMs(obtainedAt), proofMs);
  return { kind: "proven", proof, offSince: monoMs(offSince), level };
}

/** A proof by the word of people, newer than any sign of life; undefined without one that stands. */
export function confirmedFence(
  state: GuardianState,
  host: HostState,
  lifeAt: MonoMs | undefined,
): Proven | undefined {
  const standing = standingConfirmation(state, host);
  if (standing === undefined) return undefined;
  const { at } = standing;
  // Said before the life that revoked the last proof: it must be said again.
  if (at <= (lifeAt ?? 0)) return undefined;
  const bootId = incidentOf(state, host.host)?.bootId;
  const { confirmedMs } = state.settings.limits;
  const proof = mintProof("confirmed", host.host, bootId, at, confirmedMs);
  // Of no level: any device that reads on speaks against it.
  const level = fenceLevels(state.settings, host.host).length;
  return { kind: "proven", proof, offSince: at, level };
}

type DeviceFence =
  | { readonly kind: "off"; readonly lastAskedAt: MonoMs; readonly offSince: MonoMs }
  | { readonly kind: "waiting"; readonly for: Words }
  | { readonly kind: "failed"; readonly reason: Words };

function deviceFence(
  state: GuardianState,
  host: HostState,
  device: string,
  command: OffCommand | undefined,
  lifeAt: MonoMs | undefined,
): DeviceFence {
  const word = deviceWord(state, host, device);
  if (command?.answer?.kind === "refused" || command?.answer?.kind === "no-answer") {
    const { kind, reason } = command.answer;
    return { kind: "failed", reason: words(`fence.${kind}`, { device, reason }) };
  }
  if (command?.answeredAt === undefined)
    return { kind: "waiting", for: words("await.answer", { device }) };
  if (word.power !== "off")
    return {
      kind: "waiting",
      for: words("await.off", { device, power: deviceWords(state, host, device) }),
    };
  // What turned off by our command must be read off twice afterwards; what was off already, once.
  const from = command.wasOn ? command.answeredAt : 0;
  const run = unbrokenOff(deviceTrack(host, device).readings).filter(
    (record) => record.askedAt >= from && record.askedAt > (lifeAt ?? 0),
  );
  const first = run[0];
  const last = run.at(-1);
  if (first === undefined || last === undefined || last.askedAt < command.answeredAt) {
    return { kind: "waiting", for: words("await.read", { device }) };
  }
  if (last.at - first.at < readingsApartMs) {
    return { kind: "waiting", for: words("await.second", { device }) };
  }
  return { kind: "off", lastAskedAt: last.askedAt, offSince: first.at };
}

/** The readings at the end that all say off. */
function unbrokenOff(readings: readonly ReadingRecord[]): readonly ReadingRecord[] {
  const lastOther = readings.findLastIndex((record) => record.reading.power !== "off");
  return readings.slice(lastOther + 1);
}

/** Hosts that were asked for life at an off command and have shown none long enough after `from`. */
export function hostsOwingLife(
  state: GuardianState,
  fenced: HostName,
  phase: { readonly switchedOff: boolean; readonly freshAtCommand: readonly HostName[] },
  from: MonoMs,
): readonly HostName[] {
  if (!phase.switchedOff) return [];
  const dueAt = from + state.settings.limits.othersReportMs;
  return phase.freshAtCommand.filter((name) => {
    const other = hostOf(state, name);
    if (answeredAt(state, other) >= dueAt) return false;
    // What was announced may be true, and the chassis that reads off its own all the same.
    return !noticeInForce(state, other) || namedHosts(state, fenced).includes(name);
  });
}

/**
 * When a host has surely reported. A delay beyond the limit is a doubt about our eyes, which holds by itself:
 * nobody is accused for it.
 */
function answeredAt(state: GuardianState, { heardAt, livedAt }: HostState): number {
  const { lagMsMax } = state.settings.limits;
  return Math.max(livedAt ?? 0, (heardAt ?? 0) - lagMsMax);
}

/**
 * Whether all hosts that were fresh at the off command have shown life since the chassis read off.
 * If one has not in time, we may have switched off the wrong one (invariant 4).
 */
export function othersLive(
  state: GuardianState,
  fenced: HostName,
  phase: { readonly switchedOff: boolean; readonly freshAtCommand: readonly HostName[] },
  offSince: MonoMs,
):
  | { readonly kind: "live" }
  | { readonly kind: "waiting" }
  | { readonly kind: "missing"; readonly host: HostName } {
  const { othersDeadlineMs } = state.settings.limits;
  const [missing] = hostsOwingLife(state, fenced, phase, offSince);
  if (missing === undefined) return { kind: "live" };
  // While no collector has a vote nobody could show life.
  const isBlind = state.round.voting.length === 0;
  if (isBlind || state.now - offSince < othersDeadlineMs) return { kind: "waiting" };
  return { kind: "missing", host: missing };
}
