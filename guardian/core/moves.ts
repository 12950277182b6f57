/**
 * Moves: what became of each server of a fenced host that is moved. An evacuate call is
 * never repeated: Nova accepts a second one and can wreck the server for good. What we do not know
 * is looked up in Nova's migration records.
 */
import type { HostName } from "../../shared/names.ts";
import { after, type MonoMs } from "../../shared/time.ts";
import type { ComputeServer, EvacuationRecord } from "../ports.ts";
import type { Effect } from "./effects.ts";
import type { EvacuateAnswered, MovesSeen } from "./events.ts";
import { incidentOf, say, wasSaidLately } from "./incidents.ts";
import { withPlaced } from "./inventory.ts";
import type { Move, MoveState } from "./move.ts";
import { stageOf } from "./move-report.ts";
import { activeRecords, isEvacuable } from "./move-plan.ts";
import { isUnderWay, moveOf, moveOrderId, withMove } from "./moves-under-way.ts";
import { callTaken, moveArrived, slowDown } from "./pace.ts";
import {
  afterFailure,
  checkPlanned,
  hasActiveRecord,
  isFinal,
  retryWords,
  type Failing,
} from "./retries.ts";
import { followReset } from "./resets.ts";
import type { GuardianState } from "./state.ts";
import { durationWords, words, type Said } from "./words.ts";

/** How long a call waits that could not be made. */
const notMadeMs = 1000;
/** An ordered move that Nova shows no record of after this long was not taken. */
const recordDueMs = 60_000;

export function foldEvacuateAnswer(
  state: GuardianState,
  event: EvacuateAnswered,
  out: Effect[],
): GuardianState {
  const move = moveOf(state, event.host, event.server);
  const incident = incidentOf(state, event.host);
  if (move?.state.kind !== "ordered" || incident === undefined) return state;
  // An answer to an earlier try says nothing of this one, which may be under way.
  if (event.id !== undefined && event.id !== moveOrderId(incident, move)) return state;
  const { answer } = event;
  const { latestRecord, at: calledAt } = move.state;
  switch (answer.kind) {
    case "accepted": {
      const running = { kind: "running", at: event.at, latestRecord } as const;
      const { requestId } = answer;
      const { notMade: _notMade, ...called } = move;
      const taken = withMove(state, event.host, { ...called, requestId, state: running });
      return callTaken(taken, event.host, { calledAt, at: event.at }, out);
    }
    case "refused":
      return refused(state, event, move, answer, out);
    case "not-made": {
      // Nothing was sent, so this was no try; a moment, lest each round call in vain.
      const notBefore = after(event.at, notMadeMs);
      const planned = { kind: "planned", latestRecord, notBefore } as const;
      const attempts = Math.max(0, (move.attempts ?? 1) - 1);
      const { reason: notMade } = answer;
      const again = withMove(state, event.host, { ...move, attempts, notMade, state: planned });
      const why = words("move.not-made", { reason: answer.reason });
      const text = words("log.move", { server: move.name, state: why });
      // Tried again each second: said when it begins, so that the timeline keeps what came before.
      if (wasSaidLately(incident, text)) return again;
      return say(again, out, { level: "warn", host: event.host, event: "move-not-made", text });
    }
    case "unknown": {
      const { reason } = answer;
      // A restart must not take it for a call that was never made.
      const unanswered = { ...move, state: { ...move.state, unanswered: true } } as const;
      const kept = withMove(state, event.host, unanswered);
      const slower = slowDown(kept, event.host, { calledAt, at: event.at, reason }, out);
      return say(slower, out, {
        level: "warn",
        host: event.host,
        event: "move-unknown",
        text: words("log.move", {
          server: move.name,
          state: words("move.unknown", { reason }),
        }),
      });
    }
    default:
      return answer satisfies never;
  }
}

/** Nova refused the call, so nothing was begun: a look says why, and it is tried again. */
function refused(
  state: GuardianState,
  event: EvacuateAnswered,
  move: Move,
  answer: Extract<EvacuateAnswered["answer"], { kind: "refused" }>,
  out: Effect[],
): GuardianState {
  if (move.state.kind !== "ordered") return state;
  const { status } = answer;
  const { latestRecord, at: calledAt } = move.state;
  const reason = words("move.refused", { status, reason: answer.reason });
  const failing = { cause: "refused", reason, at: event.at, latestRecord } as const;
  const next: MoveState = isFinal(status)
    ? { kind: "failed", reason }
    : afterFailure(state, move, failing);
  const busy = status === 429;
  const slower = busy
    ? slowDown(state, event.host, { calledAt, at: event.at, reason }, out)
    : state;
  return sayMove(
    withMove(slower, event.host, { ...move, lastFailure: reason, state: next }),
    event,
    move,
    next,
    reason,
    out,
  );
}

