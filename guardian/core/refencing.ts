/** A fenced host whose power came on again is switched off again at once. */
import type { HostName } from "../../shared/names.ts";
import { monoMs } from "../../shared/time.ts";
import type { Effect } from "./effects.ts";
import { fenceLevels, nextLevel } from "./fence-levels.ts";
import { freshHosts, type Commands } from "./fence-orders.ts";
import { fenceState, hostsOwingLife } from "./fencing.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { orderLevel, type LevelOrder } from "./level-orders.ts";
import type { Incident } from "./memory.ts";
import { isInherited, isUnderWay } from "./moves-under-way.ts";
import { holdGate, maintenanceGate, modeGate } from "./policy-gates.ts";
import { deviceTrack } from "./power.ts";
import type { Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { turnedOff, withTurned } from "./turned-off.ts";
import { unverifiedBecause } from "./verification.ts";
import { render, words } from "./words.ts";

const refencesMax = 2;

/**
 * What is ordered off may be another host's chassis: the others are asked for life once more, and so are
 * those that have shown none since an order before, above all: one of them may have gone off by it.
 */
export function askedOthers(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  ordered: Commands,
): Pick<Evacuating, "switchedOff" | "freshAtCommand"> {
  if (!Object.values(ordered).some((command) => command.wasOn)) {
    const { switchedOff, freshAtCommand } = phase;
    return { switchedOff, freshAtCommand };
  }
  const orders = Object.values(phase.commands).map((command) => command.askedAt);
  const owing = hostsOwingLife(
    state,
    host.host,
    phase,
    monoMs(Math.max(phase.offSince, ...orders)),
  );
  const asked = new Set([...owing, ...freshHosts(state, host.host)]);
  return { switchedOff: true, freshAtCommand: [...asked].sort() };
}

/**
 * Who is still asked when a lapsed proof is minted anew, from a later off: those who have answered since the
 * last order have answered for good, and may die of their own afterwards.
 */
export function stillAsked(
  state: GuardianState,
  { host }: HostState,
  phase: Evacuating,
): readonly HostName[] {
  const orders = Object.values(phase.commands).map((command) => command.askedAt);
  const isAsked = phase.offSince >= Math.max(0, ...orders);
  return isAsked ? hostsOwingLife(state, host, phase, phase.offSince) : phase.freshAtCommand;
}

const noDeviceLeft = words("log.refence-no-device");
const noDeviceLeftText = render(noDeviceLeft);

/**
 * Where the level that was tried reads off, and another one's device reads on all the same: that one's level, which can
 * turn it off. Undefined where the tried one is to be ordered.
 */
function levelBehind(
  state: GuardianState,
  host: HostState,
  tried: number,
  device: string,
): number | undefined {
  const levels = fenceLevels(state.settings, host.host);
  const devices = levels[tried]?.devices ?? [];
  const isOff = devices.every(
    (one) => deviceTrack(host, one).readings.at(-1)?.reading.power === "off",
  );
  if (!isOff || devices.includes(device)) return undefined;
  if (unverifiedBecause(state, host.host, device) !== undefined) return undefined;
  const other = levels.findIndex((level) => level.devices.includes(device));
  return other === -1 ? undefined : other;
}

/** The level that was tried, unless its device failed: then the next one, and the first after the last. */
function orderAgain(
  state: GuardianState,
  host: HostState,
  incident: Incident,
  phase: Evacuating,
  device: string,
  out: Effect[],
): LevelOrder {
  const tried = phase.run?.level ?? 0;
  const fence = fenceState(state, host, phase.commands, phase.lifeAt, tried);
  const step = `refence-${phase.refences + 1}`;
  const only = fence.kind === "failed" ? undefined : levelBehind(state, host, tried, device);
  if (only !== undefined) {
    return orderLevel(state, host, incident, { from: only, failed: [], news: 0, step, only }, out);
  }
  const from = fence.kind === "failed" ? tried + 1 : tried;
  const further = nextLevel(state, host, from).level === undefined ? 0 : from;
  const others = (phase.run?.failed ?? []).filter(({ level }) => level !== tried);
  const failed = fence.kind === "failed" ? [...others, { level: tried, reason: fence.reason }] : [];
  if (nextLevel(state, host, further).level === undefined) {
    return { state, commands: {}, run: { level: tried, since: state.now, failed: [] } };
  }
  return orderLevel(state, host, incident, { from: further, failed, news: 0, step }, out);
}

/**
 * A device may read on for some seconds after an order: that is the last order's, no news, unless a further
 * level can be tried because this one has failed.
 */
function isStillGoingOff(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  device: string,
): boolean {
  const orders = Object.values(phase.commands).map((command) => command.askedAt);
  const orderedAt = Math.max(0, ...orders);
  if (state.now - orderedAt >= state.settings.limits.powerContradictedMs) return false;
  // It fell silent and reports again: it was off, whatever its new boot has left of the readings.
  if (host.freshSince !== undefined && host.freshSince > orderedAt) return false;
  const wentOff = deviceTrack(host, device).readings.some(
    ({ askedAt, reading }) => askedAt >= orderedAt && reading.power === "off",
  );
  if (wentOff) return false;
  const tried = phase.run?.level ?? 0;
  const fence = fenceState(state, host, phase.commands, phase.lifeAt, tried);
  return fence.kind !== "failed" || nextLevel(state, host, tried + 1).level === undefined;
}

/** It came on again: off with it at once, as often as needed while a move is under way. */
export function refence(
  state: GuardianState,
  host: HostState,
  phase: Evacuating,
  device: string,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, host.host);
  const moves = Object.values(phase.moves ?? {});
  const underWay = moves.some((move) => isUnderWay(move));
  // Nothing is left to protect it from: the incident ends, and the host is people's again.
  const open =
    phase.moves === undefined || moves.some(({ state: move }) => move.kind === "planned");
  if (!underWay && (!open || phase.undoneBy !== undefined)) return state;
  // Said with all that holds it, in the same round.
  if (!holdGate(state, host).pass) return state;
  // Ours to switch off again: we began it, in this life of ours, in mode act or approved.
  const isLeftToUs = modeGate(state, host).pass && maintenanceGate(state, host).pass;
  const began = isLeftToUs && !isInherited(phase);
  const ours = began && phase.refences < refencesMax;
  if (incident === undefined || (!underWay && !ours)) return state;
  if (isStillGoingOff(state, host, phase, device)) return state;
  const order = orderAgain(state, host, incident, phase, device, out);
  const { commands } = order;
  const ordered = Object.keys(commands).length > 0;
  const next = {
    ...phase,
    // Commands of before are no word of this one; without a verified device it is tried again.
    commands: ordered ? commands : phase.commands,
    run: ordered ? order.run : phase.run,
    refences: phase.refences + (ordered ? 1 : 0),
    // Whoever started it may have taken it up in Nova, too.
    forcedDown: ordered ? ({ kind: "due" } as const) : phase.forcedDown,
    ...askedOthers(state, host, phase, commands),
    turned: withTurned(turnedOff(phase), commands),
  };
  const text = ordered ? words("log.refenced") : noDeviceLeft;
  const phased = withPhase(order.state, host.host, next);
  // Tried in every round: said when it begins, so that the timeline keeps what came before.
  if (!ordered && incident.timeline.slice(-5).some((entry) => entry.text === noDeviceLeftText)) {
    return phased;
  }
  return say(phased, out, { level: "error", host: host.host, event: "refenced", text });
}
