/**
 * The plan of an evacuation: each server of the fenced host has a move, or a reason why it is left.
 * Nothing is ordered here.
 */
import type { ServerId } from "../../shared/names.ts";
import type { ComputeServer, EvacuationRecord } from "../ports.ts";
import { inventoryGate } from "./destination-gates.ts";
import { resettableStates } from "./evacuation-policy.ts";
import type { Effect } from "./effects.ts";
import type { ServersSeen } from "./events.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import type { Move, MoveState } from "./move.ts";
import { isMovedUnread, leftOut, rankOf, type LeftOut } from "./selection.ts";
import type { GuardianState } from "./state.ts";
import { words, type Said, type Words } from "./words.ts";

/** Statuses of Nova's records of evacuations that have not ended. */
export const activeRecords = [
  "accepted",
  "pre-migrating",
  "migrating",
  "running",
  "queued",
  "preparing",
];

/**
 * Nova's records of evacuations that are under way. One that never ended (its conductor died) is none once a newer one
 * of its server is done; a newer one that failed says nothing of it.
 */
export function openRecords(records: readonly EvacuationRecord[]): readonly EvacuationRecord[] {
  const done = records.filter(({ status }) => ["done", "completed"].includes(status));
  return records.filter(
    ({ id, server, status }) =>
      activeRecords.includes(status) &&
      !done.some((newer) => newer.server === server && newer.id > id),
  );
}

/**
 * Left, where a compute began an evacuation of it that failed ("failed", not "error"): its guest may run there,
 * whatever host Nova shows, and a further call would start it a second time. Of records newer than `latestRecord`.
 */
export function leftBegun(
  records: readonly EvacuationRecord[],
  server: ServerId,
  latestRecord: number,
): Extract<MoveState, { kind: "left" }> | undefined {
  let last: EvacuationRecord | undefined;
  for (const record of records) {
    const isOfIt = record.server === server && record.id > latestRecord;
    // One that found no host began nothing, and says nothing of those before it.
    if (isOfIt && record.status !== "error" && record.id > (last?.id ?? 0)) last = record;
  }
  if (last?.status !== "failed") return undefined;
  const reason = words("move.migration", { id: last.id, status: last.status });
  return { kind: "left", reason: words("move.may-run", { reason, host: last.destination ?? "?" }) };
}

/** Plans a move for each server of the host, or says why it is left. */
export function foldServers(
  state: GuardianState,
  event: ServersSeen,
  out: Effect[],
): GuardianState {
  const phase = incidentOf(state, event.host)?.phase;
  // A list asked for in an earlier phase says nothing of this one.
  if (phase?.kind !== "evacuating" || event.askedAt < phase.since) return state;
  // Their host's aggregate may say that they are moved: after a restart it is waited for.
  if (phase.moves === undefined && !inventoryGate(state).pass) return state;
  const known = stillPlanned(phase.moves ?? {}, event);
  const listedAt = event.askedAt;
  const found = event.servers.filter((server) => known[server.server] === undefined);
  if (phase.moves !== undefined && found.length === 0) {
    return withPhase(state, event.host, { ...phase, moves: known, listedAt });
  }
  const moves: Record<string, Move> = {};
  for (const server of found) {
    const records = event.records.filter((record) => record.server === server.server);
    moves[server.server] = planMove(state, server, records, event);
  }
  const all = Object.values(moves);
  const left = all.filter((move) => move.state.kind === "left");
  const planned = { ...phase, moves: { ...known, ...moves }, lookedAt: undefined };
  const count = { planned: all.length - left.length, count: all.length };
  const said =
    phase.moves === undefined
      ? words("log.moves-planned", count)
      : words("log.moves-planned-further", count);
  // Whether they all find a place is worked out before the first of them is called.
  const anew = { listedAt, settledAt: undefined, forecast: undefined };
  const next = withPhase(state, event.host, { ...planned, ...anew });
  return say(sayUnread(next, event, found, out), out, {
    level: left.every(isByPolicy) ? "info" : "error",
    host: event.host,
    event: "moves-planned",
    text:
      left.length === 0
        ? said
        : words("log.moves-left", { moves: said, servers: left.map(leftWords) }),
  });
}

/** Moves that wait: another's evacuation is followed; what is not listed any more is looked at first. */
function stillPlanned(
  moves: Readonly<Record<string, Move>>,
  event: ServersSeen,
): Readonly<Record<string, Move>> {
  const next: Record<string, Move> = {};
  for (const [key, move] of Object.entries(moves)) {
    next[key] = move.state.kind === "planned" ? waiting(move, move.state, event) : move;
  }
  return next;
}

function waiting(
  move: Move,
  planned: Extract<MoveState, { kind: "planned" }>,
  { at, servers, records }: ServersSeen,
): Move {
  const { latestRecord } = planned;
  const active = records.find(
    ({ id, server, status }) =>
      server === move.server && id > latestRecord && activeRecords.includes(status),
  );
  if (active !== undefined) {
    const adopted = (move.attempts ?? 0) === 0 ? { adopted: true } : {};
    return { ...move, ...adopted, state: { kind: "running", at, latestRecord: active.id - 1 } };
  }
  const begun = leftBegun(records, move.server, latestRecord);
  if (begun !== undefined) return { ...move, state: begun };
  const server = servers.find((found) => found.server === move.server);
  const isFree = server?.taskState?.startsWith("rebuild") !== true;
  if (planned.check !== undefined || (server !== undefined && isFree)) return move;
  return { ...move, state: { ...planned, check: at } };
}

