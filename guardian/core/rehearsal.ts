/**
 * A rehearsal (invariant 4, way c): an empty host is switched off and on again by one level of its power
 * devices. They are its own when they read off, this host alone falls silent, and its probe returns with a
 * new boot id. Whatever comes in between, it is switched on again; it never ends in silence.
 */
import type { DeviceIdentity } from "../ports.ts";
import { describeGate } from "./assessment.ts";
import { sameIdentity } from "./device-identity.ts";
import { disarm } from "./disarm.ts";
import type { Effect } from "./effects.ts";
import type { PowerOffAnswered, RehearsalAsked, ServersSeen } from "./events.ts";
import { othersLive } from "./fencing.ts";
import { say } from "./incidents.ts";
import type { Rehearsal, RehearsalStep } from "./rehearsal-memory.ts";
import { deviceTrack, isMute } from "./power.ts";
import { gatesToRehearse, rehearsalProblem } from "./rehearsal-gates.ts";
import {
  devicesOf,
  distrust,
  end,
  lastOf,
  orderOff,
  orderOn,
  pass,
  refuse,
  switchOn,
  type Step,
} from "./rehearsal-steps.ts";
import { handledElsewhere, returnMsMax, withRehearsal } from "./rehearsals.ts";
import { switchedBack } from "./switch-back.ts";
import { hostOf, type GuardianState, type HostState, type ReadingRecord } from "./state.ts";
import { deviceKey } from "./verification.ts";
import { durationWords, words } from "./words.ts";

/** Between two lists without a server: what was scheduled before the first shows in the second. */
const emptyApartMs = 10_000;
const listEveryMs = 2000;
/** A list older than this is asked for again before anything is switched off. */
const listAgeMsMax = 5000;
const lookingMsMax = 60_000;
/** An on command is given again after this, while the chassis reads off. */
const onAgainMs = 30_000;
const onOrdersMax = 10;
/** A rehearsal that has failed waits no longer than this for devices that do not answer. */
const muteMsMax = 90_000;

/** A person asks for one; refused like this where the daemon has not refused it already. */
export function foldRehearsalAsked(
  state: GuardianState,
  event: RehearsalAsked,
  out: Effect[],
): GuardianState {
  const { host, by, reason, level, wall } = event;
  if (rehearsalProblem(state, host, level).length > 0) return state;
  const step: RehearsalStep = {
    kind: "looking",
    since: state.now,
    askedAt: undefined,
    emptyAt: undefined,
    emptyAgainAt: undefined,
    shown: shownBy(hostOf(state, host), devicesOf(state, host, { level })),
  };
  const bootId = state.memory.known[host]?.bootId;
  const id = `r${Math.floor(wall / 1000)}-${host}`;
  const asked = withRehearsal(state, host, { id, by, reason, wall, level, bootId, step });
  return say(asked, out, {
    level: "warn",
    host,
    event: "rehearsal-asked",
    text: words("log.rehearsal-asked", { by, reason, devices: devicesOf(state, host, { level }) }),
  });
}

/** What Nova lists on it: anything at all ends it. */
export function foldRehearsalList(
  state: GuardianState,
  event: ServersSeen,
  out: Effect[],
): GuardianState {
  const rehearsal = state.memory.rehearsals.get(event.host);
  if (rehearsal?.step.kind !== "looking") return state;
  const { step } = rehearsal;
  if (event.askedAt < step.since) return state;
  const count = event.servers.length;
  const host = state.hosts.get(event.host);
  if (host === undefined) return state;
  if (count > 0) return refuse(state, host, rehearsal, words("rehearse.servers", { count }), out);
  const emptyAt = step.emptyAt ?? event.askedAt;
  const again = event.askedAt - emptyAt >= emptyApartMs ? event.askedAt : step.emptyAgainAt;
  const next = { ...step, emptyAt, emptyAgainAt: again };
  return withRehearsal(state, event.host, { ...rehearsal, step: next });
}

/** Takes in a device's answer to the off command. */
export function foldRehearsalOff(state: GuardianState, event: PowerOffAnswered): GuardianState {
  const rehearsal = state.memory.rehearsals.get(event.host);
  if (rehearsal?.step.kind !== "off") return state;
  const { step } = rehearsal;
  const command = step.commands[event.device];
  if (command === undefined || command.askedAt > event.askedAt) return state;
  const answered = { ...command, answer: event.answer, answeredAt: event.at };
  const commands = { ...step.commands, [event.device]: answered };
  return withRehearsal(state, event.host, { ...rehearsal, step: { ...step, commands } });
}

