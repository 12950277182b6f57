/**
 * A promise broken by one host's state stops the work on that host, with a page; it does not stop
 * the guard of the others (invariant 30). A restart tries it again.
 */
import { describeError } from "../../shared/errors.ts";
import type { HostName } from "../../shared/names.ts";
import { mapWith } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import { advanceIncident } from "./host-round.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { render, words } from "./words.ts";

/** Advances one host by one round; what it threw, and what it wanted to do, ends here. */
export function advanceOrQuarantine(
  state: GuardianState,
  before: GuardianState,
  name: HostName,
  out: Effect[],
): GuardianState {
  if (state.memory.quarantined.has(name)) return state;
  const wanted: Effect[] = [];
  try {
    const next = advanceIncident(state, before, name, wanted);
    out.push(...wanted);
    return next;
  } catch (error) {
    // The state as it was before this host's turn, and none of its effects.
    return quarantine(state, name, describeError(error), out);
  }
}

function quarantine(
  state: GuardianState,
  name: HostName,
  reason: string,
  out: Effect[],
): GuardianState {
  const quarantined = mapWith(state.memory.quarantined, name, reason);
  // Not by way of its timeline: the incident itself may be what is broken.
  out.push({
    kind: "line",
    level: "error",
    host: name,
    event: "quarantined",
    text: render(words("log.quarantined", { reason })),
  });
  return stateWith(state, { memory: { ...state.memory, quarantined } });
}