/** Servers that go although nothing says so, because their images cannot be asked. */
function sayUnread(
  state: GuardianState,
  { host }: ServersSeen,
  found: readonly ComputeServer[],
  out: Effect[],
): GuardianState {
  const unread = found.filter((server) => isMovedUnread(state, server) && !leftOut(state, server));
  const image = unread[0]?.image;
  if (image?.kind !== "unread") return state;
  const servers = unread.map(({ name }) => name);
  const text = words("log.images-unread", { servers, reason: image.reason });
  return say(state, out, { level: "warn", host, event: "images-unread", text });
}

/** Whether a server is where it is because the operator's policy says so. */
export function isByPolicy({ state }: Move): boolean {
  return state.kind === "left" && state.byPolicy === true;
}

/** A server that is left, and why. */
export function leftWords({ name, state, lastFailure }: Move): Said {
  const ended = state.kind === "left" || state.kind === "failed";
  const reason = ended ? state.reason : lastFailure;
  return reason === undefined ? name : words("why.server-left", { server: name, reason });
}

function planMove(
  state: GuardianState,
  server: ComputeServer,
  records: readonly EvacuationRecord[],
  event: ServersSeen,
): Move {
  const ran = server.vmState === "active" || server.powerState === 1;
  const { name, project, size } = server;
  const base = {
    server: server.server,
    name,
    project,
    ran,
    ...(size === undefined ? {} : { size }),
  };
  const [active] = openRecords(records);
  if (active !== undefined) {
    // Somebody's call, perhaps ours of an earlier incident, is under way: follow, never repeat it.
    const running = { kind: "running", at: event.at, latestRecord: active.id - 1 } as const;
    return { ...base, adopted: true, state: running };
  }
  const left = leftOut(state, server) ?? leftByNova(state, server);
  if (left !== undefined) {
    const { reason, byPolicy } = left;
    return { ...base, state: { kind: "left", reason, ...(byPolicy ? { byPolicy } : {}) } };
  }
  // In any other state somebody has seen to it since.
  const begun = server.vmState === "error" ? leftBegun(records, server.server, 0) : undefined;
  if (begun !== undefined) return { ...base, state: begun };
  const reset = resetFrom(state, server);
  // Somebody's call may be on its way, and its record not be shown yet: it is looked for first.
  const isRebuilt = server.taskState?.startsWith("rebuild") === true;
  // Or its record has failed already, and Nova is about to say so of the server.
  const ended = isRebuilt ? records.filter(({ status }) => status !== "failed") : records;
  const latestRecord = ended.reduce((latest, record) => Math.max(latest, record.id), 0);
  const check = isRebuilt ? { check: event.at } : {};
  const planned = { kind: "planned", latestRecord, ...check } as const;
  return {
    ...base,
    rank: rankOf(state, server),
    // From error, too, it comes back running.
    ...(reset === undefined ? {} : { ran: true }),
    ...(server.vmState === "error" ? { ran: true } : {}),
    state: reset === undefined ? planned : { ...planned, reset },
  };
}

/** Whether Nova takes a server in its state. */
export function isEvacuable({ vmState }: ComputeServer): boolean {
  return ["active", "stopped", "error"].includes(vmState);
}

/** The state that the policy has it reset from first; undefined where none is. */
export function resetFrom(state: GuardianState, { vmState }: ComputeServer): string | undefined {
  const found = resettableStates.find((name) => name === vmState);
  if (found === undefined) return undefined;
  return state.settings.evacuation.states[found] === "reset" ? found : undefined;
}

/** Tasks that may have put the server elsewhere already, or are about to do away with it. */
export function taskLeaves(taskState: string): Words | undefined {
  if (taskState === "migrating") return words("left.migrating");
  if (taskState.startsWith("resize_")) return words("left.half-resized");
  return taskState.endsWith("deleting") ? words("left.deleting") : undefined;
}

/** Why a state is left. */
export function stateLeaves(vmState: string): Words {
  if (vmState === "resized") return words("left.half-resized");
  if (vmState.startsWith("shelved")) return words("left.shelved");
  return words("left.state", { state: vmState });
}

/** Why Nova does not move a server, or would lose its disk; undefined when it may be moved. */
function leftByNova(state: GuardianState, server: ComputeServer): LeftOut | undefined {
  const task = server.taskState === undefined ? undefined : taskLeaves(server.taskState);
  if (task !== undefined) return { reason: task, byPolicy: false };
  if (!isEvacuable(server) && resetFrom(state, server) === undefined) {
    return { reason: stateLeaves(server.vmState), byPolicy: false };
  }
  if (!server.volumeBacked && !state.settings.instancesShared) {
    return { reason: words("left.local-disk"), byPolicy: false };
  }
  return undefined;
}
