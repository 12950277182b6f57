/** Every power device with what it is known by, and the way out of each that is not verified. */
import type { HostName } from "../../shared/names.ts";
import { identityWords, isSeenFromInside } from "./device-identity.ts";
import { fenceLevels } from "./fence-levels.ts";
import { hostSettings } from "./settings.ts";
import type { GuardianState } from "./state.ts";
import { shareWords, verifiedShare } from "./verified-share.ts";
import { deviceKey, newStanding, unverifiedBecause } from "./verification.ts";
import { render, words, type Language, type Words } from "./words.ts";

export interface DoctorLine {
  readonly host: string;
  readonly device: string;
  readonly level: number;
  readonly verified: "yes" | "no";
  /** By what it is verified, or why it is not. */
  readonly because: string;
  /** What a person does about it; empty when nothing is to be done. */
  readonly next: string;
}

/** Those that are not verified first, with hosts that have no device at all; then the others. */
export function showDoctor(
  state: GuardianState,
  language: Language = "en",
): { readonly share: string; readonly devices: readonly DoctorLine[] } {
  const names = state.hosts.values().map(({ host }) => host);
  const lines = names.flatMap((host) => linesOf(state, host, language));
  const share = render(shareWords(verifiedShare(state)), language);
  const isBad = (line: DoctorLine): boolean => line.verified === "no";
  const devices = [...lines.filter(isBad), ...lines.filter((line) => !isBad(line))];
  return { share, devices };
}

function linesOf(state: GuardianState, host: HostName, language: Language): readonly DoctorLine[] {
  const { devices } = hostSettings(state.settings, host);
  const text = (said: Words): string => render(said, language);
  if (devices.length === 0) {
    const [because, next] = [text(words("doctor.no-device")), text(words("doctor.configure"))];
    return [{ host, device: "-", level: 0, verified: "no", because, next }];
  }
  const levels = fenceLevels(state.settings, host);
  return devices.map((device) => {
    const level = 1 + levels.findIndex((one) => one.devices.includes(device));
    const reason = unverifiedBecause(state, host, device);
    const base = { host, device, level };
    if (reason === undefined) {
      const because = text(verifiedBy(state, host, device));
      return { ...base, verified: "yes" as const, because, next: "" };
    }
    const because = render(reason, language);
    return { ...base, verified: "no" as const, because, next: text(wayOut(state, host, device)) };
  });
}

function verifiedBy({ memory }: GuardianState, host: HostName, device: string): Words {
  const standing = memory.devices[deviceKey(host, device)] ?? newStanding;
  const { pinned = nothing, vouchedBy, rehearsed } = standing;
  if (rehearsed !== undefined) return words("doctor.rehearsed", { by: rehearsed.by });
  if (vouchedBy !== undefined) return words("doctor.vouched", { by: vouchedBy });
  const inside = isSeenFromInside(pinned, memory.known[host]?.bmcGuid);
  return words(inside ? "doctor.inside" : "doctor.uuid", { identity: identityWords(pinned) });
}

const nothing = { guid: undefined, uuid: undefined, serial: undefined };

/** What never answered must answer first; a host without a UUID may yet report one. */
function wayOut({ memory }: GuardianState, host: HostName, device: string): Words {
  const { pinned, unverified } = memory.devices[deviceKey(host, device)] ?? newStanding;
  if (pinned === undefined) return words("doctor.mend", { device });
  if (unverified !== undefined) return words("doctor.compare", { host });
  const uuid = memory.known[host]?.hardwareUuid ?? "";
  return uuid === "" ? words("doctor.probe", { host }) : words("doctor.compare", { host });
}
