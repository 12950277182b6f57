/**
 * Fencing: make sure a host is off. Fenced means that every power device was read off twice, at
 * least a second apart, the last time after the device answered our off command. Only this file
 * mints a FenceProof.
 */
import type { HostName } from "../../shared/names.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import { approvalOf } from "./approvals.ts";
import type { Effect } from "./effects.ts";
import type { PowerOffAnswered } from "./events.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import type { Incident, OffCommand, Phase } from "./memory.ts";
import { deviceWords } from "./evidence.ts";
import { deviceTrack, deviceWord } from "./power.ts";
import { deviceKey, unverifiedBecause } from "./verification.ts";
import { mintProof, type FenceProof } from "./proof.ts";
import { readsSame } from "./same-words.ts";
import { noticeInForce } from "./self-checks.ts";
import { hostSettings } from "./settings.ts";
import { hostOf, type GuardianState, type HostState, type ReadingRecord } from "./state.ts";
import { durationWords, words, type Said, type Words } from "./words.ts";

type Commands = Readonly<Record<string, OffCommand>>;
type Fencing = Extract<Phase, { kind: "fencing" }>;

const readingsApartMs = 1000;

/** Orders every device of a host off and opens the fencing phase. */
export function beginFencing(
  state: GuardianState,
  host: HostState,
  out: Effect[],
  attempt: number,
  lastFailure: Said | undefined,
): GuardianState {
  const incident = incidentOf(state, host.host);
  if (incident === undefined) return state;
  const commands = orderOff(state, host, incident, out, `fence-${attempt}`);
  // An earlier attempt may have switched it off already: the question to the others stays open,
  // to those above all who have not reported since.
  const owing = owingLife(incident.phase);
  const phase: Fencing = {
    kind: "fencing",
    since: state.now,
    attempt,
    lastFailure,
    commands,
    switchedOff: owing.length > 0 || Object.values(commands).some((command) => command.wasOn),
    freshAtCommand: [...new Set([...owing, ...freshHosts(state, host.host)])].sort(),
  };
  const approval = approvalOf(state, host.host, "fence");
  const approved = approval !== undefined && !approval.byDefault;
  const fence = { host: host.host, wall: state.wall, ...(approved ? { approved } : {}) };
  const fences = [...state.memory.fences, fence].slice(-100);
  const fenced = { ...state, memory: { ...state.memory, fences } };
  return say(withPhase(fenced, host.host, phase), out, {
    level: "warn",
    host: host.host,
    event: "fence-ordered",
    text: words("log.fence-ordered", { devices: Object.keys(commands), attempt }),
  });
}

/** Hosts that an earlier attempt of this incident still asks for life. */
export function owingLife(phase: Phase): readonly HostName[] {
  if (phase.kind === "watching") return phase.owing ?? [];
  return phase.kind === "fencing" && phase.switchedOff ? phase.freshAtCommand : [];
}

/** Gives the off command to each device of a host and remembers what it read before. */
export function orderOff(
  state: GuardianState,
  host: HostState,
  incident: Incident,
  out: Effect[],
  step: string,
): Commands {
  const commands: Record<string, OffCommand> = {};
  for (const device of hostSettings(state.settings, host.host).devices) {
    const pinned = state.memory.devices[deviceKey(host.host, device)]?.pinned;
    // One that is not verified may be another host's: it is not even asked.
    if (pinned === undefined || unverifiedBecause(state, host.host, device) !== undefined) continue;
    out.push({
      kind: "power-off",
      id: `${incident.id}/${host.host}/${step}/${device}/${state.now}`,
      host: host.host,
      device,
      expected: pinned,
      deadlineMs: state.settings.limits.powerDeadlineMs,
    });
    const last = deviceTrack(host, device).readings.at(-1)?.reading.power;
    const wasOn = last !== "off";
    commands[device] = { askedAt: state.now, answer: undefined, answeredAt: undefined, wasOn };
  }
  return commands;
}

/** Hosts that must show life again after a chassis was switched off, to prove it was not theirs. */
export function freshHosts(state: GuardianState, except: HostName): readonly HostName[] {
  const names: HostName[] = [];
  for (const host of state.hosts.values()) {
    if (host.host === except || host.freshSince === undefined) continue;
    if (!noticeInForce(state, host)) names.push(host.host);
  }
  return names.sort();
}

/** Takes in a device's answer to an off command. */
export function foldPowerOff(state: GuardianState, event: PowerOffAnswered): GuardianState {
  const phase = incidentOf(state, event.host)?.phase;
  if (phase?.kind !== "fencing" && phase?.kind !== "evacuating") return state;
  const command = phase.commands[event.device];
  if (command === undefined || command.askedAt > event.askedAt) return state;
  const answered = { ...command, answer: event.answer, answeredAt: event.at };
  const commands = { ...phase.commands, [event.device]: answered };
  return withPhase(state, event.host, { ...phase, commands });
}

