/**
 * A degraded host takes no new servers: after a while it is disabled in Nova with our mark, and enabled
 * again once it was well for long enough, if the mark is still exactly ours. While other hosts say the
 * same it is what they share that failed, and disabling them would leave Nova nowhere to go.
 */
import type { HostName } from "../../shared/names.ts";
import { after } from "../../shared/time.ts";
import { foldAsk, passedByApproval } from "./approvals.ts";
import type { Assessment, GateResult } from "./assessment.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import type { ServiceOrderAnswered } from "./events.ts";
import { othersAlikeGate } from "./degraded-gates.ts";
import { isDraining } from "./drains.ts";
import { destinationGate, inventoryGate, novaGate } from "./destination-gates.ts";
import { disabledGate, eyesGates } from "./gates.ts";
import { stormGates } from "./storm-gates.ts";
import { sayHold, withGates } from "./holds.ts";
import { incidentOf, say } from "./incidents.ts";
import { degradedMark, disabledWords, isMarkOfAnyEpoch, markOfThisEpoch } from "./marks.ts";
import type { DegradedMark, OrderState } from "./memory.ts";
import { modeOf } from "./modes.ts";
import { armedGate, holdGate, maintenanceGate, modeGate } from "./policy-gates.ts";
import { isRehearsing } from "./rehearsals.ts";
import { isOrderDue, serviceRetryMs } from "./service-orders.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";
import { words } from "./words.ts";

/** Rows of a host that lives, reports, and should get no new servers. */
const degradedRows: readonly string[] = ["4", "5", "5a"];
const healthyRow = "8";

/** All gates between a degraded host and its disabling in Nova, in order. */
export function gatesToDisable(state: GuardianState, host: HostState): readonly GateResult[] {
  const bounds = [...stormGates(state, host), othersAlikeGate(state, host)];
  return [
    armedGate(state),
    modeGate(state, host, "disable"),
    holdGate(state, host, "disable"),
    maintenanceGate(state, host),
    inventoryGate(state),
    disabledGate(state, host),
    ...eyesGates(state, host),
    novaGate(state),
    ...bounds.map((gate) => passedByApproval(state, host.host, gate, "disable")),
    destinationGate(state, host),
  ];
}

/** One round of one host. What we set in Nova for its death is not touched here. */
export function advanceDegraded(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  out: Effect[],
): GuardianState {
  const mark = state.memory.degraded.get(host.host);
  const phase = incidentOf(state, host.host)?.phase.kind;
  if (phase === "evacuating" || phase === "ended") {
    return mark === undefined ? state : withMark(state, host.host, undefined);
  }
  if (mark === undefined) return considerDisabling(state, host, assessment, out);
  if (mark.theirs) {
    return assessment.row === healthyRow ? withMark(state, host.host, undefined) : state;
  }
  if (mark.disabled.kind === "done") return followMark(state, host, assessment, mark, out);
  return awaitDisabled(state, host, assessment, mark, out);
}

/** Takes in Nova's answer to one of the orders above. */
export function foldDegradedOrder(
  state: GuardianState,
  event: ServiceOrderAnswered,
  out: Effect[],
): GuardianState {
  const mark = state.memory.degraded.get(event.host);
  if (mark === undefined || event.order === "force-down" || event.order === "force-up") {
    return state;
  }
  const { answer } = event;
  const done = answer.kind === "accepted";
  const enabling = event.order === "enable";
  if (done && enabling) return tellEnabled(withMark(state, event.host, undefined), event.host, out);
  const reason = answer.kind === "accepted" ? "" : answer.reason;
  const retry: OrderState = { kind: "retry", at: after(event.at, serviceRetryMs), reason };
  const result: OrderState = done ? { kind: "done" } : retry;
  const changed: DegradedMark = enabling
    ? { ...mark, enabled: result }
    : { ...mark, disabled: result, doneAt: done ? event.at : mark.doneAt };
  return say(withMark(state, event.host, changed), out, {
    level: done ? "info" : "warn",
    host: event.host,
    event: event.order,
    text: done
      ? words("log.disabled")
      : words("log.order-failed", { order: event.order, reason, limit: serviceRetryMs / 1000 }),
  });
}

function considerDisabling(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  out: Effect[],
): GuardianState {
  const { settings, now } = state;
  const lastsMs = now - assessment.since;
  const due =
    settings.disableDegraded &&
    degradedRows.includes(assessment.row) &&
    lastsMs >= settings.limits.disableDegradedAfterMs;
  const incident = incidentOf(state, host.host);
  const service = host.service?.service;
  if (!due || incident === undefined || service === undefined) return state;
  // Disabled by us once before: there is nothing to add, and nothing to take back by itself.
  if (service.status === "disabled" && disabledGate(state, host).pass) return state;
  const before = gatesToDisable(state, host);
  const asked = foldAsk(state, host, before, out);
  const gates = asked === state ? before : gatesToDisable(asked, host);
  const gated = withGates(asked, host, assessment, gates);
  const blocked = gates.filter((gate) => !gate.pass);
  if (blocked.length > 0) return sayHold(gated, host, blocked, out, "disable");
  const mark: DegradedMark = {
    mark: degradedMark(gated, incident.id),
    disabled: { kind: "due" },
    doneAt: undefined,
    enabled: { kind: "due" },
    theirs: false,
  };
  return orderDisable(gated, host, mark, out);
}

