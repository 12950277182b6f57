/**
 * Whether the chassis that was switched off was the host's own (invariant 4): every other host that was
 * fresh at the order must show life afterwards. The question is open from an order that switched
 * something off until all have answered; whoever answered may die of its own from then on.
 */
import type { HostName } from "../../shared/names.ts";
import { disarm } from "./disarm.ts";
import type { Effect } from "./effects.ts";
import { othersLive } from "./fencing.ts";
import { owingLife } from "./fencing-phase.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { hasBegun, hasMoved } from "./moves-under-way.ts";
import { withStanding } from "./power.ts";
import type { Evacuating } from "./service-orders.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import { switchBack } from "./switch-back.ts";
import { turnedOff } from "./turned-off.ts";
import { deviceKey, newStanding } from "./verification.ts";
import { words } from "./words.ts";

/** Whether the proof that stands was read after the last order: until then there is nothing to answer. */
function isAnswerable(phase: Evacuating): boolean {
  const orders = Object.values(phase.commands).map((command) => command.askedAt);
  return phase.proof !== undefined && phase.offSince >= Math.max(0, ...orders);
}

/** Fenced hosts by whose order another one may have been switched off, as long as that is not known. */
export function hostsThatAsk({ memory }: GuardianState): readonly HostName[] {
  return [...memory.incidents.values()].flatMap(({ host, phase }) =>
    phase.kind === "evacuating" && phase.switchedOff ? [host] : [],
  );
}

/** What the others say now. Once moves have begun they are asked only after a further order. */
export function othersAnswer(
  state: GuardianState,
  { host }: HostState,
  phase: Evacuating,
): ReturnType<typeof othersLive> {
  if (hasBegun(phase) && !isAnswerable(phase)) return { kind: "live" };
  return othersLive(state, host, phase, phase.offSince);
}

/** All have answered, and our eyes are good: the question is closed, for a restart, too. */
export function withOthersHeard(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
): GuardianState {
  if (!phase.switchedOff || !isAnswerable(phase) || state.round.doubts.length > 0) return state;
  if (othersLive(state, host.host, phase, phase.offSince).kind !== "live") return state;
  return withPhase(state, host.host, { ...phase, switchedOff: false, freshAtCommand: [] });
}

/** We switched off a chassis, and another host fell silent: that chassis may be that host's, and goes on again. */
export function wrongChassis(
  state: GuardianState,
  host: HostState,
  evacuating: Evacuating,
  other: HostName,
  out: Effect[],
): GuardianState {
  const reason = words("arming.chassis", { host: host.host, other });
  const given = [...new Set([...Object.keys(evacuating.commands), ...turnedOff(evacuating)])];
  const { devices } = hostSettings(state.settings, host.host);
  // Given before a restart: nobody knows any more to which.
  const ordered = given.length === 0 ? devices : given;
  // Moves that have begun are followed on; disarmed, no further one starts.
  const closed = { ...evacuating, switchedOff: false, freshAtCommand: [] };
  let next = withPhase(state, host.host, hasMoved(evacuating) ? closed : { kind: "watching" });
  // A device of a level that was not ordered off is not the one that did it.
  for (const device of ordered) {
    const key = deviceKey(host.host, device);
    const standing = next.memory.devices[key] ?? newStanding;
    next = withStanding(next, key, { ...standing, unverified: reason });
  }
  next = withOtherSpared(next, other, out);
  return disarm(switchBack(next, host, evacuating, reason, out), out, reason);
}

/**
 * The other one may be down by our order alone: a fencing of it that found it off and has moved nothing ends, so
 * that its chassis can go on again. One whose own devices switched something off afterwards was not hit by ours.
 */
function withOtherSpared(state: GuardianState, other: HostName, out: Effect[]): GuardianState {
  const phase = incidentOf(state, other)?.phase;
  if (phase?.kind !== "fencing" && phase?.kind !== "evacuating") return state;
  const commands = Object.values(phase.commands);
  const foundOff = !phase.switchedOff && commands.every(({ wasOn }) => !wasOn);
  const byDevice = phase.kind === "fencing" || commands.length > 0;
  if (!foundOff || !byDevice || (phase.kind === "evacuating" && hasMoved(phase))) return state;
  const watching = { kind: "watching", owing: owingLife(phase), turned: turnedOff(phase) } as const;
  return say(withPhase(state, other, watching), out, {
    level: "warn",
    host: other,
    event: "stood-down",
    text: words("log.spared"),
  });
}
