/** What Nova tells of a host's live migrations, and of its servers. */
import type { MonoMs } from "../../shared/time.ts";
import type { ComputeServer, EvacuationRecord } from "../ports.ts";
import type { Drain, DrainMove, DrainState } from "./drain-memory.ts";
import { withDrain } from "./drains.ts";
import type { Effect } from "./effects.ts";
import type { LiveMigrateAnswered, MigrationsSeen, ServersSeen } from "./events.ts";
import { say } from "./incidents.ts";
import { withPlaced } from "./inventory.ts";
import { activeRecords } from "./move-plan.ts";
import { leftOut } from "./selection.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
import { durationWords, words } from "./words.ts";

/** A call that Nova shows no record of after this long was not taken. */
const recordDueMs = 60_000;
/** A live migration of a large and busy server takes long. */
const drainMoveMsMax = 1_800_000;
/** A server that Nova does not list for so long is gone. */
const absentMs = 60_000;

/** Plans a live migration for each server that runs; one that somebody moves already is theirs. */
export function foldDrainServers(state: GuardianState, event: ServersSeen): GuardianState {
  const drain = state.memory.drains.get(event.host);
  if (drain === undefined) return state;
  if (drain.ended) return withUndone(state, event, drain);
  const known = stillThere(drain.moves ?? {}, event);
  const found = event.servers.filter(({ server }) => known[server] === undefined);
  const listedAt = event.askedAt;
  if (drain.moves !== undefined && found.length === 0) {
    return withDrain(state, event.host, { ...drain, moves: known, listedAt });
  }
  const moves: Record<string, DrainMove> = { ...known };
  for (const server of found) {
    const { server: id, name, size } = server;
    const move = { server: id, name, state: planOf(state, server, event) };
    moves[id] = size === undefined ? move : { ...move, size };
  }
  return withDrain(state, event.host, { ...drain, listedAt, moves, settledAt: undefined });
}

/**
 * A live migration that failed, nobody knew where: undone, where Nova shows its server running there in peace, longer
 * after it than any may take, and over where it shows none: that runs elsewhere, and is counted there, or is deleted.
 * Sooner a call without an answer may still be done.
 */
function withUndone(state: GuardianState, event: ServersSeen, drain: Drain): GuardianState {
  if (drain.listedAt === undefined) {
    return withDrain(state, event.host, { ...drain, listedAt: event.askedAt });
  }
  if (event.askedAt - drain.listedAt < drainMoveMsMax) return state;
  const listed = new Map(event.servers.map((server) => [server.server, server]));
  const moves: Record<string, DrainMove> = { ...drain.moves };
  for (const move of Object.values(moves)) {
    if (move.state.kind !== "failed" || !move.state.open) continue;
    const server = listed.get(move.server);
    const { absentSince: since, ...known } = move;
    if (server === undefined) {
      const absentSince = since ?? event.askedAt;
      const open = !isAbsent(hostOf(state, event.host), absentSince, event.askedAt);
      moves[move.server] = { ...known, absentSince, state: { ...move.state, open } };
      continue;
    }
    const isAtPeace = server.status === "ACTIVE" && server.taskState === undefined;
    moves[move.server] = { ...known, state: { ...move.state, open: !isAtPeace } };
  }
  return withDrain(state, event.host, { ...drain, moves });
}

/** Of a cell that is down Nova lists no server: it must have shown the host's own record meanwhile. */
function isAbsent({ service }: HostState, since: MonoMs, askedAt: MonoMs): boolean {
  const shownAt = service?.askedAt ?? 0;
  return askedAt - since >= absentMs && shownAt > since && shownAt <= askedAt;
}

/** What waits and is not on the host any more was moved, or deleted, by somebody else. */
function stillThere(
  moves: Readonly<Record<string, DrainMove>>,
  { servers }: ServersSeen,
): Readonly<Record<string, DrainMove>> {
  const listed = new Set<string>(servers.map(({ server }) => server));
  const kept = Object.entries(moves).filter(
    ([key, { state }]) => state.kind !== "planned" || listed.has(key),
  );
  return Object.fromEntries(kept);
}

function planOf(state: GuardianState, server: ComputeServer, { records }: ServersSeen): DrainState {
  const left = leftOut(state, server);
  if (left !== undefined) return { kind: "left", reason: left.reason };
  const moved = records.some(
    (record) => record.server === server.server && activeRecords.includes(record.status),
  );
  if (moved || server.taskState !== undefined) {
    return {
      kind: "left",
      reason: words("drain.busy", { task: server.taskState ?? "evacuation" }),
    };
  }
  if (server.status !== "ACTIVE") {
    return { kind: "left", reason: words("drain.not-running", { status: server.status }) };
  }
  return { kind: "planned", latestRecord: undefined };
}

export function foldLiveMigrated(
  state: GuardianState,
  event: LiveMigrateAnswered,
  out: Effect[],
): GuardianState {
  const drain = state.memory.drains.get(event.host);
  const move = drain?.moves?.[event.server];
  if (drain === undefined || move?.state.kind !== "ordered") return state;
  const { answer } = event;
  // No answer: the call may have been done. Nova's records say so, or that nothing came of it.
  if (answer.kind === "unknown") return state;
  const { latestRecord } = move.state;
  if (answer.kind === "accepted") {
    const running = { kind: "running", at: event.at, latestRecord } as const;
    return withMoveState(state, event.host, drain, move, running);
  }
  const reason =
    answer.kind === "not-made"
      ? answer.reason
      : words("move.refused", { status: answer.status, reason: answer.reason });
  const failed = { kind: "failed", reason, open: false } as const;
  return sayEnd(withMoveState(state, event.host, drain, move, failed), event, move, failed, out);
}

