/**
 * Where the configuration has a power device. What a person vouched for, or rehearsed, was the outlet at that
 * place: a device that shows no identity of its own is another one at another place, and nothing else would tell.
 */
import type { HostName } from "../../shared/names.ts";
import { isTelling } from "./device-identity.ts";
import type { DeviceStanding } from "./memory.ts";
import { hostSettings, type Settings } from "./settings.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { deviceKey } from "./verification.ts";
import { words } from "./words.ts";

/** Address and outlet of one device; undefined when the settings do not say. */
export function placeOf(settings: Settings, host: HostName, device: string): string | undefined {
  return hostSettings(settings, host).places?.[device];
}

/** At a start: the standing of every device against the configuration of today. */
export function withPlaces(state: GuardianState): GuardianState {
  const devices: Record<string, DeviceStanding> = { ...state.memory.devices };
  for (const [host, { places = {} }] of state.settings.hosts) {
    for (const [device, place] of Object.entries(places)) {
      const key = deviceKey(host, device);
      const standing = devices[key];
      if (standing !== undefined) devices[key] = standingAt(standing, place);
    }
  }
  return stateWith(state, { memory: { ...state.memory, devices } });
}

function standingAt(standing: DeviceStanding, place: string): DeviceStanding {
  const { place: before, pinned, vouchedBy, rehearsed, unverified } = standing;
  // A journal of an earlier release does not say it: what is configured now is what was meant.
  if (before === undefined || before === place) return { ...standing, place };
  const isSaid = vouchedBy !== undefined || rehearsed !== undefined;
  if (!isSaid || (pinned !== undefined && isTelling(pinned))) return { ...standing, place };
  return { ...standing, unverified: unverified ?? words("device.moved", { place, before }) };
}