/** One round of a host whose power is cycled on purpose. */
export function advanceRehearsal(
  state: GuardianState,
  host: HostState,
  out: Effect[],
): GuardianState {
  const rehearsal = state.memory.rehearsals.get(host.host);
  if (rehearsal === undefined) return state;
  const { step } = rehearsal;
  switch (step.kind) {
    case "looking":
      return look(state, host, rehearsal, step, out);
    case "off":
      return awaitSilence(state, host, rehearsal, step, out);
    case "on":
      return awaitReturn(state, host, rehearsal, step, out);
    case "failed":
      return rehearsal.afterFence ? endWhenOn(state, host, rehearsal, out) : state;
    default:
      return step satisfies never;
  }
}

/** Every gate is asked in every round until it is switched off; one that holds ends it. */
function look(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  step: Step<"looking">,
  out: Effect[],
): GuardianState {
  const held = gatesToRehearse(state, host, rehearsal.level).filter((gate) => !gate.pass);
  if (held.length > 0) {
    const gates = held.map((gate) => describeGate(gate));
    return refuse(state, host, rehearsal, words("rehearse.gates", { gates }), out);
  }
  if (state.now - step.since > lookingMsMax) {
    const limit = durationWords(lookingMsMax);
    return refuse(state, host, rehearsal, words("rehearse.unknown", { limit }), out);
  }
  const listedMs = step.emptyAgainAt === undefined ? Infinity : state.now - step.emptyAgainAt;
  const devices = devicesOf(state, host.host, rehearsal);
  const read = devices.every((device) => lastOf(host, device).askedAt >= step.since);
  const changed = changedDevice(step, shownBy(host, devices));
  if (changed !== undefined) {
    return refuse(state, host, rehearsal, words("rehearse.changed", { device: changed }), out);
  }
  if (listedMs <= listAgeMsMax && read) return orderOff(state, host, rehearsal, devices, out);
  const dueAt = (step.askedAt ?? -Infinity) + listEveryMs;
  if (state.now < dueAt) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withRehearsal(state, host.host, { ...rehearsal, step: { ...step, askedAt: state.now } });
}

/** Identities by device, of those that answered last. */
function shownBy(host: HostState, devices: readonly string[]): Step<"looking">["shown"] {
  const shown: Record<string, DeviceIdentity> = {};
  for (const device of devices) {
    const { reading } = lastOf(host, device);
    if (reading.power !== "unknown") shown[device] = reading.identity;
  }
  return shown;
}

/** A device that was rewired, or exchanged, since the rehearsal was asked for: somebody works on it right now. */
function changedDevice(
  { shown }: Step<"looking">,
  now: Step<"looking">["shown"],
): string | undefined {
  return Object.entries(now).find(([device, identity]) => {
    const before = shown[device];
    return before !== undefined && !sameIdentity(before, identity);
  })?.[0];
}

/** It has failed, and nothing can be switched on by devices that do not answer: others wait for its end. */
function isGivenUp(
  { now }: GuardianState,
  host: HostState,
  { failed, since }: Step<"on">,
  devices: readonly string[],
): boolean {
  if (failed === undefined || now - since < muteMsMax) return false;
  // Of several levels one may have switched it on, and another not answer.
  const mute = devices.filter((device) => isMute(deviceTrack(host, device)));
  const others = devices.filter((device) => !mute.includes(device));
  return mute.length > 0 && others.every((device) => lastOf(host, device).reading.power === "on");
}

/** Off read back, this host silent, the others alive: then on again. So it is, whatever is missing. */
function awaitSilence(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  step: Step<"off">,
  out: Effect[],
): GuardianState {
  const answers = Object.entries(step.commands).map(([device, { answer }]) => ({ device, answer }));
  const refused = answers.flatMap(({ device, answer }) =>
    answer?.kind === "refused" ? [words("fence.refused", { device, reason: answer.reason })] : [],
  );
  // Nothing was switched off: there is nothing to switch on.
  const [first] = refused;
  if (first !== undefined && refused.length === answers.length) {
    return refuse(state, host, rehearsal, first, out);
  }
  const { limits } = state.settings;
  const offSince = offSinceOf(host, step);
  if (offSince === undefined) {
    if (first === undefined && state.now - step.since < limits.fenceAttemptMs) return state;
    const lasted = durationWords(limits.fenceAttemptMs);
    const failed = first ?? words("rehearse.not-off", { lasted });
    return switchOn(state, host, rehearsal, failed, out);
  }
  const asked = { switchedOff: true, freshAtCommand: step.freshAtCommand };
  const others = othersLive(state, host.host, asked, offSince);
  if (others.kind === "missing") return wrong(state, host, rehearsal, others.host, out);
  const life = Math.max(host.lifeAt ?? 0, host.echoAt ?? 0);
  const lived = life > offSince + limits.powerContradictedMs;
  const late = state.now - offSince > 2 * limits.othersDeadlineMs;
  if (lived || (late && host.silentSince === undefined)) {
    // Whose it is then, the others tell.
    if (others.kind === "waiting") return state;
    const why = words("device.off-while-alive");
    return switchOn(distrust(state, host, rehearsal, why), host, rehearsal, why, out);
  }
  if (host.silentSince === undefined || others.kind !== "live") return state;
  return switchOn(state, host, rehearsal, undefined, out);
}

