/**
 * A fence that a person calls off: a false alarm. No further move is called; what Nova accepted is followed to its
 * end, for nobody can take it back; then the host comes home as any other.
 */
import type { Effect } from "./effects.ts";
import type { UndoAsked } from "./events.ts";
import { isComingHome } from "./home-gates.ts";
import { newHome } from "./home-steps.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** Why nothing can be undone now; undefined when it can. */
export function undoProblem(state: GuardianState, host: HostState["host"]): string | undefined {
  const incident = incidentOf(state, host);
  const phase = incident?.phase;
  switch (phase?.kind) {
    case undefined:
    case "watching":
      return `${host} was not fenced: there is nothing to undo; see: guardian host explain ${host}`;
    case "fencing":
      return `${host} is being fenced, and nothing was moved yet; to stop that: guardian incident hold ${incident?.id ?? ""} --reason …`;
    case "evacuating":
      if (phase.undoneBy === undefined) return undefined;
      return `it was called off by ${phase.undoneBy} already; see: guardian host explain ${host}`;
    case "ended":
      if (!isComingHome(state, host)) return undefined;
      return `${host} is on its way home already; see: guardian host explain ${host}`;
    default:
      return phase satisfies never;
  }
}

export function foldUndoAsked(
  state: GuardianState,
  event: UndoAsked,
  out: Effect[],
): GuardianState {
  const { host, by, reason } = event;
  const phase = incidentOf(state, host)?.phase;
  if (undoProblem(state, host) !== undefined) return state;
  const line = { level: "warn", host, event: "undo-asked" } as const;
  if (phase?.kind === "evacuating") {
    const undone = withPhase(state, host, { ...phase, undoneBy: by });
    return say(undone, out, { ...line, text: words("log.undo", { by, reason }) });
  }
  if (phase?.kind !== "ended") return state;
  const begun = withPhase(state, host, { ...phase, home: newHome(state, by, true) });
  return say(begun, out, { ...line, text: words("log.home-asked", { by, reason }) });
}
