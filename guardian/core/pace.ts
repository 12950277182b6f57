/**
 * The pace of evacuations: how many moves are under way at once, in the whole cloud. It begins low, rises
 * while Nova keeps up, and is halved when a call fails or is answered slowly: Nova's claims on one
 * destination are serial, and more at once than it bears makes all of them later.
 */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import { isFit } from "./census.ts";
import type { Effect } from "./effects.ts";
import { say } from "./incidents.ts";
import { never } from "./memory.ts";
import type { Move } from "./move.ts";
import { isUnderWay } from "./moves-under-way.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Said } from "./words.ts";

export interface Pace {
  /** Moves at once; a part of one does not count yet. */
  readonly limit: number;
  /** When it was halved last: what comes of earlier calls does not halve it again. */
  readonly cutAt: MonoMs;
  /** The quickest move of this evacuation. */
  readonly quickestMs: number;
}

/** A move that takes so much longer than the quickest is no sign that Nova keeps up. */
const keptUpFactor = 2;
const keptUpMs = 1000;

function paceOf({ pace, settings }: GuardianState): Pace {
  const { movesAtOnce, movesAtFirst } = settings.limits;
  const limit = Math.min(movesAtFirst, movesAtOnce);
  return pace ?? { limit, cutAt: never, quickestMs: Number.POSITIVE_INFINITY };
}

function withPace(state: GuardianState, change: Partial<Pace>): GuardianState {
  const { movesAtOnce } = state.settings.limits;
  const pace = { ...paceOf(state), ...change };
  return stateWith(state, { pace: { ...pace, limit: Math.min(movesAtOnce, pace.limit) } });
}

/** A call was taken: soon enough, it makes room for one more, up to twice what was begun with. */
export function callTaken(
  state: GuardianState,
  host: HostName,
  { calledAt, at }: { readonly calledAt: MonoMs; readonly at: MonoMs },
  out: Effect[],
): GuardianState {
  const tookMs = at - calledAt;
  const { moveSlowMs, movesAtFirst } = state.settings.limits;
  if (tookMs > moveSlowMs) {
    const reason = words("pace.slow", { took: `${Math.round(tookMs / 1000)} s` });
    return slowDown(state, host, { calledAt, at, reason }, out);
  }
  const { limit, cutAt } = paceOf(state);
  if (cutAt !== never || limit >= 2 * movesAtFirst) return state;
  return withPace(state, { limit: limit + 1 });
}

/**
 * A server runs elsewhere: not much later than the quickest, it makes room for one more; once there was
 * trouble, a whole round of them does.
 */
export function moveArrived(state: GuardianState, calledAt: MonoMs, at: MonoMs): GuardianState {
  const { limit, cutAt, quickestMs } = paceOf(state);
  const tookMs = at - calledAt;
  const keepsUp = calledAt >= cutAt && tookMs <= quickestMs * keptUpFactor + keptUpMs;
  const more = cutAt === never ? 1 : 1 / Math.floor(limit);
  const next = { limit: keepsUp ? limit + more : limit, quickestMs: Math.min(quickestMs, tookMs) };
  return withPace(state, next);
}

/** Nova is in trouble: half as many from now on. What was called before counts once. */
export function slowDown(
  state: GuardianState,
  host: HostName,
  { calledAt, at, reason }: { calledAt: MonoMs; at: MonoMs; reason: Said },
  out: Effect[],
): GuardianState {
  const { limit, cutAt } = paceOf(state);
  if (calledAt < cutAt) return state;
  const halved = Math.max(1, Math.floor(limit / 2));
  const next = withPace(state, { limit: halved, cutAt: at });
  if (halved === Math.floor(limit)) return next;
  const text = words("log.pace-halved", { limit: halved, reason });
  return say(next, out, { level: "warn", host, event: "pace-halved", text });
}

/** With the last evacuation its pace is over: the next one begins low again. */
export function foldPace(state: GuardianState): GuardianState {
  if (state.pace === undefined) return state;
  for (const { phase } of state.memory.incidents.values()) {
    if (phase.kind === "evacuating") return state;
  }
  return stateWith(state, { pace: undefined });
}

interface Load {
  readonly host: HostName;
  readonly underWay: readonly Move[];
  readonly waits: boolean;
}

/** How many more moves of a host may begin now; each host with work has one at least. */
export function placesFree(state: GuardianState, host: HostName): number {
  const loads = loadsOf(state);
  const own = loads.find((load) => load.host === host)?.underWay.length ?? 0;
  const all = loads.flatMap(({ underWay }) => underWay);
  const limit = Math.floor(paceOf(state).limit);
  const waiting = loads.filter((load) => load.waits).length;
  const share = waiting > 1 ? Math.max(1, Math.floor(limit / waiting)) : limit;
  const free = Math.min(share - own, limit - all.length, roomAtDestinations(state, all));
  return Math.max(own === 0 ? 1 : 0, free);
}

function loadsOf(state: GuardianState): readonly Load[] {
  const loads: Load[] = [];
  for (const { host, phase } of state.memory.incidents.values()) {
    if (phase.kind !== "evacuating") continue;
    const moves = Object.values(phase.moves ?? {});
    const waits = moves.some((move) => move.state.kind === "planned");
    loads.push({ host, underWay: moves.filter((move) => isUnderWay(move)), waits });
  }
  return loads;
}

/**
 * How many may go to the fullest destination: Nova chooses, so each one whose way is not known yet may be
 * going there. What is stuck on one that is not fit any more holds nobody: Nova does not choose it.
 */
function roomAtDestinations(state: GuardianState, moves: readonly Move[]): number {
  const counts = new Map<HostName, number>();
  let unknown = 0;
  for (const { to } of moves) {
    const host = to === undefined ? undefined : state.hosts.get(to);
    if (to === undefined) unknown += 1;
    else if (host !== undefined && isFit(state, host)) counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  return state.settings.limits.movesPerDestination - unknown - Math.max(0, ...counts.values());
}
