/** One host's part of a round: say what changed, open or close its incident, act where allowed. */
import type { HostName } from "../../shared/names.ts";
import {
  foldAsk,
  isApprovedByPerson,
  isConfirmedDead,
  isTakenForDead,
  rowsOnTheWay,
} from "./approvals.ts";
import { verdictWords, type Assessment } from "./assessment.ts";
import { foldConfirmations } from "./confirmations.ts";
import { isFencedAlive } from "./degraded-gates.ts";
import { advanceDegraded } from "./degraded.ts";
import { advanceDrain } from "./drain.ts";
import type { Effect } from "./effects.ts";
import { advanceEvacuation } from "./evacuation.ts";
import { advanceFencing, beginConfirmed, beginFencing, owingLife } from "./fencing-phase.ts";
import { turnedOff } from "./turned-off.ts";
import { gatesToBegin, gatesToContinue, gatesToMove } from "./gates.ts";
import { advanceHome } from "./home.ts";
import { isBack, isComingHome } from "./home-gates.ts";
import { sayHold, withGates } from "./holds.ts";
import { foldLapsed } from "./lapsed-answers.ts";
import type { Phase } from "./memory.ts";
import { advanceLookBack, beginLookBack } from "./look-back.ts";
import { hasBegun, isInherited } from "./moves-under-way.ts";
import { isBackInUse, isInUse } from "./nova-record.ts";
import { closeIncident, incidentOf, openIncident, say, withPhase } from "./incidents.ts";
import { deviceWord, withStanding } from "./power.ts";
import { deviceKey, newStanding } from "./verification.ts";
import type { Evacuating } from "./service-orders.ts";
import { advanceRehearsal } from "./rehearsal.ts";
import { advanceReserve } from "./reserves.ts";
import { lookUpServers } from "./servers-on.ts";
import { hostSettings } from "./settings.ts";
import { othersAnswer, withOthersHeard, wrongChassis } from "./wrong-chassis.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
import { words } from "./words.ts";

/** Advances one host by one round. `before` is the state at the end of the round before. */
export function advanceIncident(
  state: GuardianState,
  before: GuardianState,
  name: HostName,
  out: Effect[],
): GuardianState {
  const looked = lookUpServers(state, hostOf(state, name), out);
  const host = hostOf(looked, name);
  const { assessment } = host;
  if (assessment === undefined) return looked;
  const lapsed = foldLapsed(foldConfirmations(looked, host, out), host, out);
  let next = sayChange(lapsed, before, host, assessment, out);
  if (assessment.signals.power === "contradicted") next = distrustDevices(next, host, out);
  next = advanceRehearsal(next, host, out);
  next = advanceReserve(next, host, out);
  next = advanceLookBack(next, host, out);
  next = advanceDegraded(next, host, assessment, out);
  next = advanceDrain(next, host, assessment, out);
  const phase = incidentOf(next, name)?.phase;
  switch (phase?.kind) {
    case undefined:
      return next;
    case "watching":
      return considerFencing(next, host, assessment, out);
    case "fencing":
      return fence(next, host, assessment, phase, out);
    case "evacuating":
      return evacuate(next, host, assessment, phase, out);
    case "ended":
      return closeWhenBack(advanceHome(next, host, phase, out), host, assessment, out);
    default:
      return phase satisfies never;
  }
}

