/**
 * What becomes of a move that failed: tried again after a while, by its cause, or given up. Only what is
 * known to have begun nowhere is tried again: a call that Nova refused, or a migration for which it
 * found no host ("error"). One that a compute took ("failed") may have started its guest there, and a call
 * without an answer may still be done: these are looked for and never repeated.
 */
import { after, type MonoMs } from "../../shared/time.ts";
import type { ComputeServer } from "../ports.ts";
import type { MovesSeen } from "./events.ts";
import type { Move, MoveState } from "./move.ts";
import {
  isEvacuable,
  leftBegun,
  openRecords,
  resetFrom,
  stateLeaves,
  taskLeaves,
} from "./move-plan.ts";
import type { GuardianState } from "./state.ts";
import { stateText } from "./resets.ts";
import { words, type Said } from "./words.ts";

/** `refused`: the call was; `no-host`: no host takes it now; `error`: the migration failed. */
export type Cause = "refused" | "no-host" | "error";

/** How long to wait before the next try; twice as long before the third, and so on. */
const waitMs: Readonly<Record<Cause, number>> = {
  refused: 5000,
  error: 5000,
  "no-host": 15_000,
};

/** A try that failed. */
export interface Failing {
  readonly cause: Cause;
  readonly reason: Said;
  readonly at: MonoMs;
  /** Newest record of the server: only a newer one is of the next try. */
  readonly latestRecord: number;
  /** Nothing of it is under way any more, and the server is where it was. */
  readonly settled?: boolean;
  /** A compute had it: how far it came, nobody can see, and it may run there. */
  readonly begun?: boolean;
}

/** Planned again for later, or failed for good. */
export function afterFailure(state: GuardianState, move: Move, failing: Failing): MoveState {
  const { cause, reason, at, latestRecord } = failing;
  if (failing.begun === true) return { kind: "failed", reason };
  const { moveAttempts, moveDeadlineMs } = state.settings.limits;
  const attempts = move.attempts ?? 1;
  const notBefore = after(at, waitMs[cause] * attempts);
  const late = notBefore - (move.firstAt ?? at) > moveDeadlineMs;
  if (attempts >= moveAttempts || late) return { kind: "failed", reason };
  // A person who sees the failure may be quicker: what was done meanwhile is looked at before the call.
  const planned = { kind: "planned", latestRecord, notBefore, check: notBefore } as const;
  // A refusal has a cause that a look at the server may show.
  return cause === "refused" ? { ...planned, check: at, refused: true } : planned;
}

/** Refusals that no look and no waiting changes: the guardian's user may not evacuate. */
export function isFinal(status: number): boolean {
  return status === 401 || status === 403;
}

/** "Tried again in 5 s, the second of three times." */
export function retryWords(state: GuardianState, move: Move, seen: MoveState, at: MonoMs): Said {
  const notBefore = seen.kind === "planned" ? (seen.notBefore ?? at) : at;
  return words("move.again", {
    wait: Math.round((notBefore - at) / 1000),
    attempt: (move.attempts ?? 1) + 1,
    attempts: state.settings.limits.moveAttempts,
  });
}

/** Before a further call: what a look at the server says; undefined while it says nothing. */
export function checkPlanned(
  state: GuardianState,
  event: MovesSeen,
  move: Move,
): MoveState | undefined {
  if (move.state.kind !== "planned" || move.state.check === undefined) return undefined;
  if (event.askedAt < move.state.check) return undefined;
  if (event.gone.includes(move.server)) return { kind: "left", reason: words("move.deleted") };
  const { check: _check, refused, ...planned } = move.state;
  const { latestRecord, notBefore } = planned;
  if (hasActiveRecord(event, move)) return { kind: "running", at: event.at, latestRecord };
  const server = event.servers.find((found) => found.server === move.server);
  if (server === undefined) return undefined;
  if (server.host !== event.host) {
    return { kind: "left", reason: words("move.elsewhere", { host: server.host ?? "?" }) };
  }
  if (refused !== true) return afterLook(event, planned, server);
  const stuck = stuckState(state, server);
  if (stuck !== undefined) return stuck.kind === "left" ? stuck : { ...stuck, latestRecord };
  // Looked at once more when its time has come.
  return { ...planned, ...(notBefore === undefined ? {} : { check: notBefore }) };
}

/** Called now, unless somebody rebuilds, moves or deletes it. */
function afterLook(
  { records }: MovesSeen,
  planned: Extract<MoveState, { kind: "planned" }>,
  { server, taskState }: ComputeServer,
): MoveState {
  const leaves = taskState === undefined ? undefined : taskLeaves(taskState);
  if (leaves !== undefined) return { kind: "left", reason: leaves };
  if (taskState?.startsWith("rebuild") === true) {
    return { kind: "left", reason: words("left.task", { task: taskState }) };
  }
  const { latestRecord: known } = planned;
  const begun = leftBegun(records, server, known);
  if (begun !== undefined) return begun;
  // What others tried meanwhile, and failed, is no record of the next call.
  const latestRecord = records.reduce(
    (latest, record) => (record.server === server ? Math.max(latest, record.id) : latest),
    known,
  );
  return { ...planned, latestRecord };
}

type Stuck =
  | { readonly kind: "left"; readonly reason: Said }
  | { readonly kind: "planned"; readonly reset: string };

/** A state or a task in which Nova does not take it: reset from there, or left. */
function stuckState(state: GuardianState, server: ComputeServer): Stuck | undefined {
  const { taskState, vmState } = server;
  const reset = { kind: "planned", reset: stateText(server) } as const;
  if (taskState !== undefined) {
    const reason = taskLeaves(taskState);
    if (reason !== undefined) return { kind: "left", reason };
    // Somebody rebuilds it: a second rebuild would wreck it.
    const isFree = !taskState.startsWith("rebuild");
    if (isFree && state.settings.evacuation.states.stuck === "reset") return reset;
    return { kind: "left", reason: words("left.task", { task: taskState }) };
  }
  if (isEvacuable(server)) return undefined;
  return resetFrom(state, server) === undefined
    ? { kind: "left", reason: stateLeaves(vmState) }
    : reset;
}

/** Whether Nova shows an evacuation of it under way. */
export function hasActiveRecord(event: MovesSeen, { server }: Move): boolean {
  return openRecords(event.records).some((record) => record.server === server);
}
