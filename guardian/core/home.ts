/**
 * The way home of a fenced host whose moves have ended: on, a new boot reported, Nova's records cleaned up by its
 * nova-compute, not forced down any more, up and well, enabled; in this order, since Nova allows no other. Only our own
 * marks are undone. What runs there and Nova puts elsewhere is switched off again. Every step has a bound.
 */
import { describeGate } from "./assessment.ts";
import type { Effect } from "./effects.ts";
import { sayHold } from "./holds.ts";
import {
  devicesThatRead,
  gatesToComeHome,
  homeProblem,
  isBack,
  markShown,
  mayRunTwice,
  missingSteps,
  runningTooMany,
  seenMsMax,
  stoppedOf,
  wasNeverOff,
  type Ended,
} from "./home-gates.ts";
import type { Homecoming, HomeStep } from "./home-memory.ts";
import { goOn, orderOn, stop, withHome, type StepOf } from "./home-steps.ts";
import { withSeen } from "./home-answers.ts";
import { followOff, followOffAnew, offMsMax, switchOff } from "./home-off.ts";
import { incidentOf } from "./incidents.ts";
import { isOrderDue } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { durationWords, words } from "./words.ts";

/** An on command is given again after this, while a device reads off. */
const onAgainMs = 30_000;
const onOrdersMax = 10;
const listEveryMs = 2000;
/** How long each step may take. Of "on": the slowest servers take ten minutes. */
const boundMs: Readonly<Record<Exclude<HomeStep["kind"], "stopped">, number>> = {
  looking: 900_000,
  on: 900_000,
  cleaning: 600_000,
  up: 600_000,
  enabling: 300_000,
  off: offMsMax,
};

/** One round of a host whose moves have ended. */
export function advanceHome(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  out: Effect[],
): GuardianState {
  const sure = withSeen(state, host);
  const home = homeIn(sure, host) ?? phase.home;
  if (home === undefined || home.step.kind === "stopped") return sure;
  const listed = askList(sure, host, home, out);
  if (home.step.kind === "off") {
    return home.step.orderedAt === undefined
      ? followOffAnew(listed, host, home, home.step, out)
      : followOff(listed, host, home.step, out);
  }
  const tooMany = isTakenUp(home.step) ? 0 : runningTooMany(state, host, home.seen);
  if (tooMany > 0) return switchOff(listed, host, home, tooMany, out);
  if (wasNeverOff(state, host)) return stop(listed, host, words("home.same-boot"), true, out);
  const late = state.now - home.step.since >= boundMs[home.step.kind];
  if (late) return stopLate(listed, host, phase, home, out);
  switch (home.step.kind) {
    case "looking":
      return look(listed, host, phase, home, home.step, out);
    case "on":
      return awaitBoot(listed, host, phase, home, home.step, out);
    case "cleaning":
      return awaitCleaning(listed, host, home, home.step, out);
    case "up":
      return awaitUp(listed, host, phase, home, home.step, out);
    case "enabling":
      return awaitEnabled(listed, host, home, home.step, out);
    default:
      return home.step satisfies never;
  }
}

/** Enabled, or on the way to be: Nova sends servers to it, sooner than a list of them shows. */
function isTakenUp(step: HomeStep): boolean {
  return step.kind === "enabling" && (step.order.kind === "asked" || step.order.kind === "done");
}

function homeIn(state: GuardianState, { host }: HostState): Homecoming | undefined {
  const phase = incidentOf(state, host)?.phase;
  return phase?.kind === "ended" ? phase.home : undefined;
}

/** Nova is asked all the way: whatever is decided rests on a list that is not old. */
function askList(
  state: GuardianState,
  host: HostState,
  { askedAt }: Homecoming,
  out: Effect[],
): GuardianState {
  if (askedAt !== undefined && state.now - askedAt < listEveryMs) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withHome(state, host, { askedAt: state.now });
}

/** It took too long: what is missing is said. On, and nobody sees what runs there: somebody gets up. */
function stopLate(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  home: Homecoming,
  out: Effect[],
): GuardianState {
  const { step } = home;
  if (step.kind === "stopped") return state;
  const limit = durationWords(boundMs[step.kind]);
  if (step.kind === "looking") {
    const held = gatesToComeHome(state, host, home).filter(({ pass }) => !pass);
    const gates = held.map((gate) => describeGate(gate));
    const moving = words("home.moving", { count: home.seen?.moving ?? 0 });
    const why = held.length > 0 ? words("home.gates", { gates }) : moving;
    return stop(state, host, words("home.late", { limit, missing: [why] }), false, out);
  }
  const unseen = !isBack(state, host) && devicesThatRead(state, host, "on").length > 0;
  const twice = mayRunTwice(state, host, home);
  const count = stoppedOf(host, phase, home);
  const stopped = step.kind === "up" && count > 0 ? [words("home.need-servers", { count })] : [];
  const failed = home.seen?.failed ?? 0;
  const inError = failed > 0 ? [words("home.need-state", { count: failed })] : [];
  const missing = [...missingSteps(state, host), ...stopped, ...inError];
  return stop(state, host, words("home.late", { limit, missing }), unseen || twice, out);
}

function isClear(state: GuardianState, { seen }: Homecoming, since: number): boolean {
  if (seen === undefined || seen.askedAt < since) return false;
  return seen.moving === 0 && state.now - seen.askedAt <= seenMsMax;
}

