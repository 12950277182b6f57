/**
 * Evacuation: one round of a fenced host. Keep the proof alive, force its nova-compute down and
 * disable it (in that order: the other one blocks Nova for a minute), list its servers, move them,
 * and follow each to its end.
 */
import { invariant } from "../../shared/invariant.ts";
import type { MonoMs } from "../../shared/time.ts";
import { drainHolds } from "./drains.ts";
import type { Effect } from "./effects.ts";
import { reportedAt } from "./freshness.ts";
import type { gatesToBegin } from "./gates.ts";
import { comeHomeOf } from "./home-gates.ts";
import type { Homecoming } from "./home-memory.ts";
import { newHome } from "./home-steps.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import type { Phase } from "./memory.ts";
import type { Move, MoveState } from "./move.ts";
import { hasBegun, isInherited, isUnderWay, moveOrderId } from "./moves-under-way.ts";
import { keepProof, resumeFence } from "./proof-keeping.ts";
import { proofStands } from "./proof.ts";
import { placesFree } from "./pace.ts";
import { orderReset } from "./resets.ts";
import { bringReserve, tellRoom } from "./room.ts";
import { compareMoves } from "./selection.ts";
import { isOrderDue, orderService, phaseOf, type Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { leaveDraining, leavePlanned } from "./left-moves.ts";
import { withWaiting } from "./waiting-moves.ts";
import { words } from "./words.ts";
import { othersAnswer } from "./wrong-chassis.ts";

const lookEveryMs = 1000;
/** How long a further call waits for a look at its server. */
const checkMsMax = 30_000;
/** While servers wait for their moves: somebody else may move one meanwhile. */
const relistEveryMs = 5000;
/** How long servers are looked for that the last report counted and Nova does not list. */
const searchMs = 60_000;

/** One round. `gates` are those to begin while no move was made, else those to continue. */
export function advanceEvacuation(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  gates: ReturnType<typeof gatesToBegin>,
  out: Effect[],
): GuardianState {
  const held = gates.some((gate) => !gate.pass);
  // Look first: until the silence is sure again, nothing is done about it that was not begun.
  const isUndone = phase.undoneBy !== undefined;
  const isUnsure = isInherited(phase) && !hasBegun(phase) && host.silentSince === undefined;
  if (isUnsure && !isUndone) return state;
  let next = keepProof(resumeFence(state, host, phase, held, out), host, held, out);
  if (!isUndone && (!held || hasBegun(phase))) next = orderService(next, host, out);
  if (isUndone) next = leavePlanned(next, host);
  next = leaveDraining(next, host);
  const current = phaseOf(next, host);
  if (current === undefined) return next;
  if (current.moves === undefined) return listServers(next, host, current, out);
  next = relist(look(next, host, current, out), host, out);
  if (held) return finish(withWaiting(next, host, held), host, out);
  const brought = bringReserve(next, host, out);
  if (brought.waits) return withWaiting(brought.state, host, true);
  const ordered = orderMoves(tellRoom(brought.state, host, out), host, out);
  return finish(withWaiting(ordered, host, held), host, out);
}

function listServers(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  if (phase.forcedDown.kind !== "done" && phase.undoneBy === undefined) return state;
  if (phase.lookedAt !== undefined && state.now - phase.lookedAt < 2 * lookEveryMs) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withPhase(state, host.host, { ...phase, lookedAt: state.now });
}

/** Asks Nova about the moves that are under way. */
function look(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  const servers = Object.values(phase.moves ?? {})
    .filter((move) => isUnderWay(move) || isChecked(move))
    .map((move) => move.server);
  if (servers.length === 0) return state;
  if (phase.lookedAt !== undefined && state.now - phase.lookedAt < lookEveryMs) return state;
  out.push({ kind: "read-moves", host: host.host, servers });
  return withPhase(state, host.host, { ...phase, lookedAt: state.now });
}

/** Servers that wait, for a place or for a gate, are listed again and again: one call for all of them. */
function relist(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  const waits = Object.values(phase?.moves ?? {}).some((move) => move.state.kind === "planned");
  if (phase === undefined || !waits) return state;
  const last = Math.max(phase.listedAt ?? 0, phase.relistedAt ?? 0);
  if (state.now - last < relistEveryMs) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withPhase(state, host.host, { ...phase, relistedAt: state.now });
}

function isChecked({ state }: Move): boolean {
  return state.kind === "planned" && state.check !== undefined;
}

/** Orders planned moves, a few at a time, each under the proof that stands now. */
function orderMoves(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  const incident = incidentOf(state, host.host);
  const proof = phase?.proof;
  if (phase?.moves === undefined || incident === undefined || proof === undefined) return state;
  if (phase.forcedDown.kind !== "done") return state;
  if (phase.disabled.kind === "due" || phase.disabled.kind === "asked") return state;
  if (!proofStands(proof, host.host, state.now)) return state;
  if (othersAnswer(state, host, phase).kind !== "live") return state;
  const moves: Record<string, Move> = { ...phase.moves };
  let free = placesFree(state, host.host);
  const done = { ordered: 0, reset: 0 };
  for (const [key, move] of inOrder(phase.moves)) {
    if (free <= 0) break;
    if (move.state.kind !== "planned" || !isDue(move.state, state.now)) continue;
    // Never in both: how its live migration ends is seen first.
    if (drainHolds(state, host.host, move.server) !== "none") continue;
    assertMayMove(state, host, phase, proof.obtainedAt);
    const attempts = (move.attempts ?? 0) + 1;
    const id = moveOrderId(incident, { ...move, attempts });
    free -= 1;
    if (move.state.reset !== undefined) {
      const order = { id, host: host.host, proof };
      moves[key] = orderReset(state, order, move, move.state.reset, out);
      done.reset += 1;
      continue;
    }
    out.push({ kind: "evacuate", id, host: host.host, server: move.server, proof });
    const latestRecord = move.state.latestRecord;
    const inherited = false;
    const ordered = { kind: "ordered", at: state.now, latestRecord, inherited } as const;
    // Where it was taken the last time, and by whom, says nothing of this one.
    const { to: _to, adopted: _adopted, ...anew } = move;
    moves[key] = { ...anew, attempts, firstAt: move.firstAt ?? state.now, state: ordered };
    done.ordered += 1;
  }
  const { ordered, reset } = done;
  const next = ordered + reset === 0 ? state : withPhase(state, host.host, { ...phase, moves });
  const told = reset === 0 ? next : sayOrdered(next, host, "log.resets-ordered", reset, out);
  return ordered === 0 ? told : sayOrdered(told, host, "log.moves-ordered", ordered, out);
}

function sayOrdered(
  state: GuardianState,
  { host }: HostState,
  key: "log.moves-ordered" | "log.resets-ordered",
  count: number,
  out: Effect[],
): GuardianState {
  const text = words(key, { count });
  return say(state, out, { level: "info", host, event: "moves-ordered", text });
}

/** Its time has come, and nothing has to be looked up first. */
function isDue(
  { notBefore, check }: Extract<MoveState, { kind: "planned" }>,
  now: MonoMs,
): boolean {
  // Of a server that cannot be looked at its failure is all that is known: nothing of it is under way.
  const looked = check === undefined || now - check > checkMsMax;
  return looked && (notBefore === undefined || now >= notBefore);
}

/**
 * A group begins when none of the group before waits to start: places go to the first in order. Of equal
 * ones the largest goes first: what is small finds a place in what is left.
 */
function inOrder(moves: Readonly<Record<string, Move>>): readonly (readonly [string, Move])[] {
  return Object.entries(moves).toSorted(([, a], [, b]) => compareMoves(a, b));
}

/** Invariant 1, in production too: a live proof, newer than the last sign of life. */
function assertMayMove(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  obtainedAt: MonoMs,
): void {
  invariant(proofStands(phase.proof, host.host, state.now), `no live proof for ${host.host}`);
  const life = Math.max(reportedAt(host), host.echoAt ?? 0);
  invariant(obtainedAt > life, `${host.host} showed life after its proof was obtained`);
  invariant(phase.forcedDown.kind === "done", `${host.host} is not forced down`);
}

/**
 * Ends the incident's work when no move is planned or under way any more, and a last list shows no
 * further server: the first one may have been cut short, and a server may have arrived after it.
 */
function finish(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  if (phase?.moves === undefined) return state;
  const moves = Object.values(phase.moves);
  if (moves.some((move) => isUnderWay(move) || move.state.kind === "planned")) return state;
  if (isOrderAwaited(state, phase)) return state;
  const settledAt = phase.settledAt ?? state.now;
  const reported = host.newest?.checks.serversTotal ?? 0;
  const unlisted = Math.max(0, reported - moves.length);
  const listed = phase.listedAt !== undefined && phase.listedAt >= settledAt;
  const searching = unlisted > 0 && state.now - settledAt < searchMs;
  if (!listed || searching) return lookAgain(state, host, { ...phase, settledAt }, out);
  const done = moves.filter((move) => move.state.kind === "finished").length;
  const home = homeOf(state, host, phase);
  const ended: Phase = { kind: "ended", wall: state.wall, moves: phase.moves, unlisted, ...home };
  const count = { done, count: moves.length };
  return say(withPhase(state, host.host, ended), out, {
    level: done === moves.length && unlisted === 0 ? "info" : "error",
    host: host.host,
    event: "evacuation-ended",
    text:
      unlisted === 0
        ? words("log.evacuation-ended", count)
        : words("log.evacuation-short", { ...count, reported }),
  });
}

/**
 * An order that is due or under way is answered first: after the end nobody asks for it again. A force-down that is
 * due again, after the host was switched off again, is needed for further moves alone.
 */
function isOrderAwaited(state: GuardianState, { disabled, forcedDown, undoneBy }: Evacuating) {
  if (undoneBy === undefined) {
    return disabled.kind === "due" || disabled.kind === "asked" || forcedDown.kind === "asked";
  }
  // Called off, nothing is ordered any more: only what may still be done is waited for.
  return [disabled, forcedDown].some(
    (order) => order.kind === "asked" && !isOrderDue(order, state.now),
  );
}

/** The way home of a host that is fenced for nothing any more; none where it is left off. */
function homeOf(
  state: GuardianState,
  { host }: HostState,
  { undoneBy, proof, confirmed: before }: Evacuating,
): { readonly home?: Homecoming } {
  if (undoneBy !== undefined) return { home: newHome(state, undoneBy, true) };
  if (comeHomeOf(state, host) === "leave-off") return {};
  const home = newHome(state, words("home.by-policy"), false);
  const now = (incidentOf(state, host)?.confirmations ?? []).length > 0;
  const confirmed = now || before === true;
  if (!confirmed && proof?.method !== "confirmed") return { home };
  const step = { kind: "stopped", reason: words("home.confirmed"), isGrave: false } as const;
  return { home: { ...home, step } };
}

function lookAgain(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  const first = phaseOf(state, host)?.settledAt === undefined;
  const due =
    first || phase.lookedAt === undefined || state.now - phase.lookedAt >= 2 * lookEveryMs;
  if (!due) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withPhase(state, host.host, { ...phase, lookedAt: state.now });
}
