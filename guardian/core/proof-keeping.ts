/**
 * Keeping a fence proof alive while servers move: renewed from fresh readings, revoked at any sign of life,
 * minted anew by the next level of devices when it lapsed.
 */
import { monoMs, type MonoMs } from "../../shared/time.ts";
import { isTakenForDead } from "./approvals.ts";
import { lifeSince, standingConfirmation } from "./confirmations.ts";
import type { Effect } from "./effects.ts";
import { fenceLevels, nextLevel, speaksAgainst } from "./fence-levels.ts";
import { confirmedFence, fenceState, type Fence } from "./fencing.ts";
import { reportedAt } from "./freshness.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { orderLevel } from "./level-orders.ts";
import { hasBegun, isInherited, isUnderWay } from "./moves-under-way.ts";
import { advancedAfter } from "./nova-record.ts";
import { holdGate, maintenanceGate, modeGate } from "./policy-gates.ts";
import { deviceTrack, deviceWord, isMute } from "./power.ts";
import { proofStands, type FenceProof } from "./proof.ts";
import { askedOthers, refence, stillAsked } from "./refencing.ts";
import { readsSame } from "./same-words.ts";
import { phaseOf, type Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** After a restart there are no commands to rest a proof on: off is ordered again, then read. */
export function resumeFence(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  held: boolean,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  if (!isInherited(phase) || held || incident === undefined) return state;
  if (!mayResume(state, host, phase)) return state;
  if (nextLevel(state, host, 0).level === undefined) return state;
  const first = { from: 0, failed: [], news: 0, step: "resume" };
  const { commands, run, ...order } = orderLevel(state, host, incident, first, out);
  const asked = askedOthers(state, host, phase, commands);
  return say(withPhase(order.state, host.host, { ...phase, ...asked, commands, run }), out, {
    level: "warn",
    host: host.host,
    event: "fence-resumed",
    text: words("log.fence-resumed"),
  });
}

/** Rows in which nothing speaks for life, and its power says nothing. */
const unprovenRows = ["15", "16a"];

/**
 * While a server may be on its way the host goes off, whatever is seen of it. With none under way there is time: what
 * people did while nobody watched is theirs, and only a host that looks dead, and is left to us, is ordered off.
 */
function mayResume(state: GuardianState, host: HostState, phase: Evacuating): boolean {
  if (Object.values(phase.moves ?? {}).some(isUnderWay)) return true;
  const { assessment } = host;
  if (assessment === undefined) return false;
  const isOurs = modeGate(state, host).pass && maintenanceGate(state, host).pass;
  const looksDead =
    isTakenForDead(state, host.host, assessment) || unprovenRows.includes(assessment.row);
  return isOurs && looksDead;
}

/** Revokes the proof at any sign of life; renews it from fresh readings otherwise. */
export function keepProof(
  state: GuardianState,
  host: HostState,
  held: boolean,
  out: Effect[],
): GuardianState {
  const phase = phaseOf(state, host);
  if (phase === undefined) return state;
  const life = signOfLife(state, host, phase);
  if (life !== undefined) {
    const lostAt = phase.lostAt ?? state.now;
    // A living host shows life in every round: said when it begins, and when its power is seen on.
    const known = phase.life !== undefined && readsSame(phase.life, life.what);
    const isNews = phase.life === undefined || (life.onAt !== undefined && !known);
    const seen = isNews ? life.what : phase.life;
    const onAt = life.onAt ?? phase.onAt;
    const revoked = { ...phase, proof: undefined, lostAt, lifeAt: state.now, life: seen, onAt };
    const kept = withPhase(state, host.host, revoked);
    const told = isNews ? sayRevoked(kept, host, life.what, out) : kept;
    const device = life.device ?? deviceBehind(state, host, revoked);
    return device === undefined ? told : refence(told, host, revoked, device, out);
  }
  const byDevices = fenceState(state, host, phase.commands, phase.lifeAt, phase.run?.level);
  const byPeople = confirmedFence(state, host, phase.lifeAt);
  const fence = byDevices.kind === "proven" ? byDevices : (byPeople ?? byDevices);
  if (fence.kind !== "proven") return withoutProof(state, host, phase, fence, held, out);
  if (phase.proof?.obtainedAt === fence.proof.obtainedAt) return state;
  const offSince = phase.proof === undefined ? fence.offSince : phase.offSince;
  const run = { level: fence.level, since: state.now, failed: phase.run?.failed ?? [] };
  const found = { proof: fence.proof, lostAt: undefined, offSince, life: undefined, run };
  const anew = phase.proof === undefined;
  const freshAtCommand = anew ? stillAsked(state, host, phase) : phase.freshAtCommand;
  const renewed = { ...phase, ...found, freshAtCommand };
  const kept = withPhase(state, host.host, renewed);
  if (phase.proof !== undefined) return kept;
  return say(kept, out, {
    level: "warn",
    host: host.host,
    event: "proof-renewed",
    text:
      fence.proof.method === "confirmed"
        ? words("log.proof-people", { by: standingConfirmation(state, host)?.by ?? [] })
        : words("log.proof-renewed"),
  });
}

/**
 * It lives, and the level that proved it off says nothing any more: a device of another level that reads on can still
 * switch it off. That one read on all along, and is no sign by itself.
 */
function deviceBehind(
  state: GuardianState,
  host: HostState,
  { run }: Evacuating,
): string | undefined {
  const levels = fenceLevels(state.settings, host.host);
  const tried = levels[run?.level ?? 0]?.devices ?? [];
  if (!tried.every((device) => isMute(deviceTrack(host, device)))) return undefined;
  return levels
    .flatMap(({ devices }) => devices)
    .find((device) => deviceWord(state, host, device).power === "on");
}

/** No device proves it now: the proof stands until it lapses; then the next level is tried. */
function withoutProof(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  fence: Exclude<Fence, { kind: "proven" }>,
  held: boolean,
  out: Effect[],
): GuardianState {
  if (phase.proof === undefined) return tryNextLevel(state, host, phase, fence, held, out);
  const isVoid = isWordVoid(state, host, phase.proof);
  if (proofStands(phase.proof, host.host, state.now) && !isVoid) return state;
  const lapsed = { ...phase, proof: undefined, lostAt: state.now };
  return say(withPhase(state, host.host, lapsed), out, {
    level: "error",
    host: host.host,
    event: "proof-lapsed",
    text: words("log.proof-lapsed", {
      reason: isVoid ? words("fence.word-void") : reasonOf(fence),
    }),
  });
}

/** A proof by the word of people is as good as that: void when life speaks against it, however that was seen. */
function isWordVoid(state: GuardianState, host: HostState, proof: FenceProof): boolean {
  return (
    proof.method === "confirmed" && lifeSince(state, host, monoMs(proof.obtainedAt)) !== undefined
  );
}

/**
 * A lapsed proof: the level that it came from is left for the next one, the last one for the first, each
 * for its time. A host that showed life is ordered off so only once it looks dead again by the table; one
 * whose power came on, never: that is what switching it off again is for.
 */
function tryNextLevel(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  fence: Exclude<Fence, { kind: "proven" }>,
  held: boolean,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  const levels = fenceLevels(state.settings, host.host);
  const { run, lostAt } = phase;
  if (levels.length === 0 || run === undefined || incident === undefined) return state;
  // A single level that was ordered off is read on; its order stands, unless it was answered with nothing.
  const isOrdered = Object.keys(phase.commands).length > 0;
  if (levels.length === 1 && isOrdered && fence.kind !== "failed") return state;
  // What has begun goes on, disarmed or not; only a person's hold stops it.
  const stopped = hasBegun(phase) ? !holdGate(state, host).pass : held;
  if (stopped || showsLife(host, phase) || lostAt === undefined) return state;
  const own = levels[run.level]?.deadlineMs ?? state.settings.limits.fenceAttemptMs;
  // The level of the lapsed proof had its time: it lapsed because its devices said nothing more.
  const tried = run.since < lostAt;
  if (fence.kind === "waiting" && !tried && state.now - run.since < own) return state;
  const atEnd = nextLevel(state, host, run.level + 1).level === undefined;
  // Round and round, but never faster than an attempt's time.
  if (atEnd && state.now - run.since < state.settings.limits.fenceAttemptMs) return state;
  const known = run.level < levels.length ? [{ level: run.level, reason: reasonOf(fence) }] : [];
  const further = atEnd
    ? { from: 0, failed: [], news: 0, step: "lapsed" }
    : { from: run.level + 1, failed: known, news: known.length, step: "lapsed" };
  const order = orderLevel(state, host, incident, further, out);
  const commands = { ...phase.commands, ...order.commands };
  const asked = askedOthers(state, host, phase, order.commands);
  const next = withPhase(order.state, host.host, { ...phase, ...asked, commands, run: order.run });
  if (Object.keys(order.commands).length === 0) return next;
  return say(next, out, {
    level: "warn",
    host: host.host,
    event: "fence-ordered",
    text: words("log.fence-ordered-lapsed", {
      devices: Object.keys(order.commands),
      level: order.run.level + 1,
      levels: levels.length,
    }),
  });
}

/** Whether the sign of life that took its proof away still counts against an order. */
function showsLife(host: HostState, { life, onAt }: Evacuating): boolean {
  return life !== undefined && (onAt !== undefined || host.assessment?.action !== "fence");
}

/** Why no device proves it now. */
function reasonOf(fence: Exclude<Fence, { kind: "proven" }>): Words {
  return fence.kind === "waiting" ? words("fence.waiting", { awaited: fence.for }) : fence.reason;
}

function sayRevoked(
  state: GuardianState,
  host: HostState,
  life: Words,
  out: Effect[],
): GuardianState {
  return say(state, out, {
    level: "error",
    host: host.host,
    event: "proof-revoked",
    text: words("log.proof-revoked", { life }),
  });
}

interface SignOfLife {
  readonly what: Words;
  /** When the reading was asked for that shows its power on; undefined for any other sign. */
  readonly onAt: MonoMs | undefined;
  /** The device that reads on. */
  readonly device?: string;
}

/** Anything that a dead host cannot do, later than the reading the proof rests on (invariant 6). */
function signOfLife(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
): SignOfLife | undefined {
  const on = poweredOn(state, host, phase);
  if (on !== undefined) return on;
  const since = phase.lifeAt ?? proofBase(phase);
  if (reportedAt(host) > since) return { what: words("life.report"), onAt: undefined };
  if ((host.echoAt ?? 0) > since) return { what: words("life.ping"), onAt: undefined };
  if (advancedAfter(host.service, since)) {
    return { what: words("life.nova"), onAt: undefined };
  }
  return undefined;
}

/**
 * A device that reads on, asked after our last order to it, and answered since the readings that the proof rests on:
 * it looked some time in between. Each reading is acted on once, whatever other life shows meanwhile: a host that
 * reports every second would else never be switched off again.
 */
function poweredOn(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
): SignOfLife | undefined {
  for (const { device, readings } of host.devices.values()) {
    const last = readings.at(-1);
    if (last?.reading.power !== "on") continue;
    const orderedAt = phase.commands[device]?.askedAt ?? 0;
    // A word of people is void by an older question, too: that is told as such (isWordVoid).
    const isByPeople = phase.proof?.method === "confirmed";
    if ((isByPeople ? last.askedAt : last.at) <= proofBase(phase)) continue;
    if (last.askedAt <= Math.max(orderedAt, phase.onAt ?? 0)) continue;
    if (!speaksAgainst(state, host.host, device, spokenFor(state, host, phase))) continue;
    return { what: words("life.power-on", { device }), onAt: last.askedAt, device };
  }
  return undefined;
}

/**
 * Up to which level an outlet that reads on speaks of the chassis: the one that is tried. When that one fails,
 * too, up to any that failed before it: somebody switched those on, and nothing has switched it off since.
 */
function spokenFor(state: GuardianState, host: HostState, phase: Evacuating): number {
  const { level: tried, failed } = phase.run ?? { level: 0, failed: [] };
  if (phase.proof !== undefined || phase.onAt === undefined || failed.length === 0) return tried;
  const fence = fenceState(state, host, phase.commands, phase.lifeAt, tried);
  return fence.kind === "failed" ? Math.max(tried, ...failed.map(({ level }) => level)) : tried;
}

/** With two devices the proof may rest on a reading older than the first "off" of the later one. */
function proofBase({ proof, offSince }: Evacuating): MonoMs {
  return monoMs(Math.min(offSince, proof?.obtainedAt ?? offSince));
}
