/**
 * The invariants of the design, by number, judged on the world of the model: on each order as it is
 * given, and on each state after a quantum.
 */
import type { Order } from "../../guardian/core/effects.ts";
import type { Phase } from "../../guardian/core/memory.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { HostName } from "../../shared/names.ts";
import { peer, quantumMs } from "./model-settings.ts";
import { judgeSilence, judgeTwice } from "./promises-to-people.ts";
import { isMigrating, type ModelWorld } from "./model-world.ts";

type Evacuating = Extract<Phase, { kind: "evacuating" }>;

/** Longer than a death needs to be known: three missed reports. */
const knownMs = 3 * quantumMs;

export function judgeOrder(order: Order, state: GuardianState, world: ModelWorld): string[] {
  const phase = state.memory.incidents.get(order.host)?.phase;
  switch (order.kind) {
    case "power-off":
      // Of an empty host, by a person's wish, or again on its way home: judged where it is done.
      if (order.ifEmpty === true) return judgeOffOfEmpty(order.host, phase, state);
      return phase?.kind === "evacuating" ? [] : judgeFirstOff(order.host, state, world);
    case "force-down":
    case "disable":
      if (order.kind === "disable" && order.onlyIfEnabled) return judgeDisable(order.host, world);
      if (phase?.kind === "evacuating" && phase.proof !== undefined) return [];
      return [`invariant 7: ${order.kind} of ${order.host} without a proof`];
    case "enable":
      return [...judgeUndo(order, world), ...judgeReturn(order, world)];
    case "force-up":
      return [...judgeUndo(order, world), ...judgeReturn(order, world)];
    case "live-migrate":
      return judgeLiveMigrate(order.host, phase, state, world);
    case "power-on":
      return judgePowerOn(order.host, phase, state, world);
    case "reset":
      return [`the server of ${order.host} was reset, though it runs or is stopped`];
    case "evacuate":
      return judgeEvacuate(order, phase, state, world);
    default:
      return order satisfies never;
  }
}

/** Of a living host: so that it gets no new servers. */
function judgeDisable(name: HostName, world: ModelWorld): string[] {
  if (world.lives(name) && world.host(name).degraded) return [];
  return [`invariant 7: ${name} is disabled as degraded, and is not`];
}

/** Only what we disabled is enabled, and what was fenced, not before it is well again. */
function judgeUndo(
  order: Extract<Order, { kind: "enable" | "force-up" }>,
  world: ModelWorld,
): string[] {
  const { disabledReason } = world.host(order.host);
  if (disabledReason === undefined || disabledReason.startsWith("guardian ")) return [];
  return [`invariant 25: ${order.kind} of ${order.host}, and another had disabled it`];
}

function judgeReturn(
  { kind, host: name }: Extract<Order, { kind: "enable" | "force-up" }>,
  world: ModelWorld,
): string[] {
  const host = world.host(name);
  const { record, runsElsewhere } = host.server;
  const found: string[] = [];
  const fail = (text: string): void => {
    found.push(`invariant 24: ${kind} of ${name}, ${text}`);
  };
  if (!world.lives(name) && world.now - host.changedAt > knownMs) fail("which is down");
  if (record?.status === "accepted") fail("and its server is on its way");
  if (record?.status === "done") fail("and Nova has not cleaned up after its evacuation");
  if (host.runs && runsElsewhere) fail("and its server runs twice");
  if (kind === "enable" && host.forcedDown) fail("which is forced down");
  return found;
}