function orderDisable(
  state: GuardianState,
  host: HostState,
  mark: DegradedMark,
  out: Effect[],
): GuardianState {
  const serviceId = host.service?.service.serviceId;
  if (serviceId === undefined) return state;
  out.push({
    kind: "disable",
    id: `${mark.mark}/${host.host}/disable`,
    host: host.host,
    serviceId,
    reason: mark.mark,
    onlyIfEnabled: true,
  });
  return withMark(state, host.host, { ...mark, disabled: { kind: "asked", at: state.now } });
}

/** How long Nova is taken to hold a call of an earlier process. */
const heldCallMs = 60_000;

/** Ordered, and not known to be done: Nova's record says what became of it. */
function awaitDisabled(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  mark: DegradedMark,
  out: Effect[],
): GuardianState {
  const track = host.service;
  if (track === undefined || !isOrderDue(mark.disabled, state.now)) return state;
  const { status, disabledReason } = track.service;
  if (status === "disabled" && isMarkOfAnyEpoch(state, mark.mark, disabledReason)) {
    const done = { mark: disabledReason, disabled: { kind: "done" } } as const;
    return withMark(state, host.host, { ...mark, ...done, doneAt: track.askedAt });
  }
  // Silent, or not heard since our start: the order may have been done, so the mark is not forgotten.
  if (host.freshSince === undefined) return state;
  // Nova's record of before the order says nothing of it: an answer that was lost may have been yes.
  if (
    mark.disabled.kind !== "due" &&
    mark.disabled.kind !== "done" &&
    track.askedAt <= mark.disabled.at
  ) {
    return state;
  }
  const wanted =
    degradedRows.includes(assessment.row) && gatesToDisable(state, host).every((gate) => gate.pass);
  // Of an order of before our start Nova may hold the call still.
  const mayBeHeld =
    mark.disabled.kind === "due" &&
    mark.doneAt !== undefined &&
    track.askedAt - mark.doneAt < heldCallMs;
  if (!wanted) return mayBeHeld ? state : withMark(state, host.host, undefined);
  // Ordered before a restart, and not done as far as Nova shows: each mark carries its maker's epoch.
  return orderDisable(state, host, { ...mark, mark: markOfThisEpoch(state, mark.mark) }, out);
}

/** It is disabled by us: is the mark still ours, and is the host well again? */
function followMark(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  mark: DegradedMark,
  out: Effect[],
): GuardianState {
  const track = host.service;
  if (track === undefined || track.askedAt <= (mark.doneAt ?? 0)) return state;
  const { status, disabledReason, serviceId } = track.service;
  const isOurs = status === "disabled" && isMarkOfAnyEpoch(state, mark.mark, disabledReason);
  // An order of an earlier process may be done late, over our own.
  if (isOurs && disabledReason !== mark.mark) {
    return withMark(state, host.host, { ...mark, mark: disabledReason });
  }
  if (!isOurs) {
    // Our own order may have been done although its answer was lost.
    const enabling = mark.enabled.kind === "asked" || mark.enabled.kind === "retry";
    if (enabling && status === "enabled") {
      return tellEnabled(withMark(state, host.host, undefined), host.host, out);
    }
    return leaveToThem(state, host, mark, out);
  }
  if (!mayEnable(state, host, assessment) || !isOrderDue(mark.enabled, state.now)) return state;
  out.push({
    kind: "enable",
    id: `${mark.mark}/${host.host}/enable`,
    host: host.host,
    serviceId,
    mark: mark.mark,
  });
  return withMark(state, host.host, { ...mark, enabled: { kind: "asked", at: state.now } });
}

/** Well for long enough, and nobody says that hands are off: what is undone is only our own mark. */
function mayEnable(state: GuardianState, host: HostState, assessment: Assessment): boolean {
  const { enableHealthyAfterMs } = state.settings.limits;
  const gates = [armedGate(state), maintenanceGate(state, host), novaGate(state)];
  return (
    assessment.row === healthyRow &&
    state.now - assessment.since >= enableHealthyAfterMs &&
    modeOf(state, host.host).mode !== "observe" &&
    !isRehearsing(state, host.host) &&
    !isDraining(state, host.host) &&
    gates.every((gate) => gate.pass)
  );
}

function leaveToThem(
  state: GuardianState,
  host: HostState,
  mark: DegradedMark,
  out: Effect[],
): GuardianState {
  const { status, disabledReason } = host.service?.service ?? {};
  const shown = status === "disabled" ? disabledWords(disabledReason) : words("shown.enabled");
  return say(withMark(state, host.host, { ...mark, theirs: true }), out, {
    level: "info",
    host: host.host,
    event: "mark-changed",
    text: words("log.mark-changed", { shown }),
  });
}

function tellEnabled(state: GuardianState, host: HostName, out: Effect[]): GuardianState {
  return say(state, out, {
    level: "info",
    host,
    event: "enable",
    text: words("log.enabled"),
  });
}

/** Whether a host is, or is being, disabled by us because it is degraded. */
export function isDisabledByUs(state: GuardianState, host: HostName): boolean {
  const mark = state.memory.degraded.get(host);
  return mark !== undefined && !mark.theirs && mark.disabled.kind === "done";
}

function withMark(
  state: GuardianState,
  host: HostName,
  mark: DegradedMark | undefined,
): GuardianState {
  const marks = state.memory.degraded;
  const degraded = mark === undefined ? mapWithout(marks, host) : mapWith(marks, host, mark);
  return stateWith(state, { memory: { ...state.memory, degraded } });
}
