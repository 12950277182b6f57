/**
 * The fencing phase of an incident: order a level of power devices off, wait for a proof, go to the next
 * level when one has failed, and begin anew when all have, as long as the host looks dead.
 */
import type { HostName } from "../../shared/names.ts";
import { monoMs } from "../../shared/time.ts";
import { approvalOf } from "./approvals.ts";
import { standingConfirmation } from "./confirmations.ts";
import { mapWith } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import { failureWords, fenceLevels, nextLevel } from "./fence-levels.ts";
import { freshHosts } from "./fence-orders.ts";
import { confirmedFence, fenceState, type Fence, type Proven } from "./fencing.ts";
import { reportedAt } from "./freshness.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { orderedWords, orderLevel } from "./level-orders.ts";
import type { LevelFailure, OffCommand, Phase } from "./memory.ts";
import { deviceTrack } from "./power.ts";
import { readsSame } from "./same-words.ts";
import { turnedOff, withTurned } from "./turned-off.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";
import { durationWords, words, type Said, type Words } from "./words.ts";

/** A gate that shuts for a moment is nobody's business. */
const heldMs = 15_000;

type Fencing = Extract<Phase, { kind: "fencing" }>;

/** Orders the first level of a host's devices off and opens the fencing phase. */
export function beginFencing(
  state: GuardianState,
  host: HostState,
  out: Effect[],
  attempt: number,
  lastFailure: Said | undefined,
): GuardianState {
  const incident = incidentOf(state, host.host);
  if (incident === undefined) return state;
  const step = `fence-${attempt}`;
  const order = orderLevel(state, host, incident, { from: 0, failed: [], news: 0, step }, out);
  const { commands, run } = order;
  // An earlier attempt may have switched it off already: the question to the others stays open,
  // to those above all who have not reported since.
  const owing = owingLife(incident.phase);
  const phase: Fencing = {
    kind: "fencing",
    since: state.now,
    attempt,
    lastFailure,
    commands,
    run,
    switchedOff: owing.length > 0 || Object.values(commands).some((command) => command.wasOn),
    freshAtCommand: [...new Set([...owing, ...freshHosts(state, host.host)])].sort(),
    turned: withTurned(turnedOff(incident.phase), commands),
    ...(isOrderedAlive(host, incident.phase) ? { alive: true } : {}),
  };
  const begun = withPhase(withBoot(withFence(order.state, host.host), host.host), host.host, phase);
  if (Object.keys(commands).length === 0) return begun;
  return say(begun, out, {
    level: "warn",
    host: host.host,
    event: "fence-ordered",
    text: orderedWords(state, host, order, attempt),
  });
}

/** The boot that is switched off: the incident may have been opened in an earlier one. */
function withBoot(state: GuardianState, host: HostName): GuardianState {
  const incident = incidentOf(state, host);
  if (incident === undefined) return state;
  const bootId = state.memory.known[host]?.bootId ?? incident.bootId;
  const incidents = mapWith(state.memory.incidents, host, { ...incident, bootId });
  return bootId === incident.bootId
    ? state
    : stateWith(state, { memory: { ...state.memory, incidents } });
}

/** It reports as it is ordered off, or did at the attempt before. */
function isOrderedAlive({ freshSince }: HostState, phase: Phase): boolean {
  if (phase.kind === "fencing" && phase.alive === true) return true;
  return phase.kind === "watching" && freshSince !== undefined;
}

/** Remembered for the rate; not counted when a person approved it. */
function withFence(state: GuardianState, host: HostName): GuardianState {
  const approval = approvalOf(state, host, "fence");
  const approved = approval !== undefined && !approval.byDefault;
  const fence = { host, wall: state.wall, ...(approved ? { approved } : {}) };
  // One of each host and kind: a host that is tried often must not push the others out.
  const others = state.memory.fences.filter(
    (known) => known.host !== host || (known.approved ?? false) !== approved,
  );
  const fences = [...others, fence].slice(-100);
  return { ...state, memory: { ...state.memory, fences } };
}

