/** Opening, changing and closing incidents; the timeline that people read afterwards. */
import type { HostName } from "../../shared/names.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Effect, Line } from "./effects.ts";
import type { Incident, Phase } from "./memory.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { render, type Words } from "./words.ts";

const timelineMax = 200;
const lately = 30;

export function incidentOf(state: GuardianState, host: HostName): Incident | undefined {
  return state.memory.incidents.get(host);
}

/** A line as words. Logs and timelines are English; in the journal a timeline is text. */
export type Saying = Omit<Line, "kind" | "text"> & { readonly text: Words };

/** Says a line that opens an incident where there is none; its id is stable and readable: "i12-compute-3". */
export function openIncident(
  state: GuardianState,
  out: Effect[],
  line: Saying & { readonly host: HostName },
): GuardianState {
  const { host } = line;
  if (incidentOf(state, host) !== undefined) return say(state, out, line);
  const text = render(line.text);
  out.push({ kind: "line", ...line, text });
  const count = state.memory.incidentCount + 1;
  const incident: Incident = {
    id: `i${count}-${host}`,
    host,
    openedAt: state.now,
    openedWall: state.wall,
    bootId: state.memory.known[host]?.bootId,
    phase: { kind: "watching" },
    timeline: [{ at: state.now, wall: state.wall, text }],
  };
  const incidents = mapWith(state.memory.incidents, host, incident);
  return stateWith(state, { memory: { ...state.memory, incidents, incidentCount: count } });
}

export function closeIncident(state: GuardianState, host: HostName): GuardianState {
  const incidents = mapWithout(state.memory.incidents, host);
  return stateWith(state, { memory: { ...state.memory, incidents } });
}

/** Puts an incident into another phase. */
export function withPhase(state: GuardianState, host: HostName, phase: Phase): GuardianState {
  const incident = incidentOf(state, host);
  if (incident === undefined) return state;
  const incidents = mapWith(state.memory.incidents, host, { ...incident, phase });
  return stateWith(state, { memory: { ...state.memory, incidents } });
}

/** Whether its newest lines have this one: what is tried again and again is said when it begins. */
export function wasSaidLately({ timeline }: Incident, text: Words): boolean {
  const rendered = render(text);
  return timeline.slice(-lately).some((entry) => entry.text === rendered);
}

/** Says a line in the log and, when the host has an incident, in its timeline. */
export function say(state: GuardianState, out: Effect[], line: Saying): GuardianState {
  const text = render(line.text);
  out.push({ kind: "line", ...line, text });
  const incident = line.host === undefined ? undefined : incidentOf(state, line.host);
  if (incident === undefined) return state;
  const entry = { at: state.now, wall: state.wall, text };
  const timeline = [...incident.timeline, entry].slice(-timelineMax);
  const incidents = mapWith(state.memory.incidents, incident.host, { ...incident, timeline });
  return stateWith(state, { memory: { ...state.memory, incidents } });
}