/** Follows the moves under way by Nova's records and servers. */
export function foldMoves(state: GuardianState, event: MovesSeen, out: Effect[]): GuardianState {
  const phase = incidentOf(state, event.host)?.phase;
  if (phase?.kind !== "evacuating" || phase.moves === undefined) return state;
  let next = state;
  for (const known of Object.values(phase.moves)) {
    const move = withProgress(known, event);
    if (move !== known) next = withMove(next, event.host, move);
    if (move.to !== known.to) next = placedAt(next, event, move, move.to);
    const failed = failedMigration(event, move);
    const seen = isSettled(failed)
      ? afterFailure(next, move, failed)
      : (checkPlanned(next, event, move) ?? followMove(next, event, move));
    if (seen === undefined) continue;
    next = withPaceOf(next, event, move, seen, failed, out);
    if (seen.kind === "finished" && seen.destination !== move.to) {
      next = placedAt(next, event, move, seen.destination);
    }
    // A reset server comes back running, whatever it was.
    const ran = seen.kind === "planned" && seen.reset !== undefined ? true : move.ran;
    const tookMs = event.at - (move.firstAt ?? event.at);
    const ended = seen.kind === "finished" || seen.kind === "failed" ? { tookMs } : {};
    const why = failed === undefined ? {} : { lastFailure: failed.reason };
    // Never called by us, and under way: somebody else's, which opens no gate for the others.
    const isTheirs = move.state.kind === "planned" && (move.attempts ?? 0) === 0;
    const adopted = isTheirs && seen.kind === "running" ? { adopted: true } : {};
    next = withMove(next, event.host, { ...move, ...ended, ...why, ...adopted, ran, state: seen });
    next = sayMove(next, event, move, seen, failed?.reason, out);
  }
  return next;
}

/** Its place is not in what was counted before. */
function placedAt(
  state: GuardianState,
  { at, host: from }: MovesSeen,
  { server, size }: Move,
  to: HostName | undefined,
): GuardianState {
  return to === undefined ? state : withPlaced(state, server, { at, from, to, size });
}

/** A line for each end of a move, and for each try that failed. */
function sayMove(
  state: GuardianState,
  { host, at }: { readonly host: HostName; readonly at: MonoMs },
  move: Move,
  seen: MoveState,
  failed: Said | undefined,
  out: Effect[],
): GuardianState {
  const server = move.name;
  if (seen.kind === "planned" && failed !== undefined) {
    const again = retryWords(state, move, seen, at);
    const text = words("log.move-again", { server, state: failed, again });
    return say(state, out, { level: "warn", host, event: "move-again", text });
  }
  if (seen.kind === "running" || seen.kind === "planned") return state;
  return say(state, out, {
    level: seen.kind === "finished" ? "info" : "error",
    host,
    event: `move-${seen.kind}`,
    text: words("log.move", { server, state: moveWords(move, seen) }),
  });
}

/** What an end of a move says of Nova: it keeps up, or it is in trouble. */
function withPaceOf(
  state: GuardianState,
  { host, at }: MovesSeen,
  move: Move,
  seen: MoveState,
  failed: Failing | undefined,
  out: Effect[],
): GuardianState {
  if (!isUnderWay(move)) return state;
  if (seen.kind === "finished") return moveArrived(state, move.state.at, at);
  if (failed === undefined || failed.cause === "no-host") return state;
  return slowDown(state, host, { calledAt: move.state.at, at, reason: failed.reason }, out);
}

/** Nova's newest record of the move, if it is ours. */
function recordOf(event: MovesSeen, move: Move): EvacuationRecord | undefined {
  if (!isUnderWay(move)) return undefined;
  const { latestRecord } = move.state;
  return event.records.find(({ server, id }) => server === move.server && id > latestRecord);
}

/** Where Nova takes it, and how far it has come. */
function withProgress(move: Move, event: MovesSeen): Move {
  const record = recordOf(event, move);
  if (record === undefined) return move;
  const server = event.servers.find((found) => found.server === move.server);
  const to = record.destination ?? move.to;
  const stage = activeRecords.includes(record.status) ? stageOf(record, server) : move.stage;
  if (to === move.to && stage === move.stage) return move;
  return {
    ...move,
    ...(to === undefined ? {} : { to }),
    ...(stage === undefined ? {} : { stage }),
  };
}

