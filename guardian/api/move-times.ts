/** When each move of an incident began, beside the core's own record of it. */
import { isRecord, asList } from "../shell/json.ts";
import type { Incident } from "../core/memory.ts";
import type { Move } from "../core/move.ts";
import type { GuardianState } from "../core/state.ts";

/** An incident as it is shown, with the time of each move's first call; "" before it. */
export function withMoveTimes(state: GuardianState, shown: unknown): unknown {
  if (!isRecord(shown)) return shown;
  const incident = [...state.memory.incidents.values()].find(({ id }) => id === shown["id"]);
  const moves = new Map(movesOf(incident).map((move) => [String(move.server), move]));
  const timed = asList(shown["moves"]).map((line) => {
    const record = Object(line) as Readonly<Record<string, unknown>>;
    const firstAt = moves.get(String(record["server"]))?.firstAt;
    const agoMs = firstAt === undefined ? undefined : state.now - firstAt;
    const began = agoMs === undefined ? "" : new Date(state.wall - agoMs).toISOString();
    return { ...record, began };
  });
  return { ...shown, moves: timed };
}

function movesOf(incident: Incident | undefined): readonly Move[] {
  const phase = incident?.phase;
  return phase?.kind === "evacuating" || phase?.kind === "ended"
    ? Object.values(phase.moves ?? {})
    : [];
}
