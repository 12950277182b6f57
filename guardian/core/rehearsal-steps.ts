/** The turns of a rehearsal: orders that it gives, and the ways in which it ends. */
import { invariant } from "../../shared/invariant.ts";
import { placeOf } from "./device-places.ts";
import type { Effect } from "./effects.ts";
import { fenceLevels } from "./fence-levels.ts";
import { freshHosts } from "./fence-orders.ts";
import { incidentOf, say } from "./incidents.ts";
import type { OffCommand } from "./memory.ts";
import type { Rehearsal, RehearsalStep } from "./rehearsal-memory.ts";
import { deviceTrack, withStanding } from "./power.ts";
import { withRehearsal } from "./rehearsals.ts";
import type { GuardianState, HostState, ReadingRecord } from "./state.ts";
import { deviceKey, foldVerification, newStanding } from "./verification.ts";
import { words, type Said, type Words } from "./words.ts";

export type Step<K extends RehearsalStep["kind"]> = Extract<RehearsalStep, { kind: K }>;

export function orderOff(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  devices: readonly string[],
  out: Effect[],
): GuardianState {
  const commands: Record<string, OffCommand> = {};
  let pinned = state;
  for (const device of devices) {
    const { reading } = lastOf(host, device);
    if (reading.power === "unknown") continue;
    out.push({
      kind: "power-off",
      id: `${rehearsal.id}/${host.host}/rehearse-off/${device}`,
      host: host.host,
      device,
      expected: reading.identity,
      deadlineMs: state.settings.limits.powerDeadlineMs,
      ifEmpty: true,
    });
    // Switched on again only while it still shows this, whatever it showed before.
    const key = deviceKey(host.host, device);
    const standing = state.memory.devices[key] ?? newStanding;
    pinned = withStanding(pinned, key, { ...standing, pinned: reading.identity });
    const wasOn = true;
    commands[device] = { askedAt: state.now, answer: undefined, answeredAt: undefined, wasOn };
  }
  const freshAtCommand = freshHosts(state, host.host);
  const step = { kind: "off", since: state.now, commands, freshAtCommand } as const;
  return say(withRehearsal(pinned, host.host, { ...rehearsal, step }), out, {
    level: "warn",
    host: host.host,
    event: "rehearsal-off",
    text: words("log.rehearsal-off", { devices }),
  });
}

export function distrust(
  state: GuardianState,
  { host }: HostState,
  rehearsal: Rehearsal,
  unverified: Words,
): GuardianState {
  let next = state;
  for (const device of devicesOf(state, host, rehearsal)) {
    const key = deviceKey(host, device);
    const standing = next.memory.devices[key] ?? newStanding;
    next = withStanding(next, key, { ...standing, rehearsed: undefined, unverified });
  }
  return next;
}

export function switchOn(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  failed: Said | undefined,
  out: Effect[],
): GuardianState {
  const told = say(state, out, {
    level: failed === undefined ? "info" : "error",
    host: host.host,
    event: "rehearsal-on",
    text:
      failed === undefined
        ? words("log.rehearsal-silent")
        : words("log.rehearsal-stops", { reason: failed }),
  });
  const freshAtCommand = rehearsal.step.kind === "off" ? rehearsal.step.freshAtCommand : [];
  const begun = { kind: "on", since: state.now, orderedAt: undefined, orders: 0 } as const;
  const step = { ...begun, failed, freshAtCommand };
  return orderOn(told, host, { ...rehearsal, step }, step, out);
}

/** Never of a host that is fenced or evacuated: its servers may run elsewhere. */
export function orderOn(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  step: Step<"on">,
  out: Effect[],
): GuardianState {
  const phase = incidentOf(state, host.host)?.phase.kind ?? "watching";
  invariant(phase === "watching", `${host.host} is ${phase}, and would be switched on`);
  for (const device of devicesOf(state, host.host, rehearsal)) {
    const id = `${rehearsal.id}/${host.host}/rehearse-on-${step.orders + 1}/${device}`;
    const expected = state.memory.devices[deviceKey(host.host, device)]?.pinned;
    const { powerDeadlineMs: deadlineMs } = state.settings.limits;
    out.push({ kind: "power-on", id, host: host.host, device, expected, deadlineMs });
  }
  const ordered = { ...step, orderedAt: state.now, orders: step.orders + 1 };
  return withRehearsal(state, host.host, { ...rehearsal, step: ordered });
}

/** The devices are this host's: what they show now is what they are known by. */
export function pass(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  devices: readonly string[],
  out: Effect[],
): GuardianState {
  const { by, wall } = rehearsal;
  let next = withRehearsal(state, host.host, undefined);
  for (const device of devices) {
    const { reading } = lastOf(host, device);
    if (reading.power === "unknown") continue;
    const pinned = reading.identity;
    const place = placeOf(state.settings, host.host, device);
    const standing = { pinned, vouchedBy: undefined, rehearsed: { by, wall }, place };
    next = withStanding(next, deviceKey(host.host, device), { ...standing, unverified: undefined });
  }
  return say(foldVerification(next), out, {
    level: "info",
    host: host.host,
    event: "rehearsal-passed",
    text: words("log.rehearsal-passed", { devices }),
  });
}

/** Nothing was switched off. */
export function refuse(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  reason: Words,
  out: Effect[],
): GuardianState {
  const step = { kind: "failed", reason } as const;
  return say(withRehearsal(state, host.host, { ...rehearsal, step }), out, {
    level: "warn",
    host: host.host,
    event: "rehearsal-refused",
    text: words("log.rehearsal-refused", { reason }),
  });
}

export function end(
  state: GuardianState,
  host: HostState,
  rehearsal: Rehearsal,
  reason: Said,
  out: Effect[],
): GuardianState {
  const step = { kind: "failed", reason } as const;
  return say(withRehearsal(state, host.host, { ...rehearsal, step }), out, {
    level: "error",
    host: host.host,
    event: rehearsal.afterFence ? "not-switched-back" : "rehearsal-failed",
    text: words(rehearsal.afterFence ? "log.not-switched-back" : "log.rehearsal-failed", {
      reason,
    }),
  });
}

export function devicesOf(
  { settings }: GuardianState,
  host: HostState["host"],
  { level, devices }: Pick<Rehearsal, "level" | "devices">,
): readonly string[] {
  return devices ?? fenceLevels(settings, host)[level]?.devices ?? [];
}

const unread: ReadingRecord = {
  askedAt: Number.NEGATIVE_INFINITY as ReadingRecord["askedAt"],
  at: Number.NEGATIVE_INFINITY as ReadingRecord["at"],
  reading: { power: "unknown", reason: "" },
};

export function lastOf(host: HostState, device: string): ReadingRecord {
  return deviceTrack(host, device).readings.at(-1) ?? unread;
}
