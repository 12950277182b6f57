/**
 * The report of an evacuation: a record for each server (from, to, how far it came, how often it was tried,
 * Nova's request, what became of it), how many and how long in all, and what people have to do.
 */
import type { HostName } from "../../shared/names.ts";
import type { EvacuationRecord, ComputeServer } from "../ports.ts";
import { incidentOf } from "./incidents.ts";
import type { Phase } from "./memory.ts";
import type { Move, MoveStage } from "./move.ts";
import type { GuardianState } from "./state.ts";
import { durationWords, render, words, type Language, type Said, type Words } from "./words.ts";

/**
 * How far Nova has come with a server, by what its API shows: it has no word for the image and the port,
 * which fall into "claim" and "volume".
 */
export function stageOf(
  record: EvacuationRecord | undefined,
  server: ComputeServer | undefined,
): MoveStage | undefined {
  if (server?.taskState === "rebuild_spawning") return "spawn";
  if (server?.taskState === "rebuild_block_device_mapping") return "volume";
  if (record === undefined) return undefined;
  const scheduled = record.destination !== undefined || record.status !== "accepted";
  return scheduled ? "claim" : "scheduling";
}

/** One server's record, in the words of Masakari's vmoves where there are any. */
export function moveRecord(host: HostName, move: Move, language: Language): unknown {
  const { state, stage } = move;
  const to = state.kind === "finished" ? state.destination : move.to;
  const reason =
    state.kind === "failed" || state.kind === "left" ? render(state.reason, language) : "";
  return {
    server: move.server,
    name: move.name,
    project: move.project,
    from: host,
    to: to ?? "",
    stage: state.kind === "finished" ? "finished" : (stage ?? "waiting"),
    attempts: move.attempts ?? 0,
    requestId: move.requestId ?? "",
    seconds: move.tookMs === undefined ? "" : (move.tookMs / 1000).toFixed(1),
    result: state.kind,
    reason,
  };
}

type Ended = Extract<Phase, { kind: "ended" }>;

/** "4 of 5 servers run elsewhere 42 s after the first suspicion, by 6 calls; the slowest, vm-3, took 8.1 s". */
export function totalWords(state: GuardianState, host: HostName, phase: Ended): Words {
  const moves = Object.values(phase.moves);
  const done = moves.filter((move) => move.state.kind === "finished");
  const openedWall = incidentOf(state, host)?.openedWall ?? phase.wall;
  const lasted = durationWords(Math.max(0, phase.wall - openedWall));
  const calls = moves.reduce((sum, { attempts = 0 }) => sum + attempts, 0);
  const all = { done: done.length, count: moves.length, lasted, calls };
  const slowest = done.toSorted((a, b) => (b.tookMs ?? 0) - (a.tookMs ?? 0))[0];
  if (slowest?.tookMs === undefined) return words("why.total", all);
  const took = durationWords(slowest.tookMs);
  return words("why.total-slowest", { ...all, server: slowest.name, took });
}

const namesMax = 10;

/** What people have to do about servers that do not run elsewhere, each kind once. */
export function todoWords(host: HostName, missing: readonly Move[]): Words {
  const kinds = new Map<Todo, string[]>();
  for (const move of missing) {
    const kind = todoOf(move);
    if (kind !== undefined) kinds.set(kind, [...(kinds.get(kind) ?? []), move.name]);
  }
  if (kinds.size === 0) return words("todo.left-behind");
  const todos = [...kinds].map(([kind, names]) => {
    const servers = names.length > namesMax ? [...names.slice(0, namesMax), "…"] : names;
    return words(kind, { servers, host });
  });
  return words("todo.left-behind-each", { todos });
}

type Todo =
  | "todo.may-run"
  | "todo.evacuate-again"
  | "todo.look-at-migrations"
  | "todo.reset-state"
  | "todo.with-host";

function todoOf({ state }: Move): Todo | undefined {
  if (state.kind !== "failed" && state.kind !== "left") return undefined;
  const { reason } = state;
  if (typeof reason !== "string" && reason.key === "move.may-run") return "todo.may-run";
  if (state.kind === "failed")
    return isOpen(state.reason) ? "todo.look-at-migrations" : "todo.evacuate-again";
  const key = typeof reason === "string" ? "" : reason.key;
  if (key === "left.state" || key === "left.task") return "todo.reset-state";
  if (key === "left.local-disk" || state.byPolicy === true) return "todo.with-host";
  return undefined;
}

/** Whether a call of ours may still be under way: another one could wreck the server. */
function isOpen(reason: Said): boolean {
  const open: readonly string[] = ["move.no-migration", "move.late", "move.late-no-migration"];
  return typeof reason === "string" || open.includes(reason.key);
}