/** Since when every device of the level reads off, by readings asked for after its answer. */
function offSinceOf(host: HostState, { commands }: Step<"off">): ReadingRecord["at"] | undefined {
  let latest: ReadingRecord["at"] | undefined;
  for (const [device, { answeredAt }] of Object.entries(commands)) {
    const { offSince } = deviceTrack(host, device);
    if (answeredAt === undefined || offSince === undefined) return undefined;
    if (lastOf(host, device).askedAt < answeredAt) return undefined;
    if (latest === undefined || offSince > latest) latest = offSince;
  }
  return latest;
}

/** Another host fell silent: what was switched off is its chassis, and goes on again at once. */
function wrong(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  other: string,
  out: Effect[],
): GuardianState {
  const reason = words("arming.chassis", { host: host.host, other });
  const distrusted = distrust(state, host, rehearsal, reason);
  return disarm(switchOn(distrusted, host, rehearsal, reason, out), out, reason);
}

/** Somebody switched it on by hand. */
function endWhenOn(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  out: Effect[],
): GuardianState {
  const devices = devicesOf(state, host.host, rehearsal);
  const isOn = devices.every((device) => lastOf(host, device).reading.power === "on");
  return isOn ? switchedBack(state, host, rehearsal, devices, out) : state;
}

/** A device that shows another chassis than the one that it switched off. */
function exchanged(
  { memory }: GuardianState,
  host: HostState,
  devices: readonly string[],
): string | undefined {
  return devices.find((device) => {
    const { reading } = lastOf(host, device);
    const pinned = memory.devices[deviceKey(host.host, device)]?.pinned;
    if (reading.power === "unknown" || pinned === undefined) return true;
    return !sameIdentity(reading.identity, pinned);
  });
}

/** Its probe reports a new boot, or the time for that is over. */
function awaitReturn(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  step: Step<"on">,
  out: Effect[],
): GuardianState {
  const { orderedAt } = step;
  // Its devices may be another host's, and that one's servers may run elsewhere by now.
  const others = step.failed === undefined ? [] : handledElsewhere(state, host.host);
  if (others.length > 0) {
    const left = words("rehearse.left", { reason: step.failed ?? "", hosts: others });
    return end(state, host, rehearsal, left, out);
  }
  if (orderedAt === undefined) return orderOn(state, host, rehearsal, step, out);
  const devices = devicesOf(state, host.host, rehearsal);
  if (isGivenUp(state, host, step, devices)) {
    const limit = durationWords(muteMsMax);
    const mute = words("rehearse.mute", { reason: step.failed ?? "", limit, devices });
    return end(state, host, rehearsal, mute, out);
  }
  const isOn = devices.every((device) => {
    const { askedAt, reading } = lastOf(host, device);
    return askedAt >= orderedAt && reading.power === "on";
  });
  if (isOn && rehearsal.afterFence) return switchedBack(state, host, rehearsal, devices, out);
  const fresh = host.freshSince !== undefined;
  const isNew = fresh && host.newest?.bootId !== rehearsal.bootId;
  if (isOn && isNew && step.failed === undefined) {
    const device = exchanged(state, host, devices);
    return device === undefined
      ? pass(state, host, rehearsal, devices, out)
      : end(state, host, rehearsal, words("rehearse.changed", { device }), out);
  }
  // What failed before is over when it is back, or was never gone.
  if (isOn && fresh) return end(state, host, rehearsal, step.failed ?? words("rehearse.boot"), out);
  if (state.now - step.since >= returnMsMax) {
    const late = words("rehearse.no-return", { limit: durationWords(returnMsMax) });
    return end(state, host, rehearsal, step.failed ?? late, out);
  }
  const again = state.now - orderedAt >= onAgainMs && step.orders < onOrdersMax;
  return again && !isOn ? orderOn(state, host, rehearsal, step, out) : state;
}
