/**
 * The invariants of the design, by number, judged on the world of the model: on each order as it is
 * given, and on each state after a quantum.
 */
import type { Order } from "../../guardian/core/effects.ts";
import type { Phase } from "../../guardian/core/memory.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { HostName } from "../../shared/names.ts";
import { peer, quantumMs } from "./model-settings.ts";
import type { ModelWorld } from "./model-world.ts";

type Evacuating = Extract<Phase, { kind: "evacuating" }>;

/**
 * A Nova that does not answer and moves that stand still are paged after 30 s of their own, which
 * the model cannot scale down; the page of a silent host waits for them.
 */
const slackMs = 30_000 + 3 * quantumMs;

/** Longer than a death needs to be known: three missed reports. */
const knownMs = 3 * quantumMs;

export function judgeOrder(order: Order, state: GuardianState, world: ModelWorld): string[] {
  const phase = state.memory.incidents.get(order.host)?.phase;
  switch (order.kind) {
    case "power-off":
      return phase?.kind === "evacuating" ? [] : judgeFirstOff(order.host, state, world);
    case "force-down":
    case "disable":
      if (phase?.kind === "evacuating" && phase.proof !== undefined) return [];
      return [`invariant 7: ${order.kind} of ${order.host} without a proof`];
    case "enable": {
      const { disabledReason } = world.host(order.host);
      if (disabledReason === undefined || disabledReason === order.mark) return [];
      return [`invariant 25: ${order.host} is enabled, and another had disabled it`];
    }
    case "live-migrate":
      return [`the server of ${order.host} is migrated live, though no policy says so`];
    case "force-up":
      return [`${order.host} is taken up again, though no policy says so`];
    case "power-on":
      if (phase === undefined || phase.kind === "watching") return [];
      return [`invariant 24: ${order.host} is ${phase.kind}, and ordered on`];
    case "reset":
      return [`the server of ${order.host} was reset, though it runs or is stopped`];
    case "evacuate":
      return judgeEvacuate(order, phase, state, world);
    default:
      return order satisfies never;
  }
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
  if (proof.expiresAt - proof.obtainedAt > state.settings.limits.proofMs) {
    fail(5, "under a proof that lives too long");
  }
  const seen = state.hosts.get(host);
  const life = Math.max(seen?.lifeAt ?? 0, seen?.echoAt ?? 0);
  if (life > proof.obtainedAt) fail(6, "after a sign of life");
  const chassis = world.host(host);
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
      if (was?.kind === "fencing" && phase.proof !== undefined) {
        found.push(...judgeProof(name, phase, state));
      }
      found.push(...judgeMoves(name, was, phase, world));
    }
    found.push(...judgeSilence(name, state));
  }
  return found;
}

/** Minted a moment ago: read off twice, at least a second apart, after the device answered. */
function judgeProof(name: HostName, phase: Evacuating, state: GuardianState): string[] {
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

/** A host that is silent for long, with no move under way, has a page, whatever holds it. */
function judgeSilence(name: HostName, state: GuardianState): string[] {
  const since = state.hosts.get(name)?.silentSince;
  const phase = state.memory.incidents.get(name)?.phase;
  if (since === undefined || phase?.kind === "ended") return [];
  if (phase?.kind === "evacuating" && phase.moves !== undefined) return [];
  if (state.memory.released.includes(name)) return [];
  const boundMs = state.settings.limits.unattendedMs + slackMs;
  if (state.now - since < boundMs || state.now - state.startedAt < boundMs) return [];
  return isAttended(name, state, ["page"]) ? [] : [`invariant 22: ${name} is silent, no page`];
}

/** Whether people know: an alert of such a class fires about the host or the guardian itself. */
export function isAttended(
  name: HostName,
  state: GuardianState,
  classes: readonly string[],
): boolean {
  return Object.values(state.memory.alerts).some(({ message }) => {
    const about = message.host === undefined || message.host === name;
    return about && classes.includes(message.class);
  });
}
