/** Moves that are not called any more: the fence was called off, or a live migration of the server may go on. */
import { drainHolds } from "./drains.ts";
import { withPhase } from "./incidents.ts";
import type { Move } from "./move.ts";
import { phaseOf } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** How long an evacuation waits for the end of a live migration. */
const waitMsMax = 120_000;

/** Called off, what waits for its call is left where it is. */
export function leavePlanned(state: GuardianState, host: HostState): GuardianState {
  const by = phaseOf(state, host)?.undoneBy;
  if (by === undefined) return state;
  return leave(state, host, () => true, words("left.undone", { by }));
}

/** Nobody knows whether its live migration goes on: it may run elsewhere already. */
export function leaveDraining(state: GuardianState, host: HostState): GuardianState {
  if (state.memory.drains.size === 0) return state;
  const phase = phaseOf(state, host);
  // Its servers are down: whoever can find out where one is hears of it no later than of any other.
  const isLate = phase !== undefined && state.now - phase.since >= waitMsMax;
  const holds = ({ server }: Move): boolean => {
    const held = drainHolds(state, host.host, server);
    return held === "leave" || (held === "wait" && isLate);
  };
  return leave(state, host, holds, words("left.migrating"));
}

function leave(
  state: GuardianState,
  host: HostState,
  isMeant: (move: Move) => boolean,
  reason: Words,
): GuardianState {
  const phase = phaseOf(state, host);
  if (phase?.moves === undefined) return state;
  const isLeft = (move: Move): boolean => move.state.kind === "planned" && isMeant(move);
  if (!Object.values(phase.moves).some(isLeft)) return state;
  const entries = Object.entries(phase.moves).map(([key, move]): [string, Move] => [
    key,
    isLeft(move) ? { ...move, state: { kind: "left", reason } } : move,
  ]);
  return withPhase(state, host.host, { ...phase, moves: Object.fromEntries(entries) });
}