/** A line for each change of verdict or row; trouble opens an incident, health closes it. */
function sayChange(
  state: GuardianState,
  before: GuardianState,
  host: HostState,
  assessment: Assessment,
  out: Effect[],
): GuardianState {
  const was = before.hosts.get(host.host)?.assessment;
  // Level-triggered: a fencing that stood down because it is healthy goes back to watching after its change.
  const watching = incidentOf(state, host.host)?.phase.kind === "watching";
  if (was?.row === assessment.row) {
    return assessment.verdict === "healthy" && watching ? closeAsWell(state, host, out) : state;
  }
  const { row, verdict, says } = assessment;
  const from = was === undefined ? words("verdict.new") : verdictWords(was.verdict);
  const text = words("log.verdict", { from, verdict: verdictWords(verdict), row, says });
  // Our own doubt is no trouble of the host: a blind minute must not open a thousand incidents.
  const calm =
    assessment.verdict === "healthy" || ["1", "1a", "1b", "3", "7", "8a"].includes(assessment.row);
  const level = calm || assessment.action === "watch" ? "info" : "warn";
  const line = { level, host: host.host, event: "verdict", text } as const;
  const told = calm ? say(state, out, line) : openIncident(state, out, line);
  return assessment.verdict === "healthy" && watching ? closeAsWell(told, host, out) : told;
}

/** It is well again; a hold ends with its incident, and whoever said it must read so. */
function closeAsWell(state: GuardianState, { host }: HostState, out: Effect[]): GuardianState {
  const isHeld = incidentOf(state, host)?.answer?.kind === "held";
  const text = words("log.hold-ended");
  const told = isHeld ? say(state, out, { level: "warn", host, event: "hold-ended", text }) : state;
  return closeIncident(told, host);
}

/** A device that says off while its host lives is not this host's; no proof comes from it again. */
function distrustDevices(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  let next = state;
  const { devices, levels } = hostSettings(state.settings, host.host);
  for (const device of devices) {
    // Another level's device may be honest; within one, nobody knows which of two is.
    if (levels !== undefined && deviceWord(state, host, device).power !== "contradicted") continue;
    const key = deviceKey(host.host, device);
    const standing = next.memory.devices[key] ?? newStanding;
    if (standing.unverified !== undefined) continue;
    const unverified = words("device.off-while-alive");
    next = withStanding(next, key, { ...standing, unverified });
    next = say(next, out, {
      level: "error",
      host: host.host,
      event: "device-unverified",
      text: words("log.device-unverified", { device, reason: unverified }),
    });
  }
  return next;
}

/** A dead host: begin when every gate passes, else say once what holds us. */
function considerFencing(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  out: Effect[],
): GuardianState {
  if (!isTakenForDead(state, host.host, assessment)) return state;
  const living = assessment.row === "4";
  if (living && !isFencedAlive(state, host.host, assessment)) return state;
  const before = gatesToBegin(state, host, assessment);
  const asked = foldAsk(state, host, before, out);
  const gates = asked === state ? before : gatesToBegin(asked, host, assessment);
  const gated = withGates(asked, host, assessment, gates);
  const blocked = gates.filter((gate) => !gate.pass);
  const byPeople = blocked.length === 0 && isConfirmedDead(gated, host.host, assessment);
  if (byPeople) return beginConfirmed(gated, host, out);
  if (blocked.length === 0) return beginFencing(gated, host, out, 1, undefined);
  // What holds its disabling is said already: two holds would be told by turns, in every round.
  const disabling = living && !state.memory.degraded.has(host.host);
  const { disableDegradedAfterMs } = state.settings.limits;
  if (disabling && state.now - assessment.since >= disableDegradedAfterMs) return gated;
  return sayHold(gated, host, blocked, out);
}

/**
 * Rows on which a fencing that has begun waits instead of ending: nothing speaks for life. Row 3 is
 * every host's in the first round after a start, before Nova and a collector were heard.
 */
const undecided = ["1", "1a", "1b", "3", "8a", "10", "15", "16a", "17"];

function fence(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  phase: Extract<Phase, { kind: "fencing" }>,
  out: Effect[],
): GuardianState {
  const alive = isFencedAlive(state, host.host, assessment);
  const dead = alive || isTakenForDead(state, host.host, assessment);
  const onTheWay = rowsOnTheWay.includes(assessment.row) && isApprovedByPerson(state, host.host);
  const known = dead || onTheWay || undecided.includes(assessment.row);
  if (!known || livesOn(state, assessment, phase)) return standDown(state, host, out);
  const gates = gatesToBegin(state, host, assessment);
  const gated = withGates(state, host, assessment, gates);
  const mayOrder = dead && gates.every((gate) => gate.pass);
  return advanceFencing(gated, host, phase, mayOrder, out);
}

