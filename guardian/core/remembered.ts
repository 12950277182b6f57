/**
 * What a restart makes of memory. Monotonic instants in it mean nothing to another process, so they are
 * reset; orders that were under way are looked at before anything is ordered; proofs are never restored:
 * power is read afresh.
 */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import { rememberedDrains } from "./drain-memory.ts";
import { rememberedHome } from "./home-memory.ts";
import { rememberedLookBacks } from "./look-back.ts";
import {
  never,
  type DegradedMark,
  type FiringAlert,
  type Incident,
  type Memory,
  type OrderState,
  type Phase,
} from "./memory.ts";
import { rememberedPlan, type Move } from "./move.ts";
import { rememberedRehearsals } from "./rehearsal-memory.ts";
import { rememberedReserves } from "./reserve-memory.ts";
import { turnedOff } from "./turned-off.ts";

/** Memory as an earlier process left it, fit for a process whose clock reads `now`. */
export function remembered(memory: Memory, now: MonoMs): Memory {
  const incidents = new Map<HostName, Incident>();
  for (const [host, incident] of memory.incidents) {
    const phase = rememberedPhase(withWord(incident), now);
    // Whoever was asked is asked again, and has the whole time again. A person's word that it is off
    // is asked for again, too: who saw whether it lived meanwhile?
    const { answer: said, asked: _before, confirmations: _said, ...kept } = incident;
    const answer = said === undefined ? {} : { answer: { ...said, at: never } };
    incidents.set(host, { ...kept, ...answer, openedAt: now, phase });
  }
  const alerts: Record<string, FiringAlert> = {};
  for (const [key, alert] of Object.entries(memory.alerts)) {
    // A page may have died with the process before it left: it is sent again, under the same key.
    const again = alert.message.class === "page" && alert.acknowledgedBy === undefined;
    alerts[key] = { ...alert, sentAt: again ? never : now };
  }
  const scopes = Object.entries(memory.storms);
  const storms = Object.fromEntries(
    scopes.map(([scope, storm]) => [scope, { ...storm, since: now, belowSince: undefined }]),
  );
  // A fresh start is a fresh try: what was broken may have been this process's alone.
  const degraded = rememberedMarks(memory.degraded, now);
  const rehearsals = rememberedRehearsals(memory.rehearsals, now);
  const drains = rememberedDrains(memory.drains, now);
  const reserves = rememberedReserves(memory.reserves, now);
  const lookBacks = rememberedLookBacks(memory.lookBacks, now);
  const anew = { incidents, alerts, storms, degraded, rehearsals, drains, reserves, lookBacks };
  return { ...memory, quarantined: new Map(), ...anew };
}

/** What Nova shows of a mark is looked at anew; an order under way is given again. */
function rememberedMarks(marks: Memory["degraded"], now: MonoMs): Memory["degraded"] {
  const result = new Map<HostName, DegradedMark>();
  for (const [host, mark] of marks) {
    const disabled = againUnlessDone(mark.disabled);
    result.set(host, { ...mark, disabled, doneAt: now, enabled: { kind: "due" } });
  }
  return result;
}

/** The words of people are asked for again; that they were given says who has the host in hand. */
function withWord({ phase, confirmations = [] }: Incident): Phase {
  if (phase.kind !== "evacuating") return phase;
  const given = confirmations.length > 0 || phase.proof?.method === "confirmed";
  return given ? { ...phase, confirmed: true } : phase;
}

function rememberedPhase(phase: Phase, now: MonoMs): Phase {
  switch (phase.kind) {
    case "watching":
      return phase;
    case "ended":
      return phase.home === undefined ? phase : { ...phase, home: rememberedHome(phase.home, now) };
    case "fencing":
      // The command may have run or not: start over. An off command to a dead chassis is harmless.
      return {
        ...phase,
        since: now,
        attempt: 1,
        commands: {},
        run: undefined,
        turned: turnedOff(phase),
      };
    case "evacuating":
      return {
        ...phase,
        since: now,
        proof: undefined,
        lostAt: now,
        offSince: now,
        lifeAt: now,
        onAt: undefined,
        commands: {},
        run: undefined,
        turned: turnedOff(phase),
        // Whether Nova takes any write is asked, before a call that it may still hold is made again.
        forcedDown: mayBeHeld(phase.moves) ? { kind: "due" } : againUnlessDone(phase.forcedDown),
        disabled: againUnlessDone(phase.disabled),
        moves: rememberedMoves(phase.moves, now),
        lookedAt: undefined,
        listedAt: undefined,
        relistedAt: undefined,
        settledAt: undefined,
        waitsSince: undefined,
      };
    default:
      return phase satisfies never;
  }
}

function againUnlessDone(order: OrderState): OrderState {
  return order.kind === "done" ? order : { kind: "due" };
}

/** A call without an answer so far: it may wait in Nova. */
function mayBeHeld(moves: Readonly<Record<string, Move>> = {}): boolean {
  return Object.values(moves).some(
    ({ state }) => state.kind === "ordered" && state.unanswered !== true,
  );
}

/** Orders given before the crash are not given again: the next look says what became of them. */
function rememberedMoves(
  moves: Readonly<Record<string, Move>> | undefined,
  now: MonoMs,
): Readonly<Record<string, Move>> | undefined {
  if (moves === undefined) return undefined;
  const result: Record<string, Move> = {};
  for (const [server, kept] of Object.entries(moves)) {
    const move = kept.firstAt === undefined ? kept : { ...kept, firstAt: now };
    const { state } = move;
    if (state.kind === "ordered") {
      result[server] = {
        ...move,
        state: { ...state, at: now, inherited: state.unanswered !== true },
      };
    } else if (state.kind === "running" || state.kind === "resetting") {
      result[server] = { ...move, state: { ...state, at: now } };
    } else {
      result[server] =
        state.kind === "planned" ? { ...move, state: rememberedPlan(state, now) } : move;
    }
  }
  return result;
}
