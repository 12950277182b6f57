/** A fenced host that people take back, and one that is on again without them. */
import type { HostName } from "../../shared/names.ts";
import type { Effect } from "./effects.ts";
import type { Released } from "./events.ts";
import type { Ended } from "./home-gates.ts";
import { closeIncident, incidentOf, say } from "./incidents.ts";
import { beginLookBack } from "./look-back.ts";
import { hostOf, stateWith, type GuardianState, type HostState } from "./state.ts";
import { words } from "./words.ts";

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

/** A person takes a fenced host back. */
export function foldReleased(state: GuardianState, event: Released, out: Effect[]): GuardianState {
  if (releaseProblem(state, event.host) !== undefined) return state;
  const told = say(state, out, {
    level: "info",
    host: event.host,
    event: "released",
    text: words("log.released", { by: event.by, reason: event.reason }),
  });
  const closed = closeIncident(beginLookBack(told, event.host), event.host);
  const released = [...closed.memory.released, event.host];
  return stateWith(closed, { memory: { ...closed.memory, released } });
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
export function stayedOn({ moves, unlisted = 0 }: Ended): number {
  return Object.values(moves).filter(({ state }) => state.kind !== "finished").length + unlisted;
}