/**
 * No device says anything of it, and people have confirmed that it is off: evacuated by their word. There is
 * nothing to order off; what answers again later, and reads on, is life.
 */
export function beginConfirmed(
  state: GuardianState,
  host: HostState,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  const fence = confirmedFence(state, host, undefined);
  if (fence === undefined || incident === undefined) return state;
  const owing = owingLife(incident.phase);
  const phase: Fencing = {
    kind: "fencing",
    since: state.now,
    attempt: 1,
    lastFailure: undefined,
    commands: {},
    run: { level: fence.level, since: state.now, failed: [] },
    switchedOff: owing.length > 0,
    freshAtCommand: owing,
    turned: turnedOff(incident.phase),
  };
  return fenced(withFence(state, host.host), host, phase, fence, out);
}

/** Hosts that an earlier attempt of this incident still asks for life. */
export function owingLife(phase: Phase): readonly HostName[] {
  if (phase.kind === "watching") return phase.owing ?? [];
  return phase.kind === "fencing" && phase.switchedOff ? phase.freshAtCommand : [];
}

/** One round of the fencing phase: mint, wait, or try again while `mayOrder` (every gate passes). */
export function advanceFencing(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  mayOrder: boolean,
  out: Effect[],
): GuardianState {
  const { run } = phase;
  if (run === undefined && Object.keys(phase.commands).length === 0) {
    // Inherited from before a restart: whether the command was given is not known, so give it.
    return mayOrder ? beginFencing(state, host, out, phase.attempt, phase.lastFailure) : state;
  }
  const lifeAt = monoMs(Math.max(reportedAt(host), host.echoAt ?? 0));
  const level = run?.level ?? 0;
  const again = deviceOnAgain(state, host, phase, level);
  const fence: Fence =
    again === undefined
      ? fenceState(state, host, notOnAgain(host, phase.commands), lifeAt, level)
      : { kind: "failed", reason: words("fence.on-again", { device: again }) };
  // What was ordered off while it reported is proven off only once its reports have stopped, too.
  if (fence.kind === "proven" && mayStillReport(host)) return state;
  if (fence.kind === "proven") return fenced(state, host, phase, fence, out);
  const confirmed = confirmedFence(state, host, lifeAt);
  // A person's word mints no more than the gates let begin.
  if (confirmed !== undefined && mayOrder) return fenced(state, host, phase, confirmed, out);
  const reason = failureOf(state, host, phase, level, fence);
  if (reason === undefined) return state;
  const failed = [...(run?.failed ?? []), { level, reason }];
  const { level: further } = nextLevel(state, host, level + 1);
  if (further === undefined) return attemptFailed(state, host, phase, failed, mayOrder, out);
  if (mayOrder) return nextLevelOrdered(state, host, phase, failed, out);
  // What holds the next level may hold it for hours, of a host that lives perhaps: the failure is told.
  const heldLong = state.now - (run?.since ?? phase.since) >= heldMs;
  return heldLong ? attemptFailed(state, host, phase, failed, false, out) : state;
}

/** Fresh by its policy's row, or not silent yet: a device that lies would be believed sooner than its host's reports. */
function mayStillReport({ freshSince, assessment }: HostState): boolean {
  return freshSince !== undefined || ["1b", "8a"].includes(assessment?.row ?? "");
}

/**
 * A device of the level that read off and then on since it was ordered off: somebody has switched it on. What it reads
 * later is not what our command has brought about, nor does that command keep anything from switching it on.
 */
function deviceOnAgain(
  { settings }: GuardianState,
  host: HostState,
  { commands }: Fencing,
  level: number,
): string | undefined {
  const devices = fenceLevels(settings, host.host)[level]?.devices ?? [];
  return devices.find((device) => isOnAgain(host, device, commands[device]));
}

function isOnAgain(host: HostState, device: string, command: OffCommand | undefined): boolean {
  const { onAgainAt } = deviceTrack(host, device);
  return command !== undefined && onAgainAt !== undefined && onAgainAt > command.askedAt;
}

