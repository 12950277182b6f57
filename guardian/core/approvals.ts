/**
 * What people say of an incident: approve it (it passes mode `ask`, the storm and the fence rate),
 * hold it (nothing new, and no switching off again), or dismiss it ("not a failure"). An answer belongs
 * to its incident, to the boot it was given for, and to what the host was then: silent, or degraded.
 */
import type { Assessment, GateResult } from "./assessment.ts";
import type { HostName } from "../../shared/names.ts";
import { standingConfirmation } from "./confirmations.ts";
import { mapWith } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import type { Acknowledged, IncidentAnswered } from "./events.ts";
import { incidentOf, say } from "./incidents.ts";
import type { Answer, FiringAlert, Incident } from "./memory.ts";
import { modeOf } from "./modes.ts";
import { isStorageInDoubt } from "./self-checks.ts";
import { hostOf, type GuardianState, type HostState, stateWith } from "./state.ts";
import { words, type Words } from "./words.ts";

export type Covers = Answer["covers"];

/** What was said of this incident, as far as it counts for fencing, or for disabling. */
export function answerOf(state: GuardianState, host: HostName, covers: Covers): Answer | undefined {
  const { answer, phase } = incidentOf(state, host) ?? {};
  // A hold stops everything; the others are for what was seen when they were said.
  if (answer === undefined || answer.kind === "held") return answer;
  const otherBoot = answer.bootId !== state.memory.known[host]?.bootId;
  const isOpen = phase?.kind === "watching" || phase?.kind === "fencing";
  if (isOpen && otherBoot) return undefined;
  return answer.covers === covers ? answer : undefined;
}

/** Whether a person called its silence no failure; that takes note of every page of it. */
export function isDismissed(state: GuardianState, host: HostName | undefined): boolean {
  return host !== undefined && answerOf(state, host, "fence")?.kind === "dismissed";
}

/** The approval that counts, by a person or by default. */
export function approvalOf(
  state: GuardianState,
  host: HostName,
  covers: Covers,
): Answer | undefined {
  const answer = answerOf(state, host, covers);
  return answer?.kind === "approved" ? answer : undefined;
}

/** Rows that leave it to a person: approved, a host is acted on as if it were dead. */
export const rowsToApprove: readonly string[] = ["9a", "9b", "11a", "13", "19"];

/** Rows of a silent host that speak for its life, or say nothing yet. */
const livingRows: readonly string[] = ["1b", "8a", "9", "10", "11", "12", "16"];

/** What has not lasted so long when it is answered is passed through: the answer is about what follows, too. */
const settledMs = 15_000;
/** An older echo is of before. */
const echoAgeMsMax = 10_000;

/** Rows that an approved fencing passes through while networks and Nova fall still one by one. */
export const rowsOnTheWay: readonly string[] = ["11", "12", ...rowsToApprove];

/** Whether a person said yes to what a row leaves to people. */
export function isApprovedByPerson(state: GuardianState, host: HostName): boolean {
  return approvalOf(state, host, "fence")?.byDefault === false;
}

/** Row 15 lacks nothing but a proof; people have confirmed that it is off. */
export function isConfirmedDead(
  state: GuardianState,
  host: HostName,
  { row }: Assessment,
): boolean {
  return row === "15" && standingConfirmation(state, hostOf(state, host)) !== undefined;
}

/** Dead by the table, or by the table and a person together. */
export function isTakenForDead(state: GuardianState, host: HostName, seen: Assessment): boolean {
  if (seen.action === "fence" || isConfirmedDead(state, host, seen)) return true;
  return rowsToApprove.includes(seen.row) && isApprovedByPerson(state, host);
}

/** A gate that a person's approval opens: the storm, the suspects, the rate. */
export function passedByApproval(
  state: GuardianState,
  host: HostName,
  gate: GateResult,
  covers: Covers = "fence",
): GateResult {
  const approval = approvalOf(state, host, covers);
  if (gate.pass || approval === undefined || approval.byDefault) return gate;
  const value = words("answer.passed", {
    value: gate.value,
    answer: answerWords(state, approval),
  });
  return { ...gate, pass: true, value };
}

/** "approved by alice (uid 1000) 12 s ago". */
export function answerWords(state: GuardianState, { kind, by, at }: Answer): Words {
  const ageMs = state.now - at;
  const when = Number.isFinite(ageMs)
    ? words("when.ago", { age: Math.floor(ageMs / 1000) })
    : words("when.before-restart");
  return words(`answer.${kind}`, { by, when });
}

/** The same with the reason that was given. */
export function reasonedAnswer(state: GuardianState, answer: Answer): Words {
  return words("answer.reason", { answer: answerWords(state, answer), reason: answer.reason });
}

