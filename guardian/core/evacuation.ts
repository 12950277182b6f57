/**
 * Evacuation: one round of a fenced host. Keep the proof alive, force its nova-compute down and
 * disable it (in that order: the other one blocks Nova for a minute), list its servers, move them,
 * and follow each to its end.
 */
import { invariant } from "../../shared/invariant.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { Effect } from "./effects.ts";
import { fenceState, freshHosts, orderOff, othersLive } from "./fencing.ts";
import type { gatesToBegin } from "./gates.ts";
import { sayHold } from "./holds.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import type { Move, Phase } from "./memory.ts";
import { advancedAfter } from "./nova-record.ts";
import { holdGate, maintenanceGate, modeGate } from "./policy-gates.ts";
import { proofStands } from "./proof.ts";
import { readsSame } from "./same-words.ts";
import { orderService, phaseOf, type Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { render, words, type Words } from "./words.ts";

const lookEveryMs = 1000;
const refencesMax = 2;
/** How long servers are looked for that the last report counted and Nova does not list. */
const searchMs = 60_000;

/** One round. `gates` are those to begin while no move was made, else those to continue. */
export function advanceEvacuation(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  gates: ReturnType<typeof gatesToBegin>,
  out: Effect[],
): GuardianState {
  const held = gates.some((gate) => !gate.pass);
  // Look first: until the silence is sure again, nothing is done about it that was not begun.
  if (isInherited(phase) && !hasBegun(phase) && host.silentSince === undefined) return state;
  let next = keepProof(resumeFence(state, host, phase, held, out), host, out);
  if (!held || hasBegun(phase)) next = orderService(next, host, out);
  const current = phaseOf(next, host);
  if (current === undefined) return next;
  if (current.moves === undefined) return listServers(next, host, current, out);
  next = look(next, host, current, out);
  if (held) return finish(next, host, out);
  return finish(orderMoves(next, host, out), host, out);
}

/** Whether a move of this evacuation was ever ordered. */
export function hasBegun(phase: Evacuating): boolean {
  const moves = Object.values(phase.moves ?? {});
  const ours = moves.filter((move) => move.adopted !== true);
  return ours.some((move) => move.state.kind !== "planned" && move.state.kind !== "left");
}

/** Whether the phase is from before a restart: the commands given then are not known. */
export function isInherited(phase: Evacuating): boolean {
  return Object.keys(phase.commands).length === 0;
}

/** After a restart there are no commands to rest a proof on: off is ordered again, then read. */
function resumeFence(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  held: boolean,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  if (!isInherited(phase) || held || incident === undefined) return state;
  const commands = orderOff(state, host, incident, out, "resume");
  if (Object.keys(commands).length === 0) return state;
  return say(withPhase(state, host.host, { ...phase, commands }), out, {
    level: "warn",
    host: host.host,
    event: "fence-resumed",
    text: words("log.fence-resumed"),
  });
}

/** Revokes the proof at any sign of life; renews it from fresh readings otherwise. */
function keepProof(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  if (phase === undefined) return state;
  const life = signOfLife(host, phase);
  if (life !== undefined) {
    const lostAt = phase.lostAt ?? state.now;
    // A living host shows life in every round: said when it begins, and when its power is seen on.
    const known = phase.life !== undefined && readsSame(phase.life, life.what);
    const isNews = phase.life === undefined || (life.poweredOn && !known);
    const seen = isNews ? life.what : phase.life;
    const revoked = { ...phase, proof: undefined, lostAt, lifeAt: state.now, life: seen };
    const kept = withPhase(state, host.host, revoked);
    const told = isNews ? sayRevoked(kept, host, life.what, out) : kept;
    return life.poweredOn ? refence(told, host, revoked, out) : told;
  }
  const fence = fenceState(state, host, phase.commands, phase.lifeAt);
  if (fence.kind !== "proven") {
    const lapsed = phase.proof !== undefined && !proofStands(phase.proof, host.host, state.now);
    if (!lapsed) return state;
    return say(
      withPhase(state, host.host, { ...phase, proof: undefined, lostAt: state.now }),
      out,
      {
        level: "error",
        host: host.host,
        event: "proof-lapsed",
        text: words("log.proof-lapsed", {
          reason:
            fence.kind === "waiting"
              ? words("fence.waiting", { awaited: fence.for })
              : fence.reason,
        }),
      },
    );
  }
  if (phase.proof?.obtainedAt === fence.proof.obtainedAt) return state;
  const offSince = phase.proof === undefined ? fence.offSince : phase.offSince;
  const renewed = { ...phase, proof: fence.proof, lostAt: undefined, offSince, life: undefined };
  const kept = withPhase(state, host.host, renewed);
  if (phase.proof !== undefined) return kept;
  return say(kept, out, {
    level: "warn",
    host: host.host,
    event: "proof-renewed",
    text: words("log.proof-renewed"),
  });
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

/** Anything that a dead host cannot do, later than the reading the proof rests on (invariant 6). */
function signOfLife(
  host: HostState,
  phase: Evacuating,
): { readonly what: Words; readonly poweredOn: boolean } | undefined {
  const { proof, offSince } = phase;
  // With two devices the proof may rest on a reading older than the first "off" of the later one.
  const since = phase.lifeAt ?? monoMs(Math.min(offSince, proof?.obtainedAt ?? offSince));
  for (const track of host.devices.values()) {
    const last = track.readings.at(-1);
    if (last?.reading.power === "on" && last.askedAt > since) {
      return { what: words("life.power-on", { device: track.device }), poweredOn: true };
    }
  }
  if ((host.lifeAt ?? 0) > since) return { what: words("life.report"), poweredOn: false };
  if ((host.echoAt ?? 0) > since) return { what: words("life.ping"), poweredOn: false };
  if (advancedAfter(host.service, since)) {
    return { what: words("life.nova"), poweredOn: false };
  }
  return undefined;
}

const noDeviceLeft = words("log.refence-no-device");
const noDeviceLeftText = render(noDeviceLeft);

/** It came on again: off with it at once, as often as needed while a move is under way. */
function refence(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  const underWay = Object.values(phase.moves ?? {}).some((move) => isUnderWay(move));
  if (!holdGate(state, host).pass) return sayHold(state, host, [holdGate(state, host)], out);
  // Ours to switch off again: we began it, in mode act or approved.
  const began = modeGate(state, host).pass && maintenanceGate(state, host).pass;
  const ours = began && phase.refences < refencesMax;
  if (incident === undefined || (!underWay && !ours)) return state;
  const commands = orderOff(state, host, incident, out, `refence-${phase.refences + 1}`);
  const ordered = Object.keys(commands).length > 0;
  const next = {
    ...phase,
    // Commands of before are no word of this one; without a verified device it is tried again.
    commands: ordered ? commands : phase.commands,
    refences: phase.refences + 1,
    // What reads on may be another host's chassis by now: the others are asked for life once more.
    switchedOff: phase.switchedOff || ordered,
    freshAtCommand: ordered ? freshHosts(state, host.host) : phase.freshAtCommand,
  };
  const text = ordered ? words("log.refenced") : noDeviceLeft;
  const phased = withPhase(state, host.host, next);
  // Tried in every round: said when it begins, so that the timeline keeps what came before.
  if (!ordered && incident.timeline.slice(-5).some((entry) => entry.text === noDeviceLeftText)) {
    return phased;
  }
  return say(phased, out, { level: "error", host: host.host, event: "refenced", text });
}

function listServers(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  if (phase.forcedDown.kind !== "done") return state;
  if (phase.lookedAt !== undefined && state.now - phase.lookedAt < 2 * lookEveryMs) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withPhase(state, host.host, { ...phase, lookedAt: state.now });
}

/** Asks Nova about the moves that are under way. */
function look(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  const servers = Object.values(phase.moves ?? {})
    .filter((move) => isUnderWay(move))
    .map((move) => move.server);
  if (servers.length === 0) return state;
  if (phase.lookedAt !== undefined && state.now - phase.lookedAt < lookEveryMs) return state;
  out.push({ kind: "read-moves", host: host.host, servers });
  return withPhase(state, host.host, { ...phase, lookedAt: state.now });
}

export function isUnderWay(move: Move): boolean {
  return move.state.kind === "ordered" || move.state.kind === "running";
}

/** Orders planned moves, a few at a time, each under the proof that stands now. */
function orderMoves(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  const incident = incidentOf(state, host.host);
  const proof = phase?.proof;
  if (phase?.moves === undefined || incident === undefined || proof === undefined) return state;
  if (phase.forcedDown.kind !== "done") return state;
  if (phase.disabled.kind === "due" || phase.disabled.kind === "asked") return state;
  if (!proofStands(proof, host.host, state.now)) return state;
  if (!hasBegun(phase) && othersLive(state, phase, phase.offSince).kind !== "live") return state;
  const moves: Record<string, Move> = { ...phase.moves };
  let free = state.settings.limits.movesAtOnce - Object.values(moves).filter(isUnderWay).length;
  let ordered = 0;
  for (const [key, move] of Object.entries(phase.moves)) {
    if (free <= 0) break;
    if (move.state.kind !== "planned") continue;
    assertMayMove(state, host, phase, proof.obtainedAt);
    const id = `${incident.id}/${host.host}/move-${move.server}`;
    out.push({ kind: "evacuate", id, host: host.host, server: move.server, proof });
    const latestRecord = move.state.latestRecord;
    const inherited = false;
    moves[key] = { ...move, state: { kind: "ordered", at: state.now, latestRecord, inherited } };
    free -= 1;
    ordered += 1;
  }
  if (ordered === 0) return state;
  return say(withPhase(state, host.host, { ...phase, moves }), out, {
    level: "info",
    host: host.host,
    event: "moves-ordered",
    text: words("log.moves-ordered", { count: ordered }),
  });
}

/** Invariant 1, in production too: a live proof, newer than the last sign of life. */
function assertMayMove(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  obtainedAt: MonoMs,
): void {
  invariant(proofStands(phase.proof, host.host, state.now), `no live proof for ${host.host}`);
  const life = Math.max(host.lifeAt ?? 0, host.echoAt ?? 0);
  invariant(obtainedAt > life, `${host.host} showed life after its proof was obtained`);
  invariant(phase.forcedDown.kind === "done", `${host.host} is not forced down`);
}

/**
 * Ends the incident's work when no move is planned or under way any more, and a last list shows no
 * further server: the first one may have been cut short, and a server may have arrived after it.
 */
function finish(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  if (phase?.moves === undefined) return state;
  const moves = Object.values(phase.moves);
  if (moves.some((move) => isUnderWay(move) || move.state.kind === "planned")) return state;
  // An order that is due or under way is answered first: after the end nobody asks for it again.
  if (phase.disabled.kind === "due" || phase.disabled.kind === "asked") return state;
  const settledAt = phase.settledAt ?? state.now;
  const reported = host.newest?.checks.serversTotal ?? 0;
  const unlisted = Math.max(0, reported - moves.length);
  const listed = phase.listedAt !== undefined && phase.listedAt >= settledAt;
  const searching = unlisted > 0 && state.now - settledAt < searchMs;
  if (!listed || searching) return lookAgain(state, host, { ...phase, settledAt }, out);
  const done = moves.filter((move) => move.state.kind === "finished").length;
  const ended: Phase = { kind: "ended", wall: state.wall, moves: phase.moves, unlisted };
  const count = { done, count: moves.length };
  return say(withPhase(state, host.host, ended), out, {
    level: done === moves.length && unlisted === 0 ? "info" : "error",
    host: host.host,
    event: "evacuation-ended",
    text:
      unlisted === 0
        ? words("log.evacuation-ended", count)
        : words("log.evacuation-short", { ...count, reported }),
  });
}

function lookAgain(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  out: Effect[],
): GuardianState {
  const first = phaseOf(state, host)?.settledAt === undefined;
  const due =
    first || phase.lookedAt === undefined || state.now - phase.lookedAt >= 2 * lookEveryMs;
  if (!due) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withPhase(state, host.host, { ...phase, lookedAt: state.now });
}