/** Rows that show life: passed through as a host falls still, or where one stays that recovered. */
const livingRows: readonly string[] = ["11", "12", "16"];

/** It has shown life for longer than an attempt lasts, and no device has obeyed: what it was ordered off for is over. */
function livesOn(
  { now, settings }: GuardianState,
  { row, since }: Assessment,
  { commands }: Extract<Phase, { kind: "fencing" }>,
): boolean {
  if (!livingRows.includes(row) || now - since < settings.limits.fenceAttemptMs) return false;
  const obeyed = ["done", "already-off"];
  return !Object.values(commands).some(({ answer }) => obeyed.includes(answer?.kind ?? ""));
}

/** It does not look dead any more: no proof was minted, so nothing has moved. */
function standDown(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = incidentOf(state, host.host)?.phase;
  const owing = phase === undefined ? [] : owingLife(phase);
  const turned = phase === undefined ? [] : turnedOff(phase);
  return say(withPhase(state, host.host, { kind: "watching", owing, turned }), out, {
    level: "warn",
    host: host.host,
    event: "stood-down",
    text: words("log.stood-down", { verdict: verdictWords(host.assessment?.verdict ?? "unknown") }),
  });
}

/** People brought it back; what we set in Nova is theirs to take back too. */
function leaveOn(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  return say(withPhase(state, host.host, { kind: "watching" }), out, {
    level: "warn",
    host: host.host,
    event: "stood-down",
    text: words("log.left-on"),
  });
}

function evacuate(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  const begun = hasBegun(phase);
  // It came back while we were down: nothing of ours is under way, so it is not switched off.
  const isBack = isInherited(phase) && host.freshSince !== undefined;
  const others = othersAnswer(state, host, phase);
  if (others.kind === "missing") return wrongChassis(state, host, phase, others.host, out);
  if (!begun && isBack && phase.undoneBy === undefined) {
    // What went off by the order of before may be another's: that is answered first.
    return others.kind === "live" ? leaveOn(state, host, out) : state;
  }
  const heard = withOthersHeard(state, host, phase);
  const gates = begun ? gatesToContinue(heard, host) : gatesToMove(heard, host, assessment);
  const gated = withGates(heard, host, assessment, gates);
  const blocked = gates.filter((gate) => !gate.pass);
  const told = blocked.length === 0 ? gated : sayHold(gated, host, blocked, out);
  return advanceEvacuation(told, host, phase, gates, out);
}

/**
 * A fenced host that reports again, enabled and up in Nova, was taken back by people: servers may
 * come to it, so it is guarded anew, even while a self-check is not quite well.
 */
function closeWhenBack(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  out: Effect[],
): GuardianState {
  const { freshSince, service } = host;
  // It is being switched off again.
  const phase = incidentOf(state, host.host)?.phase;
  if (phase?.kind === "ended" && phase.home?.step.kind === "off") return state;
  // Nova calls it up for a while yet if it was never forced down: it has not come home by that.
  if (isComingHome(state, host.host) && !isBack(state, host)) return state;
  const steady =
    freshSince !== undefined && state.now - freshSince >= state.settings.limits.graceFreshMs;
  // Without a probe, too: only people enable what we disabled, and servers may come to it.
  const taken = (steady && isInUse(host)) || isBackInUse(host);
  const well = assessment.verdict === "healthy" && service?.service.status === "enabled";
  if (!well && !taken) return state;
  const told = say(state, out, {
    level: "info",
    host: host.host,
    event: "back",
    text: words("log.back", { verdict: verdictWords(assessment.verdict) }),
  });
  return closeIncident(beginLookBack(told, host.host), host.host);
}
