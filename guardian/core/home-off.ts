/** A host on its way home that runs more than Nova puts on it: a server may run twice, so it goes off again. */
import { gateWords } from "./assessment.ts";
import type { Effect } from "./effects.ts";
import { devicesThatRead, runningTooMany } from "./home-gates.ts";
import type { Homecoming } from "./home-memory.ts";
import { orderOffAgain, stop, withHome, type StepOf } from "./home-steps.ts";
import { holdGate, maintenanceGate } from "./policy-gates.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** An off command is given again after this, while a device reads on. */
const offAgainMs = 30_000;
const offOrdersMax = 3;
export const offMsMax = 120_000;

/** More run there than Nova puts on it. Empty by Nova's word, it goes off; else a person must choose. */
export function switchOff(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
  tooMany: number,
  out: Effect[],
): GuardianState {
  const placed = home.seen?.servers ?? 0;
  const reason = words("home.twice", { running: tooMany + placed, placed });
  if (placed > 0) {
    const why = words("home.not-empty", { count: placed });
    return stop(state, host, words("home.still-on", { reason, why }), true, out);
  }
  const since = state.now;
  const step = { kind: "off", since, orderedAt: undefined, orders: 0, reason } as const;
  return followOff(withHome(state, host, { step }), host, step, out);
}

/** Ordered before a restart, or not yet: who knows what people did meanwhile? Only what still runs too many goes off. */
export function followOffAnew(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
  step: StepOf<"off">,
  out: Effect[],
): GuardianState {
  const runsTooMany = runningTooMany(state, host, home.seen) > 0;
  const isSilent = host.freshSince === undefined;
  const isOff = isSilent && devicesThatRead(state, host, "off").length > 0;
  const late = state.now - step.since >= offMsMax;
  if (isOff || runsTooMany || late) return followOff(state, host, step, out);
  if (isSilent || home.seen === undefined) return state;
  return withHome(state, host, { step: { kind: "cleaning", since: state.now } });
}

export function followOff(
  state: GuardianState,
  host: HostState,
  step: StepOf<"off">,
  out: Effect[],
): GuardianState {
  const { orderedAt, reason } = step;
  const off = devicesThatRead(state, host, "off");
  if (host.freshSince === undefined && off.length > 0) {
    return stop(state, host, words("home.off-again", { reason }), true, out);
  }
  if (state.now - step.since >= offMsMax) {
    const why = words("home.reads-on");
    return stop(state, host, words("home.still-on", { reason, why }), true, out);
  }
  const held = [holdGate(state, host), maintenanceGate(state, host)].filter(({ pass }) => !pass);
  if (held.length > 0) {
    const why = words("home.gates", { gates: held.map(gateWords) });
    return stop(state, host, words("home.still-on", { reason, why }), true, out);
  }
  const due = orderedAt === undefined || state.now - orderedAt >= offAgainMs;
  if (!due || step.orders >= offOrdersMax) return state;
  return orderOffAgain(state, host, step, out) ?? state;
}
