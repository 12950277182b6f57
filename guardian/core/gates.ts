/**
 * Gates: safety questions that must all be answered yes before an action. Each prints its value,
 * the operator and the limit. docs/gates.md says for each whether it fails open or closed, and why.
 */
import { isLivingFence, type Assessment, type GateResult } from "./assessment.ts";
import { passedByApproval } from "./approvals.ts";
import { standingConfirmation } from "./confirmations.ts";
import { isUnheard } from "./reports.ts";
import { gatesOfDegraded, isFencedAlive } from "./degraded-gates.ts";
import {
  capacityGate,
  destinationGate,
  novaGate,
  schedulerGate,
  inventoryGate,
} from "./destination-gates.ts";
import { eyesOn } from "./eyes.ts";
import { steadyAt } from "./freshness.ts";
import { disabledBy } from "./marks.ts";
import { armedGate, holdGate, maintenanceGate, modeGate, rehearsalGates } from "./policy-gates.ts";
import type { GuardianState, HostState } from "./state.ts";
import { rateGates, stormGates } from "./storm-gates.ts";
import { words } from "./words.ts";
import { reversePingGate, thirdWitnessGate } from "./witness-gates.ts";

/** All gates between a dead host and its fence, in order. */
export function gatesToBegin(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly GateResult[] {
  return [
    ...gatesOfPeople(state, host),
    ...eyesGates(state, host),
    graceGate(state, host),
    ...witnessGates(state, host, assessment),
    ...gatesOfBounds(state, host, assessment),
  ];
}

/** A death needs two witnesses of different kinds; a host that lives and is fenced all the same says itself why. */
function witnessGates(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly GateResult[] {
  // In modes ask and observe, too, it is told what such a fence would wait for.
  if (isLivingFence(assessment) || isFencedAlive(state, host.host, assessment)) {
    return gatesOfDegraded(state, host);
  }
  return [
    passedByApproval(state, host.host, thirdWitnessGate(assessment)),
    passedByApproval(state, host.host, reversePingGate(state, host, assessment)),
  ];
}

/**
 * The gates asked again before the first move of a fenced host. Its proof is the witness now, and
 * any echo or report revokes that: the pings are not counted a second time after a restart.
 */
export function gatesToMove(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly GateResult[] {
  return [
    ...gatesOfPeople(state, host),
    ...eyesGates(state, host),
    graceGate(state, host),
    ...gatesOfBounds(state, host, assessment),
  ];
}

function gatesOfPeople(state: GuardianState, host: HostState): readonly GateResult[] {
  return [
    armedGate(state),
    modeGate(state, host),
    holdGate(state, host),
    maintenanceGate(state, host),
    ...rehearsalGates(state, host),
    inventoryGate(state),
    disabledGate(state, host),
  ];
}

function gatesOfBounds(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly GateResult[] {
  const bounds = [...stormGates(state, host), ...rateGates(state, host)];
  return [
    ...bounds.map((gate) => passedByApproval(state, host.host, gate)),
    capacityGate(state, host, isLiving(assessment)),
    novaGate(state),
    schedulerGate(state),
    destinationGate(state, host),
  ];
}

/** Gates for a further move of an evacuation that has begun: it is finished, storm or not. */
export function gatesToContinue(state: GuardianState, host: HostState): readonly GateResult[] {
  return [
    armedGate(state),
    holdGate(state, host),
    novaGate(state),
    schedulerGate(state),
    destinationGate(state, host),
  ];
}

export function disabledGate(state: GuardianState, host: HostState): GateResult {
  const by = disabledBy(state, host);
  return {
    gate: "disabled by another",
    pass: by.kind !== "others",
    value: by.kind === "others" ? by.reason : words("value.no"),
    operator: "=",
    limit: words("value.no"),
  };
}

/** Each part of our eyes is a line of its own: what is in doubt is what must be mended. */
export function eyesGates(state: GuardianState, host: HostState): readonly GateResult[] {
  return [...state.round.parts.map((part) => part.describe()), ...eyesOn(state, host)];
}

/** A verdict that leaves it alive, hung or degraded; or an echo, whatever the verdict: its servers run. */
function isLiving({ verdict, signals }: Assessment): boolean {
  // Before enough was asked every host counts as answering.
  const { measured, ping } = signals;
  const answers = measured === "yes" && (ping === "some" || ping === "all");
  return answers || verdict === "hung" || verdict === "degraded";
}

function graceGate(state: GuardianState, host: HostState): GateResult {
  const { graceFreshMs, graceUnseenMs } = state.settings.limits;
  const { graceFrom, goodMs } = state.eyes;
  const seenAt = steadyAt(state, host);
  // Since the start, or the new epochs: what it was seen before tells of a world that is not watched any more.
  const seen = seenAt !== undefined && seenAt >= graceFrom + graceFreshMs;
  const unheard = isUnheard(state, host.host);
  const long = goodMs >= graceUnseenMs && state.memory.known[host.host] !== undefined;
  const said = unheard && standingConfirmation(state, host) !== undefined;
  const watched = long && (!unheard || said);
  // Work of open incidents resumes at once, on a fresh proof.
  const phase = state.memory.incidents.get(host.host)?.phase.kind;
  const resumed = phase === "fencing" || phase === "evacuating";
  const gate: GateResult = {
    gate: "grace",
    pass: seen || watched || resumed,
    value: seen
      ? words("value.seen-fresh")
      : words(unheard ? "value.unheard" : "value.watched", { age: Math.round(goodMs / 1000) }),
    operator: ">=",
    limit: words("limit.grace", { fresh: graceFreshMs / 1000, good: graceUnseenMs / 1000 }),
  }; // Of what another journal may know a person knows more.
  return unheard && long ? passedByApproval(state, host.host, gate) : gate;
}