/** Whether an order may be given now; what holds it is said once. */
function mayOrder(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
  out: Effect[],
): { readonly state: GuardianState; readonly isOpen: boolean } {
  const held = gatesToComeHome(state, host, home).filter(({ pass }) => !pass);
  if (held.length === 0) return { state, isOpen: true };
  return { state: sayHold(state, host, held, out), isOpen: false };
}

function look(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  home: Homecoming,
  step: StepOf<"looking">,
  out: Effect[],
): GuardianState {
  const problem = homeProblem(state, host, phase, home);
  if (problem !== undefined) return stop(state, host, problem, false, out);
  const mark = markShown(state, host, step.since);
  if (mark === "others") return stop(state, host, words("home.mark"), false, out);
  if (mark === "unknown" || !isClear(state, home, step.since)) return state;
  const { state: asked, isOpen } = mayOrder(state, host, home, out);
  if (!isOpen) return asked;
  const since = state.now;
  if (isBack(state, host)) return toCleaning(asked, host, out);
  return orderOn(asked, host, phase, { since, orders: 0 }, out);
}

function toCleaning(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const step = { kind: "cleaning", since: state.now } as const;
  return goOn(state, host, step, words("log.home-boot"), out);
}

function awaitBoot(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  home: Homecoming,
  step: StepOf<"on">,
  out: Effect[],
): GuardianState {
  if (isBack(state, host)) return toCleaning(state, host, out);
  const orderedAt = step.orderedAt ?? step.since;
  const again = state.now - orderedAt >= onAgainMs && step.orders < onOrdersMax;
  if (!again || devicesThatRead(state, host, "off").length === 0) return state;
  if (!isClear(state, home, orderedAt)) return state;
  const { state: asked, isOpen } = mayOrder(state, host, home, out);
  return isOpen ? orderOn(asked, host, phase, step, out) : asked;
}

/** Nova refuses to take it up before; its own libvirt must show nothing that was moved away. */
function awaitCleaning(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
  step: StepOf<"cleaning">,
  out: Effect[],
): GuardianState {
  const mark = markShown(state, host, step.since);
  if (mark === "others") return stop(state, host, words("home.mark"), false, out);
  const checks = host.newest?.checks;
  if (mark === "unknown" || !isBack(state, host) || checks?.libvirt !== "up") return state;
  const { seen } = home;
  if (seen === undefined || !isClear(state, home, step.since) || seen.uncleaned > 0) return state;
  if (checks.serversTotal > seen.servers) return state;
  const forced = host.service?.service.forcedDown === true;
  const order = forced ? ({ kind: "due" } as const) : ({ kind: "done" } as const);
  const next = { kind: "up", since: state.now, order } as const;
  return goOn(state, host, next, words("log.home-clean", { count: seen.servers }), out);
}

/** Ours to undo only while Nova shows exactly our mark: looked up once more by the shell. */
function orderMarked(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
  step: StepOf<"up" | "enabling">,
  out: Effect[],
): GuardianState {
  const service = host.service?.service;
  const mark = service?.disabledReason;
  const incident = incidentOf(state, host.host);
  if (service === undefined || mark === undefined || incident === undefined) return state;
  if (!isOrderDue(step.order, state.now) || !isClear(state, home, step.since)) return state;
  // The first report after a time in which nobody was heard may be of before.
  const freshMs = host.freshSince === undefined ? 0 : state.now - host.freshSince;
  if (freshMs < state.settings.limits.graceFreshMs) return state;
  const { state: asked, isOpen } = mayOrder(state, host, home, out);
  if (!isOpen) return asked;
  const kind = step.kind === "up" ? "force-up" : "enable";
  const id = `${incident.id}/${host.host}/home-${kind}`;
  out.push({ kind, id, host: host.host, serviceId: service.serviceId, mark });
  const order = { kind: "asked", at: state.now } as const;
  return withHome(asked, host, { step: { ...step, order } });
}

function awaitUp(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  home: Homecoming,
  step: StepOf<"up">,
  out: Effect[],
): GuardianState {
  const mark = markShown(state, host, step.since);
  if (mark === "others") return stop(state, host, words("home.mark"), false, out);
  const service = host.service?.service;
  if (mark === "unknown" || service === undefined) return state;
  // Only what reports: one that has died since is people's, or comes on again.
  if (service.forcedDown && !isBack(state, host)) return state;
  if (service.forcedDown) return orderMarked(state, host, home, step, out);
  const { row, since } = host.assessment ?? {};
  const wellMs = row === "8" && since !== undefined ? state.now - since : 0;
  const well = wellMs >= state.settings.limits.graceFreshMs && service.state === "up";
  if (!well || !isBack(state, host) || stoppedOf(host, phase, home) > 0) return state;
  if (!isClear(state, home, step.since) || (home.seen?.failed ?? 0) > 0) return state;
  const next = { kind: "enabling", since: state.now, order: { kind: "due" } } as const;
  return goOn(state, host, next, words("log.home-well"), out);
}

/** Enabled and well, it is home: its incident is closed by that. */
function awaitEnabled(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
  step: StepOf<"enabling">,
  out: Effect[],
): GuardianState {
  const mark = markShown(state, host, step.since);
  if (mark === "others") return stop(state, host, words("home.mark"), false, out);
  // One that has fallen silent since is not enabled: it is found dead, or reports again.
  const isWell = host.assessment?.row === "8";
  return mark === "ours" && isWell ? orderMarked(state, host, home, step, out) : state;
}