function judgePowerOn(
  name: HostName,
  phase: Phase | undefined,
  state: GuardianState,
  world: ModelWorld,
): string[] {
  if (phase === undefined || phase.kind === "watching") {
    if (state.memory.rehearsals.has(name)) return [];
    return [`invariant 24: ${name} is ordered on, and nobody rehearses it`];
  }
  const { server } = world.host(name);
  if (phase.kind !== "ended" || phase.home === undefined) {
    return [`invariant 24: ${name} is ${phase.kind}, and ordered on`];
  }
  if (state.settings.comeHome !== "power-on" && !phase.home.byPerson) {
    return [`invariant 24: ${name} is ordered on, and is to be left off`];
  }
  if (server.record?.status === "accepted") {
    return [`invariant 24: ${name} is ordered on, and its server is on its way`];
  }
  // Its guest may have arrived by a live migration that nobody knows the end of.
  if (server.host === name && server.runsElsewhere) {
    return [`invariant 24: ${name} is ordered on, and its server may run elsewhere`];
  }
  return [];
}

function judgeLiveMigrate(
  name: HostName,
  phase: Phase | undefined,
  state: GuardianState,
  world: ModelWorld,
): string[] {
  const found: string[] = [];
  const { server } = world.host(name);
  if (isMigrating(server)) found.push("and it is under way already");
  if (server.record?.status === "accepted") found.push("and it is being evacuated");
  if (state.settings.drain !== true) found.push("though no policy says so");
  if (phase?.kind !== "watching") found.push(`and it is ${phase?.kind ?? "well"}`);
  if (state.hosts.get(name)?.freshSince === undefined) found.push("and it is not heard");
  return found.map((text) => `invariant 23: the server of ${name} is migrated live, ${text}`);
}

/** A rehearsal is of a host that nobody fences; a host on its way home may go off again. */
function judgeOffOfEmpty(name: HostName, phase: Phase | undefined, state: GuardianState): string[] {
  if (phase?.kind === "ended") return [];
  const isRehearsed = state.memory.rehearsals.has(name) && phase === undefined;
  if (!isRehearsed) return [`invariant 4: ${name} is ordered off as if it were rehearsed`];
  if (state.memory.disarmed !== undefined) return [`invariant 4: ${name} off while disarmed`];
  return [];
}

function judgeFirstOff(name: HostName, state: GuardianState, world: ModelWorld): string[] {
  const found: string[] = [];
  const { now } = world;
  if (world.lives(name) && now - world.host(name).changedAt > knownMs) {
    found.push(`invariant 10: ${name} lives, and is ordered off`);
  }
  const down = [...world.hosts].filter(
    ([other, host]) => other !== name && !world.lives(other) && now - host.changedAt > knownMs,
  );
  if (down.length > 0) {
    const names = down.map(([other]) => other).join(", ");
    found.push(`invariant 16: ${name} is ordered off while ${names} is down`);
  }
  if (state.memory.disarmed !== undefined) found.push(`invariant 4: ${name} off while disarmed`);
  return found;
}

function judgeEvacuate(
  order: Extract<Order, { kind: "evacuate" }>,
  phase: Phase | undefined,
  state: GuardianState,
  world: ModelWorld,
): string[] {
  const { host, proof, server } = order;
  const found: string[] = [];
  const fail = (number: number, text: string): void => {
    found.push(`invariant ${number}: evacuate from ${host} ${text}`);
  };
  if (phase?.kind !== "evacuating" || phase.proof === undefined) fail(1, "without a proof");
  if (proof.host !== host) fail(1, `under a proof of ${proof.host}`);
  if (state.now >= proof.expiresAt) fail(5, "under a lapsed proof");
  const { proofMs, confirmedMs } = state.settings.limits;
  const lifetimeMs = proof.method === "confirmed" ? confirmedMs : proofMs;
  if (proof.expiresAt - proof.obtainedAt > lifetimeMs) fail(5, "under a proof that lives too long");
  const seen = state.hosts.get(host);
  const life = Math.max(seen?.lifeAt ?? 0, seen?.echoAt ?? 0);
  if (life > proof.obtainedAt) fail(6, "after a sign of life");
  const chassis = world.host(host);
  if (proof.method === "confirmed") {
    if (chassis.confirmedAt === undefined) fail(5, "on the word of nobody since the last restart");
    else if (chassis.confirmedAt > proof.obtainedAt) fail(5, "on a word older than the last one");
  }
  const wasOff = chassis.power ? chassis.poweredAt > proof.obtainedAt : true;
  if (!wasOff) fail(2, "although its chassis was on when the proof was obtained");
  if (!chassis.power && chassis.poweredAt > proof.obtainedAt)
    fail(2, "on a proof before it was off");
  if (!chassis.forcedDown) fail(24, "before its nova-compute was forced down");
  // What the journal holds when the call goes out is this state's memory.
  const move = phase?.kind === "evacuating" ? phase.moves?.[server] : undefined;
  if (move?.state.kind !== "ordered") fail(21, "that the journal does not know of");
  return found;
}