/** Follows what is open by Nova's records and servers. */
export function foldMigrations(
  state: GuardianState,
  event: MigrationsSeen,
  out: Effect[],
): GuardianState {
  let next = state;
  for (const known of Object.values(state.memory.drains.get(event.host)?.moves ?? {})) {
    const seen = followed(event, known);
    const move = withPlace(event, known, seen);
    if (move !== known) next = placedAt(next, event, move);
    const drain = next.memory.drains.get(event.host);
    if (drain === undefined || seen === undefined) continue;
    next = withMoveState(next, event.host, drain, move, seen);
    if (seen.kind !== "planned") next = sayEnd(next, event, move, seen, out);
  }
  return next;
}

/** With its place, once Nova shows it: in the record of our call, or because it is there. */
function withPlace(
  event: MigrationsSeen,
  move: DrainMove,
  seen: DrainState | undefined,
): DrainMove {
  const arrived = seen?.kind === "finished" ? seen.destination : undefined;
  const to = arrived ?? recordOf(event, move)?.destination;
  return to === undefined || to === move.to ? move : { ...move, to };
}

/** Its place is not in what was counted before. */
function placedAt(
  state: GuardianState,
  { host, at }: MigrationsSeen,
  move: DrainMove,
): GuardianState {
  const drain = state.memory.drains.get(host);
  const { server, to, size } = move;
  if (drain === undefined || to === undefined) return state;
  return withPlaced(withMoveState(state, host, drain, move, move.state), server, {
    at,
    from: host,
    to,
    size,
  });
}

/** Nova's record of our call, if it shows one. */
function recordOf(
  { records }: MigrationsSeen,
  { server, state }: DrainMove,
): EvacuationRecord | undefined {
  if (!("latestRecord" in state) || state.latestRecord === undefined) return undefined;
  const { kind, latestRecord } = state;
  if (kind !== "ordered" && kind !== "running") return undefined;
  return records.find((record) => record.server === server && record.id > latestRecord);
}

/** The new state of one, undefined when nothing changed. */
function followed(event: MigrationsSeen, move: DrainMove): DrainState | undefined {
  const { server: id, state } = move;
  if (state.kind === "planned" && state.latestRecord === undefined) return looked(event, id);
  if (state.kind !== "ordered" && state.kind !== "running") return undefined;
  // An answer asked for before the call says nothing of it.
  if (event.askedAt < state.at) return undefined;
  if (event.gone.includes(id)) return { kind: "left", reason: words("move.deleted") };
  const server = event.servers.find((found) => found.server === id);
  if (server === undefined) return undefined;
  const record = recordOf(event, move);
  const ageMs = event.at - state.at;
  const settled = server.taskState === undefined;
  if (settled && server.host !== undefined && server.host !== event.host) {
    if (server.status === "ACTIVE") return { kind: "finished", destination: server.host };
    // It did run: whether its guest stopped, or Nova lost it on arrival, people see to it.
    const { host, status } = server;
    return { kind: "failed", reason: words("drain.arrived", { host, status }), open: true };
  }
  const ended = record !== undefined && !isUnderWay(record);
  // Before Nova has answered our call it may be somebody else's, and ours be taken yet.
  const isUnanswered = state.kind === "ordered" && ageMs <= recordDueMs;
  if (ended && settled && !isUnanswered) {
    const { id: number, status } = record;
    const reason = words("move.migration", { id: number, status });
    // Rolled back, Nova has it running where it was; in error its guest may run at either end.
    const open = server.status !== "ACTIVE" || server.host !== event.host;
    return { kind: "failed", reason, open };
  }
  if (record === undefined && settled && ageMs > recordDueMs) {
    const reason = words("move.no-migration", { age: durationWords(ageMs) });
    // Late, it may still be done.
    return { kind: "failed", reason, open: true };
  }
  if (ageMs <= drainMoveMsMax) return undefined;
  // Whether it goes on nobody knows: it is left to people, and never evacuated by us meanwhile.
  return { kind: "failed", reason: words("drain.late", { age: durationWords(ageMs) }), open: true };
}

/** Its records before the call; somebody else's migration of it is theirs. */
function looked({ records }: MigrationsSeen, server: string): DrainState {
  const own = records.filter((record) => record.server === server);
  if (own.some(isUnderWay))
    return { kind: "left", reason: words("drain.busy", { task: "migrating" }) };
  return { kind: "planned", latestRecord: Math.max(0, ...own.map(({ id }) => id)) };
}

function isUnderWay({ status }: EvacuationRecord): boolean {
  return [...activeRecords, "post-migrating"].includes(status);
}

function withMoveState(
  state: GuardianState,
  host: ServersSeen["host"],
  drain: Drain,
  move: DrainMove,
  next: DrainState,
): GuardianState {
  const moves = { ...drain.moves, [move.server]: { ...move, state: next } };
  return withDrain(state, host, { ...drain, moves });
}

function sayEnd(
  state: GuardianState,
  { host }: { readonly host: ServersSeen["host"] },
  { name }: DrainMove,
  end: DrainState,
  out: Effect[],
): GuardianState {
  if (end.kind === "planned" || end.kind === "ordered" || end.kind === "running") return state;
  const said = end.kind === "finished" ? words("move.runs", { host: end.destination }) : end.reason;
  return say(state, out, {
    level: end.kind === "finished" ? "info" : "error",
    host,
    event: `drain-${end.kind}`,
    text: words("log.drain-move", { server: name, state: said }),
  });
}
