/**
 * Servers that wait although nothing holds them: Nova takes no order about their host, or no call could be made.
 * Each try begins anew and none fails, so nothing else would tell.
 */
import type { MonoMs } from "../../shared/time.ts";
import { drainHolds } from "./drains.ts";
import type { Phase } from "./memory.ts";
import type { Move } from "./move.ts";
import { isUnderWay } from "./moves-under-way.ts";
import { withPhase } from "./incidents.ts";
import { phaseOf, type Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Said, type Words } from "./words.ts";

/** Longer than a call and the look before it may take. */
const waitMsMax = 60_000;
/** Longer than Nova takes to show a record, or that it has none. */
const lostMs = 75_000;
const namesMax = 10;

/** Notes since when it is so; `held`: a gate holds, which is told by itself. */
export function withWaiting(state: GuardianState, host: HostState, held: boolean): GuardianState {
  const phase = phaseOf(state, host);
  if (phase === undefined) return state;
  const waits = !held && phase.proof !== undefined && isWaiting(state, host, phase);
  const waitsSince = waits ? (phase.waitsSince ?? state.now) : undefined;
  return waitsSince === phase.waitsSince
    ? state
    : withPhase(state, host.host, { ...phase, waitsSince });
}

function isWaiting(state: GuardianState, { host }: HostState, { moves = {} }: Evacuating): boolean {
  const all = Object.values(moves);
  // While others move it is their turn that is waited for, unless its own call could not be made.
  const othersMove = all.some((move) => isUnderWay(move) && !isFirstCall(move));
  if (othersMove) return all.some((move) => isCalled(move) && move.notMade !== undefined);
  return all.some(
    (move) =>
      isFirstCall(move) || (isUntried(move) && drainHolds(state, host, move.server) === "none"),
  );
}

/** A failed try is told by itself. */
function isUntried({ state, attempts = 0 }: Move): boolean {
  return state.kind === "planned" && attempts === 0;
}

/** The call is made just now: it may come to nothing again. */
function isFirstCall({ state, attempts = 0 }: Move): boolean {
  return state.kind === "ordered" && state.unanswered !== true && !state.inherited && attempts <= 1;
}

function isCalled(move: Move): boolean {
  return isUntried(move) || isFirstCall(move);
}

/**
 * Whether Nova took the call nobody knows, for longer than Nova takes to show a record: of a cell that is down it shows
 * neither a record nor the server.
 */
function isLost({ state }: Move, now: MonoMs): boolean {
  const isUnanswered = state.kind === "ordered" && state.unanswered === true;
  return isUnanswered && now - state.at >= lostMs;
}

/** What is said of it once it has lasted. */
export function waitsForNova(
  { now }: GuardianState,
  { moves = {}, forcedDown, waitsSince }: Extract<Phase, { kind: "evacuating" }>,
): { readonly what: Words; readonly why: readonly Said[] } | undefined {
  const lost = Object.values(moves).filter((move) => isLost(move, now));
  if (lost.length > 0) return { what: words("stalled.moves"), why: lost.map(({ name }) => name) };
  if (waitsSince === undefined || now - waitsSince < waitMsMax) return undefined;
  if (forcedDown.kind !== "done") {
    const reason = forcedDown.kind === "retry" ? forcedDown.reason : words("why.no-answer");
    return { what: words("stalled.force-down"), why: [reason] };
  }
  const waiting = Object.values(moves).filter((move) => isCalled(move));
  const why = waiting
    .slice(0, namesMax)
    .map(({ name, notMade }) =>
      notMade === undefined ? name : words("why.server-left", { server: name, reason: notMade }),
    );
  return { what: words("stalled.calls"), why };
}
