/** Which hosts are rehearsed now: their power is cycled on purpose, while nothing runs on them. */
import type { HostName } from "../../shared/names.ts";
import type { Rehearsal } from "./rehearsal-memory.ts";
import { stateWith, type GuardianState } from "./state.ts";

/** Whether a rehearsal of it has begun and has not come to its end. */
export function isRehearsing(state: GuardianState, host: HostName): boolean {
  const step = state.memory.rehearsals[host]?.step.kind;
  return step !== undefined && step !== "failed";
}

/** All of them. */
export function rehearsing(state: GuardianState): readonly HostName[] {
  const names = Object.keys(state.memory.rehearsals) as HostName[];
  return names.length === 0 ? names : names.filter((host) => isRehearsing(state, host));
}

export function withRehearsal(
  state: GuardianState,
  host: HostName,
  rehearsal: Rehearsal | undefined,
): GuardianState {
  const { [host]: _before, ...others } = state.memory.rehearsals;
  const rehearsals = rehearsal === undefined ? others : { ...others, [host]: rehearsal };
  return stateWith(state, { memory: { ...state.memory, rehearsals } });
}
