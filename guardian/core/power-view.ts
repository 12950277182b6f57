/** What a host's power devices say of it together, for the verdict. */
import type { Signals } from "./assessment.ts";
import { deviceThatReadsOn } from "./fence-levels.ts";
import { deviceTrack, deviceWord } from "./power.ts";
import { hostSettings, type FenceLevel } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";

export interface PowerView {
  readonly signal: Signals["power"];
  /** A reading asked for since suspicion has come in, or its deadline has passed. */
  readonly answered: boolean;
}

/**
 * All of a host's devices together: off only when every device of a level says off, and none says on that
 * speaks against that level.
 */
export function viewPower(state: GuardianState, host: HostState): PowerView {
  const { devices, levels } = hostSettings(state.settings, host.host);
  if (devices.length === 0) return { signal: "unknown", answered: true };
  const answered = devicesAnswered(state, host, levels ?? [{ devices, deadlineMs: undefined }]);
  let signal: Signals["power"] = "off";
  for (const device of devices) {
    const { power } = deviceWord(state, host, device);
    if (powerRank[power] > powerRank[signal]) signal = power;
  }
  const several = levels !== undefined && levels.length > 1;
  if (!several || signal === "contradicted" || signal === "off") return { signal, answered };
  return { signal: someLevelIsOff(state, host, levels) ? "off" : signal, answered };
}

function someLevelIsOff(
  state: GuardianState,
  host: HostState,
  levels: readonly FenceLevel[],
): boolean {
  const { devices } = hostSettings(state.settings, host.host);
  const words = new Map(devices.map((device) => [device, deviceWord(state, host, device).power]));
  return levels.some(
    (level, at) =>
      level.devices.every((device) => words.get(device) === "off") &&
      deviceThatReadsOn(state, host, at) === undefined,
  );
}

/** The word that counts most among several devices of one host. */
const powerRank: Readonly<Record<Signals["power"], number>> = {
  off: 0,
  unknown: 1,
  on: 2,
  contradicted: 3,
};

/** Some level has answered since suspicion, or all devices were asked, or the time for it is over. */
function devicesAnswered(
  state: GuardianState,
  host: HostState,
  levels: readonly FenceLevel[],
): boolean {
  const since = host.suspectSince;
  if (since === undefined) return false;
  if (state.now - since >= state.settings.limits.powerDeadlineMs) return true;
  const asked = (device: string): boolean => {
    const last = deviceTrack(host, device).readings.at(-1);
    return last !== undefined && last.askedAt >= since;
  };
  const told = (device: string): boolean =>
    asked(device) && deviceWord(state, host, device).power !== "unknown";
  if (levels.length > 1 && levels.some((level) => level.devices.every(told))) return true;
  return levels.every((level) => level.devices.every(asked));
}
