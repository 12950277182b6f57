/**
 * Fence levels: ways to switch a host off, tried in order. Within a level every device must be off
 * (two power supplies, two chassis); a proof comes of one level complete, never of parts of two.
 */
import type { HostName } from "../../shared/names.ts";
import type { LevelFailure } from "./memory.ts";
import { deviceTrack, deviceWord } from "./power.ts";
import { hostSettings, type FenceLevel, type Settings } from "./settings.ts";
import type { GuardianState, HostState } from "./state.ts";
import { deviceKey, unverifiedBecause } from "./verification.ts";
import { words, type Said, type Words } from "./words.ts";

/** A host's levels; none when it has no power device. */
export function fenceLevels(settings: Settings, host: HostName): readonly FenceLevel[] {
  const { devices, levels } = hostSettings(settings, host);
  if (levels !== undefined) return levels;
  return devices.length === 0 ? [] : [{ devices, deadlineMs: undefined }];
}

/** A level by its number, from 1, and its devices, for sentences. */
export function levelParameters(
  settings: Settings,
  host: HostName,
  level: number,
): { readonly level: number; readonly devices: readonly string[] } {
  return { level: level + 1, devices: fenceLevels(settings, host)[level]?.devices ?? [] };
}

/** What came of each level that failed; of a single level its reason alone. */
export function failureWords(
  settings: Settings,
  host: HostName,
  failures: readonly LevelFailure[],
): Said {
  const [only] = failures;
  if (fenceLevels(settings, host).length === 0) return words("fence.no-device");
  if (only !== undefined && fenceLevels(settings, host).length <= 1) return only.reason;
  const levels = failures.map(({ level, reason }) =>
    words("fence.level", { ...levelParameters(settings, host, level), reason }),
  );
  return words("fence.levels", { levels });
}

export interface NextLevel {
  /** The first at `from` or later that can lead to a proof; undefined when none can. */
  readonly level: number | undefined;
  /** Those passed over, and why. */
  readonly skipped: readonly LevelFailure[];
}

/**
 * The level to order off next. One with a device that is not verified leads to no proof and is passed
 * over; one that does not answer is passed over only for one that does.
 */
export function nextLevel(state: GuardianState, host: HostState, from: number): NextLevel {
  const levels = fenceLevels(state.settings, host.host);
  const problems = levels.map((level) => levelProblem(state, host, level));
  const free = problems.findIndex((problem, at) => at >= from && problem === undefined);
  const verified = problems.findIndex((problem, at) => at >= from && problem?.hopeless !== true);
  const level = free === -1 ? verified : free;
  const end = level === -1 ? levels.length : level;
  const skipped = problems.flatMap((problem, at): LevelFailure[] =>
    at >= from && at < end && problem !== undefined ? [{ level: at, reason: problem.reason }] : [],
  );
  return { level: level === -1 ? undefined : level, skipped };
}

/** Why no proof is to be expected of a level now. */
function levelProblem(
  state: GuardianState,
  host: HostState,
  { devices }: FenceLevel,
): { readonly reason: Words; readonly hopeless: boolean } | undefined {
  for (const device of devices) {
    const reason = unverifiedBecause(state, host.host, device);
    if (reason !== undefined) {
      return { reason: words("level.unverified", { device, reason }), hopeless: true };
    }
  }
  for (const device of devices) {
    const word = deviceWord(state, host, device);
    if (word.power !== "unknown") continue;
    if (word.because === "no-answer") {
      return { reason: words("level.no-answer", { device }), hopeless: false };
    }
    if (word.because === "probation") {
      return { reason: words("level.probation", { device }), hopeless: false };
    }
  }
  return undefined;
}

/**
 * Whether a device's "on" speaks against a proof by `level`: one of that level or of an earlier one, and
 * every one that shows an identity, since a BMC speaks of the chassis. An outlet of a later level stays
 * on when a BMC switches the chassis off.
 */
export function speaksAgainst(
  state: GuardianState,
  host: HostName,
  device: string,
  level: number,
): boolean {
  const levels = fenceLevels(state.settings, host);
  if (levels.length <= 1) return true;
  if (levels.slice(0, level + 1).some(({ devices }) => devices.includes(device))) return true;
  const pinned = state.memory.devices[deviceKey(host, device)]?.pinned;
  return pinned !== undefined && (pinned.guid ?? pinned.uuid ?? pinned.serial) !== undefined;
}

/**
 * A device that reads on although `level` reads off: then the host may not be off. Verified or not, on
 * probation or not: what may not prove an off may still cast doubt on one.
 */
export function deviceThatReadsOn(
  state: GuardianState,
  host: HostState,
  level: number,
): string | undefined {
  const { powerAgeMsMax } = state.settings.limits;
  return hostSettings(state.settings, host.host).devices.find((device) => {
    const last = deviceTrack(host, device).readings.at(-1);
    const isOn = last?.reading.power === "on" && state.now - last.at <= powerAgeMsMax;
    return isOn && speaksAgainst(state, host.host, device, level);
  });
}