/** What stands between the commands and a proof; undefined proof says why not yet. */
export type Fence =
  | { readonly kind: "proven"; readonly proof: FenceProof; readonly offSince: MonoMs }
  | { readonly kind: "waiting"; readonly for: Words }
  | { readonly kind: "failed"; readonly reason: Words };

/** Whether a host is fenced now, by its devices' readings asked for after `lifeAt`. */
export function fenceState(
  state: GuardianState,
  host: HostState,
  commands: Commands,
  lifeAt: MonoMs | undefined,
): Fence {
  const { devices } = hostSettings(state.settings, host.host);
  if (devices.length === 0) return { kind: "failed", reason: words("fence.no-device") };
  let obtainedAt = Number.POSITIVE_INFINITY;
  let offSince = 0;
  for (const device of devices) {
    const fence = deviceFence(state, host, device, commands[device], lifeAt);
    if (fence.kind !== "off") return fence;
    obtainedAt = Math.min(obtainedAt, fence.lastAskedAt);
    offSince = Math.max(offSince, fence.offSince);
  }
  const bootId = incidentOf(state, host.host)?.bootId;
  const { proofMs } = state.settings.limits;
  const proof = mintProof(host.host, bootId, monoMs(obtainedAt), proofMs);
  return { kind: "proven", proof, offSince: monoMs(offSince) };
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

/**
 * Whether all hosts that were fresh at the off command have shown life since the chassis read off.
 * If one has not in time, we may have switched off the wrong one (invariant 4).
 */
export function othersLive(
  state: GuardianState,
  phase: { readonly switchedOff: boolean; readonly freshAtCommand: readonly HostName[] },
  offSince: MonoMs,
):
  | { readonly kind: "live" }
  | { readonly kind: "waiting" }
  | { readonly kind: "missing"; readonly host: HostName } {
  if (!phase.switchedOff) return { kind: "live" };
  const { othersReportMs, othersDeadlineMs } = state.settings.limits;
  const missing = phase.freshAtCommand.find((name) => {
    const other = hostOf(state, name);
    return !noticeInForce(state, other) && (other.lifeAt ?? 0) < offSince + othersReportMs;
  });
  if (missing === undefined) return { kind: "live" };
  if (state.now - offSince < othersDeadlineMs) return { kind: "waiting" };
  return { kind: "missing", host: missing };
}

/** One round of the fencing phase: mint, wait, or try again while `mayOrder` (every gate passes). */
export function advanceFencing(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  mayOrder: boolean,
  out: Effect[],
): GuardianState {
  if (Object.keys(phase.commands).length === 0) {
    // Inherited from before a restart: whether the command was given is not known, so give it.
    return mayOrder ? beginFencing(state, host, out, phase.attempt, phase.lastFailure) : state;
  }
  const lifeAt = monoMs(Math.max(host.lifeAt ?? 0, host.echoAt ?? 0));
  const fence = fenceState(state, host, phase.commands, lifeAt);
  const lasted = state.now - phase.since;
  // Attempts come ever more rarely, at most every ten attempt times; each is in the page.
  const late = lasted >= state.settings.limits.fenceAttemptMs * Math.min(phase.attempt, 10);
  if (fence.kind === "proven") return fenced(state, host, phase, fence, out);
  if (fence.kind === "waiting" && !late) return state;
  const reason =
    fence.kind === "failed"
      ? fence.reason
      : words("fence.still-waiting", { lasted: durationWords(lasted), awaited: fence.for });
  const failed = { ...phase, lastFailure: reason };
  const told =
    phase.lastFailure !== undefined && readsSame(phase.lastFailure, reason)
      ? withPhase(state, host.host, failed)
      : say(withPhase(state, host.host, failed), out, {
          level: "error",
          host: host.host,
          event: "fence-failed",
          text: words("log.fence-failed", { reason }),
        });
  // Tried again as long as the host looks dead: the next attempt may find the device well again.
  return late && mayOrder ? beginFencing(told, host, out, phase.attempt + 1, reason) : told;
}

function fenced(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  fence: Extract<Fence, { kind: "proven" }>,
  out: Effect[],
): GuardianState {
  const next: Phase = {
    kind: "evacuating",
    since: state.now,
    proof: fence.proof,
    lostAt: undefined,
    offSince: fence.offSince,
    lifeAt: undefined,
    life: undefined,
    commands: phase.commands,
    switchedOff: phase.switchedOff,
    freshAtCommand: phase.freshAtCommand,
    refences: 0,
    forcedDown: { kind: "due" },
    disabled: { kind: "due" },
    moves: undefined,
    lookedAt: undefined,
  };
  return say(withPhase(state, host.host, next), out, {
    level: "warn",
    host: host.host,
    event: "fenced",
    text: words("log.fenced"),
  });
}