/** Commands that may lead to a proof: an earlier level, too, is proven off by none whose device was on again. */
function notOnAgain(host: HostState, commands: Fencing["commands"]): Fencing["commands"] {
  const entries = Object.entries(commands);
  const standing = entries.filter(([device, command]) => !isOnAgain(host, device, command));
  return standing.length === entries.length ? commands : Object.fromEntries(standing);
}

/** Why the level that is tried has failed; undefined while it may still lead to a proof. */
function failureOf(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  level: number,
  fence: Exclude<Fence, { kind: "proven" }>,
): Words | undefined {
  if (fence.kind === "failed") return fence.reason;
  const { fenceAttemptMs } = state.settings.limits;
  const own = fenceLevels(state.settings, host.host)[level]?.deadlineMs;
  const limitMs = own ?? attemptMs(phase, fenceAttemptMs);
  if (state.now - (phase.run?.since ?? phase.since) < limitMs) return undefined;
  // The limit, not the time so far: a sentence that grows each second would be told each second.
  return words("fence.still-waiting", { lasted: durationWords(limitMs), awaited: fence.for });
}

/** Attempts come ever more rarely, at most every ten attempt times; each is in the page. */
function attemptMs({ attempt }: Fencing, fenceAttemptMs: number): number {
  return fenceAttemptMs * Math.min(attempt, 10);
}

function nextLevelOrdered(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  failed: readonly LevelFailure[],
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  if (incident === undefined) return state;
  const from = (phase.run?.level ?? 0) + 1;
  const step = `fence-${phase.attempt}`;
  const order = orderLevel(state, host, incident, { from, failed, news: 1, step }, out);
  const wasOn = Object.values(order.commands).some((command) => command.wasOn);
  const fresh = wasOn ? freshHosts(state, host.host) : [];
  const next: Fencing = {
    ...phase,
    run: order.run,
    // What an earlier level was ordered stays: it may lead to a proof yet, by itself.
    commands: { ...phase.commands, ...order.commands },
    switchedOff: phase.switchedOff || wasOn,
    freshAtCommand: [...new Set([...phase.freshAtCommand, ...fresh])].sort(),
    turned: withTurned(turnedOff(phase), order.commands),
  };
  return say(withPhase(order.state, host.host, next), out, {
    level: "warn",
    host: host.host,
    event: "fence-ordered",
    text: orderedWords(state, host, order, phase.attempt),
  });
}

/** No level is left: told, and tried again from the first one when the attempt's time is over. */
function attemptFailed(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  failures: readonly LevelFailure[],
  mayOrder: boolean,
  out: Effect[],
): GuardianState {
  const known = failures.filter(
    ({ level }) => level < fenceLevels(state.settings, host.host).length,
  );
  const reason = failureWords(state.settings, host.host, known);
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
  const late = state.now - phase.since >= attemptMs(phase, state.settings.limits.fenceAttemptMs);
  // Tried again as long as the host looks dead: the next attempt may find the device well again.
  return late && mayOrder ? beginFencing(told, host, out, phase.attempt + 1, reason) : told;
}

function fenced(
  state: GuardianState,
  host: HostState,
  phase: Fencing,
  fence: Proven,
  out: Effect[],
): GuardianState {
  const failed = phase.run?.failed ?? [];
  const next: Phase = {
    kind: "evacuating",
    since: state.now,
    proof: fence.proof,
    lostAt: undefined,
    offSince: fence.offSince,
    lifeAt: undefined,
    life: undefined,
    commands: phase.commands,
    run: { level: fence.level, since: state.now, failed },
    switchedOff: phase.switchedOff,
    freshAtCommand: phase.freshAtCommand,
    turned: turnedOff(phase),
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
    text: fencedWords(state, host, fence),
  });
}

function fencedWords(state: GuardianState, host: HostState, { proof, level }: Proven): Words {
  if (proof.method === "confirmed") {
    return words("log.fenced-people", { by: standingConfirmation(state, host)?.by ?? [] });
  }
  const several = fenceLevels(state.settings, host.host).length > 1;
  return several ? words("log.fenced-level", { level: level + 1 }) : words("log.fenced");
}
