/** How far an evacuation has come. */
import type { HostName, ServerId } from "../../shared/names.ts";
import { incidentOf, withPhase } from "./incidents.ts";
import type { Incident } from "./memory.ts";
import type { Move, MoveState } from "./move.ts";
import type { Evacuating } from "./service-orders.ts";
import type { GuardianState } from "./state.ts";

/** Whether a move of this evacuation was ever ordered. */
export function hasBegun(phase: Evacuating): boolean {
  const moves = Object.values(phase.moves ?? {});
  const ours = moves.filter((move) => move.adopted !== true);
  return ours.some(
    ({ state: { kind }, attempts = 0 }) => attempts > 0 || (kind !== "planned" && kind !== "left"),
  );
}

/** Whether anything was moved off it, or may have been: by us, or by others. */
export function hasMoved(phase: Evacuating): boolean {
  return hasBegun(phase) || Object.values(phase.moves ?? {}).some((move) => move.adopted === true);
}

/** Whether the phase is from before a restart: the commands given then are not known. */
export function isInherited(phase: Evacuating): boolean {
  return phase.run === undefined && Object.keys(phase.commands).length === 0;
}

export type UnderWay = Extract<MoveState, { kind: "resetting" | "ordered" | "running" }>;

export function isUnderWay(move: Move): move is Move & { readonly state: UnderWay } {
  const { kind } = move.state;
  return kind === "resetting" || kind === "ordered" || kind === "running";
}

/** The id of the order of its newest try: a late answer to an earlier one is told apart by it. */
export function moveOrderId(incident: Incident, { server, attempts = 1 }: Move): string {
  const id = `${incident.id}/${incident.host}/move-${server}`;
  return attempts > 1 ? `${id}/${attempts}` : id;
}

/** A server's move; undefined when none is planned. */
export function moveOf(state: GuardianState, host: HostName, server: ServerId): Move | undefined {
  const phase = incidentOf(state, host)?.phase;
  return phase?.kind === "evacuating" ? phase.moves?.[server] : undefined;
}

export function withMove(state: GuardianState, host: HostName, move: Move): GuardianState {
  const phase = incidentOf(state, host)?.phase;
  if (phase?.kind !== "evacuating" || phase.moves === undefined) return state;
  return withPhase(state, host, { ...phase, moves: { ...phase.moves, [move.server]: move } });
}
