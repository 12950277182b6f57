/**
 * What the collectors are told of fenced hosts, so that the start guard of one that comes on unseen holds its servers
 * back. Pure: from the reducer's state.
 */
import type { FencedList } from "../shared/fenced-list.ts";
import type { HostName } from "../shared/names.ts";
import { bearsFenceMark } from "./core/marks.ts";
import type { Phase } from "./core/memory.ts";
import type { GuardianState } from "./core/state.ts";

export type FencedHostNames = Pick<FencedList, "fenced" | "unknown">;

/** Undefined until the journal was read: before that nobody knows who is fenced. */
export function fencedHostsOf(state: GuardianState): FencedHostNames | undefined {
  const { epoch, memory } = state;
  if (epoch === 0) return undefined;
  const fenced = [...memory.incidents.values()]
    .filter(({ phase }) => isHeldBack(phase))
    .map(({ host }) => host);
  // What the incident of a quarantined host says is not trusted: not that it may start, either.
  const doubted = new Set([...memory.quarantined.keys(), ...markedWithoutIncident(state)]);
  const unknown = [...doubted].filter((host) => !fenced.includes(host));
  return { fenced: fenced.sort(), unknown: unknown.sort() };
}

/** Fenced by us, says Nova, and our journal knows nothing of it: it was lost, or is a copy of an earlier day. */
function markedWithoutIncident(state: GuardianState): readonly HostName[] {
  const { incidents, released } = state.memory;
  const isKnown = (host: HostName): boolean =>
    released.includes(host) || incidents.get(host)?.phase.kind === "ended";
  return [...state.hosts.values()]
    .filter((host) => bearsFenceMark(state, host) && !isKnown(host.host))
    .map(({ host }) => host);
}

/** From the off order until it is released; on its way home its nova-compute must clean up, so it may start. */
function isHeldBack(phase: Phase): boolean {
  switch (phase.kind) {
    case "watching":
      return false;
    case "fencing":
    case "evacuating":
      return true;
    case "ended":
      return !["on", "cleaning", "up", "enabling"].includes(phase.home?.step.kind ?? "stopped");
    default:
      return phase satisfies never;
  }
}
