/**
 * Moves: what became of each server of a fenced host that is moved. An evacuate call is
 * never repeated: Nova accepts a second one and can wreck the server for good. What we do not know
 * is looked up in Nova's migration records.
 */
import type { HostName } from "../../shared/names.ts";
import type { ComputeServer } from "../ports.ts";
import type { Effect } from "./effects.ts";
import type { EvacuateAnswered, MovesSeen } from "./events.ts";
import { incidentOf, say } from "./incidents.ts";
import type { Move, MoveState } from "./memory.ts";
import { isUnderWay, moveOf, withMove } from "./moves-under-way.ts";
import { followReset } from "./resets.ts";
import type { GuardianState } from "./state.ts";
import { durationWords, words, type Said } from "./words.ts";

/** An ordered move that Nova shows no record of after this long was not taken. */
const recordDueMs = 60_000;

export function foldEvacuateAnswer(
  state: GuardianState,
  event: EvacuateAnswered,
  out: Effect[],
): GuardianState {
  const move = moveOf(state, event.host, event.server);
  if (move?.state.kind !== "ordered") return state;
  const { answer } = event;
  const { latestRecord } = move.state;
  switch (answer.kind) {
    case "accepted":
      return withMove(state, event.host, {
        ...move,
        state: { kind: "running", at: event.at, latestRecord },
      });
    case "refused": {
      const reason = words("move.refused", { status: answer.status, reason: answer.reason });
      const failed = withMove(state, event.host, { ...move, state: { kind: "failed", reason } });
      return say(failed, out, {
        level: "error",
        host: event.host,
        event: "move-failed",
        text: words("log.move", { server: move.name, state: reason }),
      });
    }
    case "not-made": {
      const planned = { ...move, state: { kind: "planned" as const, latestRecord } };
      return say(withMove(state, event.host, planned), out, {
        level: "warn",
        host: event.host,
        event: "move-not-made",
        text: words("log.move", {
          server: move.name,
          state: words("move.not-made", { reason: answer.reason }),
        }),
      });
    }
    case "unknown":
      return say(state, out, {
        level: "warn",
        host: event.host,
        event: "move-unknown",
        text: words("log.move", {
          server: move.name,
          state: words("move.unknown", { reason: answer.reason }),
        }),
      });
    default:
      return answer satisfies never;
  }
}

/** Follows the moves under way by Nova's records and servers. */
export function foldMoves(state: GuardianState, event: MovesSeen, out: Effect[]): GuardianState {
  const phase = incidentOf(state, event.host)?.phase;
  if (phase?.kind !== "evacuating" || phase.moves === undefined) return state;
  let next = state;
  for (const move of Object.values(phase.moves)) {
    const seen = followMove(state, event, move);
    if (seen === undefined) continue;
    next = withMove(next, event.host, { ...move, state: seen });
    if (seen.kind === "running" || seen.kind === "planned") continue;
    next = say(next, out, {
      level: seen.kind === "finished" ? "info" : "error",
      host: event.host,
      event: `move-${seen.kind}`,
      text: words("log.move", { server: move.name, state: moveWords(move, seen) }),
    });
  }
  return next;
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
  const record = event.records.find(
    (found) => found.server === move.server && found.id > latestRecord,
  );
  const server = event.servers.find((found) => found.server === move.server);
  if (move.state.kind === "resetting") return followReset(event, move, server);
  const ageMs = event.at - at;
  if (record !== undefined && ["error", "failed"].includes(record.status)) {
    const { id, status } = record;
    const fault = server?.fault;
    const reason =
      fault === undefined
        ? words("move.migration", { id, status })
        : words("move.migration-fault", { id, status, fault });
    return { kind: "failed", reason };
  }
  if (record !== undefined && ["done", "completed"].includes(record.status)) {
    const arrived = arrivedAt(event.host, move, server);
    if (arrived !== undefined) return { kind: "finished", destination: arrived };
  }
  const untouched = server?.host === event.host && server.taskState === undefined;
  // Accepted, too, a call may come to nothing; while Nova does something with the server we wait.
  const isLost = record === undefined && (move.state.kind === "ordered" || untouched);
  if (isLost && ageMs > recordDueMs) {
    // Looked for a minute after a restart: the call was never made, so making it repeats nothing.
    if (move.state.kind === "ordered" && move.state.inherited && untouched)
      return { kind: "planned", latestRecord };
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