/** What must hold of a state after each quantum. */
export function judgeState(
  before: GuardianState,
  state: GuardianState,
  world: ModelWorld,
): string[] {
  const found = [...state.memory.quarantined].map(
    ([name, reason]) => `invariant 30: ${name} is in quarantine: ${reason}`,
  );
  for (const name of world.hosts.keys()) {
    if (name === peer) continue;
    const phase = state.memory.incidents.get(name)?.phase;
    const was = before.memory.incidents.get(name)?.phase;
    if (phase?.kind === "evacuating") {
      if (was?.kind !== "evacuating" && phase.proof !== undefined) {
        found.push(...judgeProof(name, phase, state, world));
      }
      found.push(...judgeMoves(name, was, phase, world));
    }
    found.push(...judgeSilence(name, state, world), ...judgeTwice(name, state, world));
  }
  return found;
}

/** Minted a moment ago: read off twice, at least a second apart, after the device answered. */
function judgeProof(
  name: HostName,
  phase: Evacuating,
  state: GuardianState,
  world: ModelWorld,
): string[] {
  if (phase.proof?.method === "confirmed") return judgeWord(name, world);
  const track = state.hosts.get(name)?.devices.get("bmc");
  // The newest reading may have come in after the round that minted it.
  const until = phase.since;
  const all = (track?.readings ?? []).filter((record) => record.at <= until);
  const readings = all.slice(all.findLastIndex(({ reading }) => reading.power !== "off") + 1);
  const [first, last] = [readings[0], readings.at(-1)];
  const command = phase.commands["bmc"];
  const answer = command?.answer?.kind;
  const found: string[] = [];
  if (readings.length < 2) {
    found.push(`invariant 2: ${name} is called fenced without two readings of off`);
  } else if ((last?.at ?? 0) - (first?.at ?? 0) < 1000) {
    found.push(`invariant 3: ${name} is called fenced on readings less than a second apart`);
  }
  if (answer !== "done" && answer !== "already-off") {
    found.push(`invariant 8: ${name} is called fenced, its device answered ${answer ?? "nothing"}`);
  } else if ((last?.askedAt ?? 0) < (command?.answeredAt ?? 0)) {
    found.push(`invariant 8: ${name} was not read again after its device answered`);
  }
  return found;
}

/** No device says anything: somebody must have said it, of this boot, to this process. */
function judgeWord(name: HostName, world: ModelWorld): string[] {
  const { confirmedAt, power } = world.host(name);
  if (confirmedAt === undefined) return [`invariant 2: ${name} is called fenced on nobody's word`];
  return power ? [`invariant 6: ${name} is called fenced on a word, and is on`] : [];
}

/** "Recovered" is judged at the moment it is claimed: people may move the server back later. */
function judgeMoves(
  name: HostName,
  was: Phase | undefined,
  phase: Evacuating,
  world: ModelWorld,
): string[] {
  const { server } = world.host(name);
  const arrived = server.host === peer && server.record?.status === "done";
  if (finishedMoves(phase) <= finishedMoves(was) || arrived) return [];
  return [`invariant 23: the server of ${name} is called recovered and is not`];
}

function finishedMoves(phase: Phase | undefined): number {
  const moves = phase?.kind === "evacuating" ? Object.values(phase.moves ?? {}) : [];
  return moves.filter((move) => move.state.kind === "finished").length;
}
