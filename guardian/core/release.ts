/** A fenced host that people take back, and one that is on again without them. */
import type { HostName } from "../../shared/names.ts";
import type { Ended } from "./home-gates.ts";
import { incidentOf } from "./incidents.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";

/** Why a person cannot take a host back now; undefined when they can. */
export function releaseProblem(state: GuardianState, host: HostName): string | undefined {
  const phase = incidentOf(state, host)?.phase;
  if (phase?.kind !== "ended") {
    return `${host} was not fenced, or its servers still move: nothing to release`;
  }
  if (!runsWhatWasMoved(hostOf(state, host), phase)) return undefined;
  const running = hostOf(state, host).newest?.checks.serversRunning ?? 0;
  const most = stayedOn(phase);
  return `${host} runs servers that may run elsewhere, too: its libvirt runs ${running}, must be <= ${most} that stayed on it; stop them there, or switch it off, first`;
}

/**
 * A fenced host that is not on its way home reports, and runs more than what stayed on it: what was moved away runs there again,
 * beside itself. Somebody switched it on, or the mains did; nothing of ours keeps its libvirt from starting what lies on its disk.
 */
export function runsWhatWasMoved({ freshSince, newest }: HostState, phase: Ended): boolean {
  const { home } = phase;
  // On its way home it is counted against what Nova puts on it, once Nova was asked.
  const goesHome = home?.seen !== undefined && home.step.kind !== "stopped";
  if (freshSince === undefined || newest === undefined || goesHome) return false;
  return newest.checks.serversRunning > stayedOn(phase);
}

/** How many servers may run on it: those that were not moved away. */
function stayedOn({ moves, unlisted = 0 }: Ended): number {
  return Object.values(moves).filter(({ state }) => state.kind !== "finished").length + unlisted;
}
