/** Which hosts are rehearsed now: their power is cycled on purpose, while nothing runs on them. */
import type { HostName } from "../../shared/names.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Rehearsal } from "./rehearsal-memory.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";

/** From on to the first report of the new boot: the slowest servers take ten minutes. */
export const returnMsMax = 900_000;

/** Whether a rehearsal of it has begun and has not come to its end. */
export function isRehearsing({ memory }: GuardianState, host: HostName): boolean {
  const { rehearsals } = memory;
  if (rehearsals.size === 0) return false;
  const step = rehearsals.get(host)?.step.kind;
  return step !== undefined && step !== "failed";
}

/** All of them. */
export function rehearsing(state: GuardianState): readonly HostName[] {
  return [...state.memory.rehearsals.keys()].filter((host) => isRehearsing(state, host));
}

/**
 * A rehearsal that may have switched this host off: under way, or ended with a doubt while this host has
 * shown no life since. What it switches on again may be this host's chassis: nothing of it is moved meanwhile.
 */
export function rehearsalThatMayHit(
  { memory, settings }: GuardianState,
  { host, lifeAt }: HostState,
): HostName | undefined {
  for (const [rehearsed, { step }] of memory.rehearsals) {
    if (rehearsed === host || (step.kind !== "off" && step.kind !== "on")) continue;
    if (step.freshAtCommand?.includes(host) !== true) continue;
    if (step.kind === "off") return rehearsed;
    // Without a doubt every other host has answered since it read off.
    const isOwing = (lifeAt ?? 0) < step.since + settings.limits.othersReportMs;
    if (step.failed !== undefined && isOwing) return rehearsed;
  }
  return undefined;
}

/** Hosts that are fenced or evacuated, or were and wait for a person. */
export function handledElsewhere({ memory }: GuardianState, host: HostName): readonly HostName[] {
  return [...memory.incidents.values()]
    .filter((incident) => incident.host !== host && incident.phase.kind !== "watching")
    .map((incident) => incident.host);
}

export function withRehearsal(
  state: GuardianState,
  host: HostName,
  rehearsal: Rehearsal | undefined,
): GuardianState {
  const { rehearsals: before } = state.memory;
  if (rehearsal === undefined && !before.has(host)) return state;
  const rehearsals =
    rehearsal === undefined ? mapWithout(before, host) : mapWith(before, host, rehearsal);
  return stateWith(state, { memory: { ...state.memory, rehearsals } });
}
