/** Which hosts are drained, and what that means for an evacuation: no server is ever in both. */
import type { HostName, ServerId } from "../../shared/names.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Drain, DrainMove } from "./drain-memory.ts";
import { groupsOf } from "./modes.ts";
import { stateWith, type GuardianState } from "./state.ts";

/** Whether degraded hosts are emptied by live migration. Of several groups the careful word counts. */
export function drainsHost(state: GuardianState, host: HostName): boolean {
  const said = groupsOf(state, host).flatMap(
    (name) => state.settings.groups.get(name)?.drain ?? [],
  );
  if (said.includes(false)) return false;
  return said[0] ?? state.settings.drain ?? false;
}

export function isOpen({ state }: DrainMove): boolean {
  return state.kind === "ordered" || state.kind === "running";
}

/** Whether a live migration of it was called and is not known to be over. */
export function isDraining(state: GuardianState, host: HostName): boolean {
  return Object.values(state.memory.drains.get(host)?.moves ?? {}).some(isOpen);
}

/** Live migrations under way in the whole cloud. */
export function drainsUnderWay({ memory }: GuardianState): number {
  let count = 0;
  for (const { moves } of memory.drains.values()) {
    for (const move of Object.values(moves ?? {})) if (isOpen(move)) count += 1;
  }
  return count;
}

/**
 * Before a server is evacuated: its live migration is waited for while it is followed; when nobody knows whether it
 * goes on, the server is left to people.
 */
export function drainHolds(
  state: GuardianState,
  host: HostName,
  server: ServerId,
): "none" | "wait" | "leave" {
  const move = state.memory.drains.get(host)?.moves?.[server];
  if (move === undefined) return "none";
  if (isOpen(move)) return "wait";
  return move.state.kind === "failed" && move.state.open ? "leave" : "none";
}

export function withDrain(
  state: GuardianState,
  host: HostName,
  drain: Drain | undefined,
): GuardianState {
  const { drains: before } = state.memory;
  if (drain === undefined && !before.has(host)) return state;
  const drains = drain === undefined ? mapWithout(before, host) : mapWith(before, host, drain);
  return stateWith(state, { memory: { ...state.memory, drains } });
}
