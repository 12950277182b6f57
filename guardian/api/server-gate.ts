/**
 * What keeps people's hands off a server: the guardian does something with it, or with its host, or its host is
 * not seen alive. Whoever starts a server there may start it twice.
 */
import type { HostName, ServerId } from "../../shared/names.ts";
import { incidentOf } from "../core/incidents.ts";
import type { Incident } from "../core/memory.ts";
import { isUnderWay } from "../core/moves-under-way.ts";
import type { GuardianState } from "../core/state.ts";

/** The gate and the incident in one sentence; undefined: nothing is in the way. */
export function heldServer(
  state: GuardianState,
  server: ServerId,
  host: HostName | undefined,
): string | undefined {
  for (const incident of state.memory.incidents.values()) {
    const move = movesOf(incident)[server];
    if (move !== undefined && (isUnderWay(move) || move.state.kind === "planned")) {
      return `gate "moved by the guardian": incident ${incident.id} moves it from ${incident.host}; guardian incident show ${incident.id}`;
    }
  }
  return host === undefined ? undefined : heldHost(state, host);
}

/** The same for whatever runs on a host, or is to go there. */
export function heldHost(state: GuardianState, host: HostName): string | undefined {
  const incident = incidentOf(state, host);
  if (incident !== undefined) {
    const { id, phase } = incident;
    return `gate "incident": ${host} has incident ${id}, phase ${phase.kind}; guardian incident show ${id}`;
  }
  const rehearsal = state.memory.rehearsals.get(host)?.step.kind;
  if (rehearsal !== undefined && rehearsal !== "failed") {
    return `gate "rehearsal": the power of ${host} is cycled (${rehearsal}); guardian host explain ${host}`;
  }
  const seen = state.hosts.get(host);
  if (seen !== undefined && seen.freshSince === undefined && seen.newest !== undefined) {
    return `gate "fresh": ${host} does not report; guardian host explain ${host}`;
  }
  return undefined;
}

function movesOf({ phase }: Incident) {
  if (phase.kind === "ended") return phase.moves;
  return phase.kind === "evacuating" ? (phase.moves ?? {}) : {};
}
