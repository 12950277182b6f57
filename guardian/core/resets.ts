/**
 * Resets: a server whose state Nova does not evacuate (paused, suspended, rescued) is put in error
 * first, where the operator wants that; evacuated from there it comes back running. A reset may be
 * repeated without harm, but only under a proof: it shows a server that lives as failed.
 */
import type { HostName } from "../../shared/names.ts";
import type { ComputeServer } from "../ports.ts";
import type { Effect } from "./effects.ts";
import type { MovesSeen, ResetAnswered } from "./events.ts";
import { incidentOf, say } from "./incidents.ts";
import type { Incident } from "./memory.ts";
import type { Move, MoveState } from "./move.ts";
import { moveOf, moveOrderId, withMove } from "./moves-under-way.ts";
import type { FenceProof } from "./proof.ts";
import type { GuardianState } from "./state.ts";
import { words } from "./words.ts";

/** A reset that Nova shows nothing of after this long is ordered again. */
const resetDueMs = 20_000;
const resetsMax = 3;

/** The order that puts a server in error, and its move meanwhile. */
export function orderReset(
  state: GuardianState,
  order: { readonly id: string; readonly host: HostName; readonly proof: FenceProof },
  move: Move,
  from: string,
  out: Effect[],
): Move {
  const latestRecord = move.state.kind === "planned" ? move.state.latestRecord : 0;
  const resets = (move.resets ?? 0) + 1;
  const id = resetOrderId(order.id, resets);
  out.push({ kind: "reset", ...order, id, server: move.server, from });
  const resetting = { kind: "resetting", at: state.now, latestRecord, from } as const;
  return { ...move, resets, state: resetting };
}

/** An order of its own each time: a late answer to an earlier one is told apart by it. */
function resetOrderId(moveId: string, resets: number): string {
  return resets > 1 ? `${moveId}/reset-${resets}` : `${moveId}/reset`;
}

/** The id of the reset that a move waits for. */
export function openResetId(incident: Incident, move: Move): string {
  const moveId = moveOrderId(incident, { ...move, attempts: (move.attempts ?? 0) + 1 });
  return resetOrderId(moveId, move.resets ?? 1);
}

/** What Nova answered to a reset. */
export function foldResetAnswer(
  state: GuardianState,
  event: ResetAnswered,
  out: Effect[],
): GuardianState {
  const move = moveOf(state, event.host, event.server);
  const incident = incidentOf(state, event.host);
  if (move?.state.kind !== "resetting" || incident === undefined) return state;
  // An answer to an earlier order says nothing of this one, which would undo what is begun meanwhile.
  const isOurs = event.id === openResetId(incident, move);
  if (event.id !== undefined && !isOurs) return state;
  const { answer } = event;
  const { latestRecord, from } = move.state;
  switch (answer.kind) {
    case "accepted":
      return withMove(state, event.host, { ...move, state: { kind: "planned", latestRecord } });
    case "refused": {
      const { status, reason } = answer;
      const why = words("move.reset-refused", { from, status, reason });
      const failed = withMove(state, event.host, {
        ...move,
        state: { kind: "failed", reason: why },
      });
      const text = words("log.move", { server: move.name, state: why });
      return say(failed, out, { level: "error", host: event.host, event: "move-failed", text });
    }
    case "not-made":
      return withMove(state, event.host, {
        ...move,
        state: { kind: "planned", latestRecord, reset: from },
      });
    case "unknown":
      return state;
    default:
      return answer satisfies never;
  }
}

/** A state as orders name it: "paused", or "active, powering-off" while a task hangs. */
export function stateText({ vmState, taskState }: ComputeServer): string {
  return taskState === undefined ? vmState : `${vmState}, ${taskState}`;
}

/** The new state of a move whose server is being reset; undefined when nothing changed. */
export function followReset(
  state: GuardianState,
  event: MovesSeen,
  move: Move,
  server: ComputeServer | undefined,
): MoveState | undefined {
  if (move.state.kind !== "resetting") return undefined;
  const { at, latestRecord, from } = move.state;
  if (server === undefined) {
    if (event.at - at <= state.settings.limits.moveMsMax) return undefined;
    return { kind: "failed", reason: words("move.not-reset", { from, state: "?" }) };
  }
  if (stateText(server) === "error") {
    return { kind: "planned", latestRecord };
  }
  if (event.at - at <= resetDueMs) return undefined;
  if (stateText(server) === from && (move.resets ?? 0) < resetsMax) {
    return { kind: "planned", latestRecord, reset: from };
  }
  return { kind: "failed", reason: words("move.not-reset", { from, state: stateText(server) }) };
}
