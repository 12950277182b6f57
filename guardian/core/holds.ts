/** What holds an action on a host: kept with its assessment, and said once for each change. */
import type { Assessment, GateResult } from "./assessment.ts";
import { describeGate } from "./assessment.ts";
import type { Effect } from "./effects.ts";
import { incidentOf, say } from "./incidents.ts";
import { withHost, type GuardianState, type HostState, hostWith } from "./state.ts";

/** Keeps the gates with the assessment, for `host explain` and the alerts. */
export function withGates(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  gates: readonly GateResult[],
): GuardianState {
  return withHost(state, hostWith(host, { assessment: { ...assessment, gates } }));
}

/** Says what holds an action, when it changes: the gates' words only, since their numbers move. */
export function sayHold(
  state: GuardianState,
  host: HostState,
  blocked: readonly GateResult[],
  out: Effect[],
): GuardianState {
  const text = blocked.map(describeGate).join("; ");
  const incident = incidentOf(state, host.host);
  const said = incident?.timeline.findLast((entry) => entry.text.startsWith("held by "));
  if (said !== undefined && withoutNumbers(said.text) === `held by ${withoutNumbers(text)}`) {
    return state;
  }
  return say(state, out, {
    level: "warn",
    host: host.host,
    event: "held",
    text: `held by ${text}`,
  });
}

function withoutNumbers(text: string): string {
  return text.replace(/\d+(\.\d+)?/g, "#");
}
