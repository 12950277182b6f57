/** What holds an action on a host: kept with its assessment, and said once for each change. */
import type { Assessment, GateResult } from "./assessment.ts";
import { gateWords } from "./assessment.ts";
import type { Effect } from "./effects.ts";
import { incidentOf, say } from "./incidents.ts";
import type { Incident } from "./memory.ts";
import { sameButNumbers } from "./same-words.ts";
import { withHost, type GuardianState, type HostState, hostWith } from "./state.ts";
import { render, words } from "./words.ts";

/** Keeps the gates with the assessment, for `host explain` and the alerts. */
export function withGates(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  gates: readonly GateResult[],
): GuardianState {
  return withHost(state, hostWith(host, { assessment: { ...assessment, gates } }));
}

/** What is held: each is said by itself, since a degraded host may be held from all three at once. */
const actions = {
  act: { key: "log.held", begins: "held by " },
  disable: { key: "log.disable-held", begins: "disabling held by " },
  drain: { key: "log.drain-held", begins: "drain held by " },
} as const;

/** Says what holds an action, when it changes: the gates' words only, since their numbers move. */
export function sayHold(
  state: GuardianState,
  host: HostState,
  blocked: readonly GateResult[],
  out: Effect[],
  action: keyof typeof actions = "act",
): GuardianState {
  const timeline = incidentOf(state, host.host)?.timeline;
  const lastHeld = lastHeldOf[action];
  const before = timeline === undefined ? undefined : lastHeld.get(timeline);
  if (before !== undefined && sameGates(before, blocked)) return state;
  const { key, begins } = actions[action];
  const held = words(key, { gates: blocked.map(gateWords) });
  const said = timeline?.findLast((entry) => entry.text.startsWith(begins));
  if (said !== undefined && withoutNumbers(said.text) === withoutNumbers(render(held))) {
    if (timeline !== undefined) lastHeld.set(timeline, blocked);
    return state;
  }
  return say(state, out, {
    level: "warn",
    host: host.host,
    event: "held",
    text: held,
  });
}

/**
 * What held when a timeline was last searched for it, and was found in it: a host that is held for an
 * hour is not told, and not rendered, in every round of it.
 */
const lastHeldOf: Readonly<Record<keyof typeof actions, LastHeld>> = {
  act: new WeakMap(),
  disable: new WeakMap(),
  drain: new WeakMap(),
};

type LastHeld = WeakMap<Incident["timeline"], readonly GateResult[]>;

function sameGates(before: readonly GateResult[], now: readonly GateResult[]): boolean {
  if (before.length !== now.length) return false;
  return now.every(({ gate, value, limit }, at) => {
    const was = before[at];
    if (was?.gate !== gate) return false;
    return sameButNumbers(was.value, value) && sameButNumbers(was.limit, limit);
  });
}

function withoutNumbers(text: string): string {
  return text.replace(/\d+(\.\d+)?/g, "#");
}
