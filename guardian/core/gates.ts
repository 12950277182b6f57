/**
 * Gates: safety questions that must all be answered yes before an action. Each prints its value,
 * the operator and the limit. docs/gates.md says for each whether it fails open or closed, and why.
 */
import type { Assessment, GateResult } from "./assessment.ts";
import { passedByApproval } from "./approvals.ts";
import { isFit } from "./census.ts";
import { steadyAt } from "./freshness.ts";
import { disabledBy } from "./marks.ts";
import { armedGate, holdGate, maintenanceGate, modeGate } from "./policy-gates.ts";
import type { GuardianState, HostState } from "./state.ts";

const hourMs = 3_600_000;

/** All gates between a dead host and its fence and first move, in order. */
export function gatesToBegin(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): readonly GateResult[] {
  return [
    armedGate(state),
    modeGate(state, host),
    holdGate(state, host),
    maintenanceGate(state, host),
    disabledGate(state, host),
    eyesGate(assessment),
    graceGate(state, host),
    novaGate(state),
    passedByApproval(state, host.host, stormGate(state)),
    passedByApproval(state, host.host, suspectsGate(state)),
    passedByApproval(state, host.host, rateGate(state, host)),
    destinationGate(state, host),
  ];
}

/** Gates for a further move of an evacuation that has begun: it is finished, storm or not. */
export function gatesToContinue(state: GuardianState, host: HostState): readonly GateResult[] {
  return [armedGate(state), holdGate(state, host), novaGate(state), destinationGate(state, host)];
}

export function disabledGate(state: GuardianState, host: HostState): GateResult {
  const by = disabledBy(state, host);
  return {
    gate: "disabled by another",
    pass: by.kind !== "others",
    value: by.kind === "others" ? by.reason : "no",
    operator: "=",
    limit: "no",
  };
}

export function eyesGate(assessment: Assessment): GateResult {
  const good = assessment.signals.eyes === "good";
  return {
    gate: "eyes",
    pass: good,
    value: good ? "good" : "in doubt",
    operator: "=",
    limit: "good",
  };
}

function graceGate(state: GuardianState, host: HostState): GateResult {
  const { graceFreshMs, graceUnseenMs } = state.settings.limits;
  const { graceFrom, goodMs } = state.eyes;
  const seenAt = steadyAt(state, host);
  const seen = seenAt !== undefined && seenAt >= graceFrom;
  const reported = host.newest !== undefined || state.memory.known[host.host] !== undefined;
  const watched = goodMs >= graceUnseenMs && reported;
  // Work of open incidents resumes at once, on a fresh proof.
  const phase = state.memory.incidents[host.host]?.phase.kind;
  const resumed = phase === "fencing" || phase === "evacuating";
  return {
    gate: "grace",
    pass: seen || watched || resumed,
    value: seen ? "seen fresh since" : `watched ${(goodMs / 1000).toFixed(0)} s with good eyes`,
    operator: ">=",
    limit: `fresh for ${graceFreshMs / 1000} s since the start, or ${graceUnseenMs / 1000} s of good eyes`,
  };
}

export function novaGate(state: GuardianState): GateResult {
  const { novaAnsweredMs } = state.settings.limits;
  const { servicesAt } = state.eyes;
  const ageMs = servicesAt === undefined ? undefined : state.now - servicesAt;
  return {
    gate: "Nova answers",
    pass: ageMs !== undefined && ageMs <= novaAnsweredMs,
    value: ageMs === undefined ? "never answered" : `${(ageMs / 1000).toFixed(1)} s ago`,
    operator: "<=",
    limit: `${novaAnsweredMs / 1000} s`,
  };
}

export function stormGate(state: GuardianState): GateResult {
  const { trouble, limit } = state.census;
  const raging = state.memory.storm !== undefined;
  const named = `${trouble.length} in trouble (${trouble.slice(0, 10).join(", ")})`;
  return {
    gate: "storm",
    pass: trouble.length <= limit && !raging,
    value: raging && trouble.length <= limit ? `${named}, cooling down` : named,
    operator: "<=",
    limit: `${limit} host${limit === 1 ? "" : "s"} at once`,
  };
}

function suspectsGate(state: GuardianState): GateResult {
  const { suspects, limit } = state.census;
  const trouble = state.census.trouble.length;
  return {
    gate: "suspects",
    pass: suspects.length === 0 || trouble + suspects.length <= limit,
    value: `${trouble} in trouble + ${suspects.length} suspect`,
    operator: "<=",
    limit: `${limit}`,
  };
}

function rateGate(state: GuardianState, host: HostState): GateResult {
  const { fencesPerHour } = state.settings.limits;
  // Wall time, because it must hold across restarts; a clock that steps back makes it stricter.
  const recent = state.memory.fences.filter(
    (fence) =>
      state.wall - fence.wall < hourMs && fence.host !== host.host && fence.approved !== true,
  );
  const value = new Set(recent.map((fence) => fence.host)).size;
  return {
    gate: "fence rate",
    pass: value < fencesPerHour,
    value: `${value} hosts fenced in the last hour`,
    operator: "<",
    limit: `${fencesPerHour}`,
  };
}

export function destinationGate(state: GuardianState, host: HostState): GateResult {
  const others = state.census.fit - (isFit(state, host) ? 1 : 0);
  return {
    gate: "destination",
    pass: others >= 1,
    value: `${others} other hosts are fresh, enabled, up and sound`,
    operator: ">=",
    limit: "1",
  };
}
