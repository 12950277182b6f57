/** How far an evacuation has come. */
import type { Move } from "./memory.ts";
import type { Evacuating } from "./service-orders.ts";

/** Whether a move of this evacuation was ever ordered. */
export function hasBegun(phase: Evacuating): boolean {
  const moves = Object.values(phase.moves ?? {});
  const ours = moves.filter((move) => move.adopted !== true);
  return ours.some((move) => move.state.kind !== "planned" && move.state.kind !== "left");
}

/** Whether the phase is from before a restart: the commands given then are not known. */
export function isInherited(phase: Evacuating): boolean {
  return phase.run === undefined && Object.keys(phase.commands).length === 0;
}

export function isUnderWay(move: Move): boolean {
  return move.state.kind === "ordered" || move.state.kind === "running";
}