/** Why an answer cannot be given to an incident now; undefined when it can. */
export function answerProblem(
  state: GuardianState,
  incident: Incident,
  kind: Answer["kind"],
): string | undefined {
  const { host, phase } = incident;
  if (phase.kind === "ended") {
    return `${incident.id} has ended: its servers were moved; see: guardian host release ${host} --reason …`;
  }
  const { mode } = modeOf(state, host);
  if (kind === "approved" && mode === "observe") {
    return `${host} is in mode observe: nothing is done about it; set mode ask or act for it first`;
  }
  const seen = hostOf(state, host);
  const row = seen.assessment?.row ?? "";
  if (
    kind === "approved" &&
    phase.kind === "watching" &&
    !isFresh(seen) &&
    livingRows.includes(row)
  ) {
    return `${host} is in row ${row}: it lives, or is not judged yet; nothing would be approved; see: guardian host explain ${host}`;
  }
  if (kind === "dismissed" && phase.kind !== "watching") {
    return `${host} was ordered off already; to stop what follows: guardian incident hold ${incident.id}`;
  }
  return undefined;
}

/** Takes in a person's answer, if the incident is still the one that was meant. */
export function foldAnswer(
  state: GuardianState,
  event: IncidentAnswered,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, event.host);
  if (incident?.id !== event.incident) return state;
  if (answerProblem(state, incident, event.answer) !== undefined) return state;
  const silent = incident.phase.kind !== "watching" || !isFresh(hostOf(state, event.host));
  const answer: Answer = {
    kind: event.answer,
    by: event.by,
    reason: event.reason,
    at: event.at,
    wall: event.wall,
    covers: silent ? "fence" : "disable",
    byDefault: false,
    bootId: state.memory.known[event.host]?.bootId,
    seen: seenOf(state, hostOf(state, event.host)),
  };
  const said = {
    approved: silent ? "log.approved" : "log.approved-disable",
    held: "log.on-hold",
    dismissed: "log.dismissed",
  } as const;
  return say(
    withoutAcknowledgements(withIncident(state, { ...incident, answer }), event.host),
    out,
    {
      level: "warn",
      host: event.host,
      event: `incident-${event.answer}`,
      text: words(said[event.answer], { by: event.by, reason: event.reason }),
    },
  );
}

/** What the host shows to whoever answers now. */
function seenOf(state: GuardianState, host: HostState): Answer["seen"] {
  const { assessment, echoAt } = host;
  if (assessment === undefined) return undefined;
  const lasted = state.now - assessment.since >= settledMs;
  const echo = echoAt !== undefined && state.now - echoAt <= echoAgeMsMax;
  return { row: assessment.row, lasted, echo, storage: isStorageInDoubt(host) };
}

/** An answer changes what is told: what was taken note of before may be told again. */
function withoutAcknowledgements(state: GuardianState, host: HostName): GuardianState {
  const alerts = Object.fromEntries(
    Object.entries(state.memory.alerts).map(([key, firing]) => [
      key,
      firing.message.host === host ? { ...firing, acknowledgedBy: undefined } : firing,
    ]),
  );
  return stateWith(state, { memory: { ...state.memory, alerts } });
}

/** A person has taken note: what fires now is not repeated. */
export function foldAcknowledged(
  state: GuardianState,
  event: Acknowledged,
  out: Effect[],
): GuardianState {
  const alerts: Record<string, FiringAlert> = {};
  let count = 0;
  for (const [key, firing] of Object.entries(state.memory.alerts)) {
    const meant = firing.message.host === event.host;
    if (meant) count += 1;
    alerts[key] = meant ? { ...firing, acknowledgedBy: event.by } : firing;
  }
  if (count === 0) return state;
  const known = stateWith(state, { memory: { ...state.memory, alerts } });
  return say(known, out, {
    level: "info",
    host: event.host,
    event: "acknowledged",
    text: words("log.acknowledged", { by: event.by, reason: event.reason }),
  });
}

/**
 * Mode ask, and nothing else holds: notes since when a person is asked, and what nobody's answer means.
 */
export function foldAsk(
  state: GuardianState,
  host: HostState,
  gates: readonly GateResult[],
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  const blocked = gates.filter((gate) => !gate.pass);
  const onlyMode = blocked.length === 1 && blocked[0]?.gate === "mode";
  if (incident === undefined || !onlyMode || modeOf(state, host.host).mode !== "ask") return state;
  const { afterMs, byDefault } = state.settings.ask;
  const covers = isFresh(host) ? "disable" : "fence";
  const { asked } = incident;
  if (asked?.covers !== covers) {
    return withIncident(state, { ...incident, asked: { at: state.now, covers } });
  }
  if (byDefault !== "act" || state.now - asked.at < afterMs) return state;
  const answer: Answer = {
    kind: "approved",
    by: "nobody",
    reason: words("answer.by-default"),
    at: state.now,
    wall: state.wall,
    covers,
    byDefault: true,
    seen: seenOf(state, host),
    bootId: state.memory.known[host.host]?.bootId,
  };
  return say(withIncident(state, { ...incident, answer }), out, {
    level: "warn",
    host: host.host,
    event: "no-answer",
    text: words("log.no-answer", { limit: afterMs / 1000 }),
  });
}

/** Whether it reports. */
export function isFresh(host: HostState): boolean {
  return host.freshSince !== undefined;
}

/** With this incident in the place of the host's former. */
export function withIncident(state: GuardianState, incident: Incident): GuardianState {
  const incidents = mapWith(state.memory.incidents, incident.host, incident);
  return stateWith(state, { memory: { ...state.memory, incidents } });
}