/** A migration of ours that Nova shows as failed; undefined when there is none. */
function failedMigration(event: MovesSeen, move: Move): Failing | undefined {
  const record = recordOf(event, move);
  if (!isUnderWay(move) || event.askedAt < move.state.at) return undefined;
  if (record === undefined || !["error", "failed"].includes(record.status)) return undefined;
  const { id, status } = record;
  const server = event.servers.find((found) => found.server === move.server);
  const fault = server?.fault;
  const reason =
    fault === undefined
      ? words("move.migration", { id, status })
      : words("move.migration-fault", { id, status, fault });
  const noHost = /no valid host/i.test(fault ?? "");
  const untouched =
    server?.host === event.host && server.taskState === undefined && isEvacuable(server);
  const settled = untouched && !hasActiveRecord(event, move);
  // "error": scheduling failed; "failed": the compute that took it did, perhaps after its guest had started.
  const begun = status === "failed";
  const host = record.destination ?? move.to ?? "?";
  return {
    cause: noHost ? "no-host" : "error",
    reason: begun ? words("move.may-run", { reason, host }) : reason,
    at: event.at,
    latestRecord: id,
    settled,
    begun,
  };
}

/** Known to have ended, with the server where it was: another try repeats nothing. */
function isSettled(failed: Failing | undefined): failed is Failing {
  return failed?.settled === true;
}

function moveWords(move: Move, state: MoveState): Said {
  switch (state.kind) {
    case "finished":
      return words(move.ran ? "move.runs" : "move.stopped", { host: state.destination });
    case "failed":
    case "left":
      return state.reason;
    case "planned":
    case "resetting":
    case "ordered":
    case "running":
      return state.kind;
    default:
      return state satisfies never;
  }
}

/** The new state of a move, undefined when nothing changed. */
function followMove(state: GuardianState, event: MovesSeen, move: Move): MoveState | undefined {
  if (!isUnderWay(move)) return undefined;
  const { at, latestRecord } = move.state;
  // An answer asked for before the call was made says nothing of it.
  if (event.askedAt < at) return undefined;
  if (event.gone.includes(move.server)) return { kind: "left", reason: words("move.deleted") };
  const record = recordOf(event, move);
  const server = event.servers.find((found) => found.server === move.server);
  if (move.state.kind === "resetting") return followReset(state, event, move, server);
  const ageMs = event.at - at;
  if (record !== undefined && ["done", "completed"].includes(record.status)) {
    const arrived = arrivedAt(event.host, move, server);
    if (arrived !== undefined) return { kind: "finished", destination: arrived };
  }
  const untouched = server?.host === event.host && server.taskState === undefined;
  // Accepted, too, a call may come to nothing; while Nova does something with the server we wait.
  // Of a cell that is down Nova shows neither the server nor a record: that there is none is no word then.
  const isSeen = record === undefined && server !== undefined;
  const isLost = isSeen && (move.state.kind === "ordered" || untouched);
  if (isLost && ageMs > recordDueMs) {
    // Looked for a minute after Nova took a write of ours: the call was never made, so making it repeats nothing.
    if (move.state.kind === "ordered" && move.state.inherited && untouched) {
      return takesWrites(state, event.host) ? { kind: "planned", latestRecord } : undefined;
    }
    return {
      kind: "failed",
      reason: words("move.no-migration", { age: durationWords(ageMs) }),
    };
  }
  const { moveMsMax } = state.settings.limits;
  if (ageMs > moveMsMax) {
    const age = durationWords(ageMs);
    const reason =
      record === undefined
        ? words("move.late-no-migration", { age })
        : words("move.late", { age, id: record.id, status: record.status });
    return { kind: "failed", reason };
  }
  return undefined;
}

/** Whether Nova has accepted an order of this process about the host: what came before waits in it no more. */
function takesWrites(state: GuardianState, host: HostName): boolean {
  const phase = incidentOf(state, host)?.phase;
  return phase?.kind === "evacuating" && phase.forcedDown.kind === "done";
}

/** Where the server is, once it is elsewhere in the state it had: running, or stopped. */
function arrivedAt(
  source: HostName,
  move: Move,
  server: ComputeServer | undefined,
): HostName | undefined {
  if (server?.host === undefined || server.host === source) return undefined;
  if (server.taskState !== undefined) return undefined;
  const wanted = move.ran ? "ACTIVE" : "SHUTOFF";
  return server.status === wanted ? server.host : undefined;
}
