/**
 * What is told of power devices in peacetime: one that is not verified, one that does not answer, and a
 * network of theirs that is down. A fence must not be the first to find out.
 */
import type { Assessment } from "./assessment.ts";
import { fenceLevels } from "./fence-levels.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { comesOnByItself, hasMuteDevice, isMute } from "./power.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import { deviceKey, unverifiedBecause } from "./verification.ts";
import { words, type Words } from "./words.ts";

/** Devices are read at the start; before this nothing is said of them. */
const unverifiedTicketMs = 30_000;
/** More devices than this, and this share of all, that do not answer together: their network. */
const muteMax = 3;
const muteShare = 0.2;

/** Whether so many devices are mute that it is what they share, not the devices. */
function isPowerNetworkDown({ census }: GuardianState): boolean {
  return census.muteDevices > muteMax && census.muteDevices >= muteShare * census.devices;
}

/** One finding about the network of the power devices, in place of one for each of them. */
export function powerNetworkAlerts(state: GuardianState): readonly Wanted[] {
  if (!isPowerNetworkDown(state)) return [];
  const { muteDevices: count, devices, trouble } = state.census;
  const hosts = state.hosts.values().filter(hasMuteDevice);
  return [
    {
      kind: "power-network",
      host: undefined,
      // Nobody needs them now; with a host in trouble somebody does.
      class: trouble.length > 0 ? "page" : "ticket",
      title: words("alert.power-network"),
      why: () => [
        words("why.power-network", { count, devices, hosts: hosts.map(({ host }) => host) }),
      ],
      impact: () => words("impact.power-network", { count: hosts.length }),
      next: words("todo.power-network"),
    },
  ];
}

/** A device that is not this host's is a page; one that nothing vouches for yet is a ticket. */
export function* deviceAlerts(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Generator<Wanted> {
  if (state.now - state.startedAt < unverifiedTicketMs || assessment.row === "3") return;
  const byItself = comesOnByItself(host);
  if (byItself.length > 0) yield restoreAlert(state, host, assessment, byItself);
  for (const device of hostSettings(state.settings, host.host).devices) {
    const standing = state.memory.devices[deviceKey(host.host, device)];
    const reason = unverifiedBecause(state, host.host, device);
    if (reason === undefined) {
      const mute = muteAlert(state, host, assessment, device);
      if (mute !== undefined) yield mute;
      continue;
    }
    // What was never read has no identity: with their network down that is one finding.
    const neverRead = standing?.pinned === undefined && hasMuteDevice(host);
    if (neverRead && isPowerNetworkDown(state)) continue;
    yield about(state, host, assessment, {
      kind: `device-${device}`,
      class: standing?.unverified === undefined ? "ticket" : "page",
      title: words("alert.device", { device, host: host.host }),
      why: () => [words("why.device", { device, reason })],
      impact: () => fenceImpact(state, host),
      next: words("todo.vouch", { host: host.host }),
    });
  }
}

/** After an outage it starts, with its servers, whatever was decided of it meanwhile. */
function restoreAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  devices: readonly string[],
): Wanted {
  return about(state, host, assessment, {
    kind: "power-restore",
    class: "ticket",
    title: words("alert.power-restore", { host: host.host }),
    why: () => devices.map((device) => words("why.power-restore", { device })),
    impact: () => words("impact.power-restore"),
    next: words("todo.power-restore"),
  });
}

/** A verified device of a host that is well, which does not answer. */
function muteAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  device: string,
): Wanted | undefined {
  const track = host.devices.get(device);
  // In trouble its own alerts say so, and what it means.
  if (track === undefined || !isMute(track) || host.freshSince === undefined) return undefined;
  if (isPowerNetworkDown(state)) return undefined;
  const last = track.readings.at(-1)?.reading;
  const reason = last?.power === "unknown" ? last.reason : "";
  return about(state, host, assessment, {
    kind: `device-mute-${device}`,
    class: "ticket",
    title: words("alert.device-mute", { device, host: host.host }),
    why: () => [words("why.device", { device, reason })],
    impact: () => fenceImpact(state, host),
    next: words("todo.device-mute", { device }),
  });
}

/** What is left when a device is not verified: another level, or nothing. */
function fenceImpact(state: GuardianState, { host }: HostState): Words {
  const levels = fenceLevels(state.settings, host);
  const at = levels.findIndex(({ devices }) =>
    devices.every((device) => unverifiedBecause(state, host, device) === undefined),
  );
  const whole = levels[at];
  if (whole === undefined) return words("impact.device", { host });
  return words("impact.device-level", { host, level: at + 1, devices: whole.devices.join(", ") });
}
