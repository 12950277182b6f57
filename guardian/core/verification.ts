/**
 * Whether a power device is its host's own (invariant 4, ways a to d). Worked out anew only when
 * identities or hosts' UUIDs changed, since it compares every device with every other.
 */
import type { HostName } from "../../shared/names.ts";
import type { DeviceIdentity } from "../ports.ts";
import { belongsTo, identityWords, isSeenFromInside } from "./device-identity.ts";
import type { DeviceStanding, Memory } from "./memory.ts";
import { hostSettings, type Settings } from "./settings.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Said, type Words } from "./words.ts";

export interface Verification {
  /** What it was worked out from; another object means that it is due again. */
  readonly devices: Memory["devices"] | undefined;
  readonly known: Memory["known"] | undefined;
  /** Why a device is not verified, by host and device; a verified one is in it with undefined. */
  readonly reasons: ReadonlyMap<HostName, ReadonlyMap<string, Said | undefined>>;
}

export const noVerification: Verification = {
  devices: undefined,
  known: undefined,
  reasons: new Map(),
};

export const newStanding: DeviceStanding = {
  pinned: undefined,
  vouchedBy: undefined,
  unverified: undefined,
};

/** Devices are keyed by host and name: two hosts may each have a "bmc". */
export function deviceKey(host: HostName, device: string): string {
  return `${host}/${device}`;
}

/** Why a device is not verified for its host; undefined when it is. */
export function unverifiedBecause(
  state: GuardianState,
  host: HostName,
  device: string,
): Said | undefined {
  const reasons = state.verification.reasons.get(host);
  return reasons?.has(device) === true ? reasons.get(device) : words("device.unread");
}

/** The state with its verification up to date. */
export function foldVerification(state: GuardianState): GuardianState {
  const { memory, verification, settings } = state;
  if (verification.devices === memory.devices && verification.known === memory.known) return state;
  const reasons = verify(settings, memory);
  const { devices, known } = memory;
  return stateWith(state, { verification: { devices, known, reasons } });
}

function verify(settings: Settings, memory: Memory): Verification["reasons"] {
  const owners = identityOwners(settings, memory);
  const hostsByUuid = new Map<string, string[]>();
  for (const [host, { hardwareUuid, bmcGuid }] of Object.entries(memory.known)) {
    if (hardwareUuid !== "") append(hostsByUuid, hardwareUuid, host);
    // Said by two hosts, a BMC's GUID identifies neither.
    if (bmcGuid !== undefined && bmcGuid !== hardwareUuid) append(hostsByUuid, bmcGuid, host);
  }
  const all = new Map<HostName, ReadonlyMap<string, Said | undefined>>();
  for (const host of settings.hosts.keys()) {
    const reasons = new Map<string, Said | undefined>();
    all.set(host, reasons);
    for (const device of hostSettings(settings, host).devices) {
      const standing = memory.devices[deviceKey(host, device)] ?? newStanding;
      const known: Told = memory.known[host] ?? { hardwareUuid: "" };
      const { pinned } = standing;
      const inside = pinned !== undefined && isSeenFromInside(pinned, known.bmcGuid);
      const told = inside ? (known.bmcGuid ?? "") : known.hardwareUuid;
      const twin = twinOf(standing, host, owners, hostsByUuid.get(told) ?? []);
      reasons.set(device, reasonFor(standing, known, twin));
    }
  }
  return all;
}

/** What a host tells of itself. */
type Told = Parameters<typeof belongsTo>[1];

function reasonFor(
  { pinned, vouchedBy, rehearsed, unverified }: DeviceStanding,
  known: Told,
  twin: Words | undefined,
): Said | undefined {
  if (pinned === undefined) return words("device.unread");
  if (unverified !== undefined) return unverified;
  if (vouchedBy !== undefined || rehearsed !== undefined) return undefined;
  const { hardwareUuid: uuid, bmcGuid = "" } = known;
  if (uuid === "" && bmcGuid === "") return words("device.no-uuid");
  if (!belongsTo(pinned, known)) {
    return words("device.other-uuid", { identity: identityWords(pinned), uuid });
  }
  return twin === undefined ? undefined : words("device.twin", { twin });
}

/** Hosts whose devices show an identity, by that identity. */
function identityOwners(
  settings: Settings,
  memory: Memory,
): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const host of settings.hosts.keys()) {
    for (const device of hostSettings(settings, host).devices) {
      const pinned = memory.devices[deviceKey(host, device)]?.pinned;
      if (pinned !== undefined) append(owners, identityKey(pinned), host);
    }
  }
  return owners;
}

/** Another host with the same identity on its device, or the same UUID: then it identifies neither. */
function twinOf(
  { pinned }: DeviceStanding,
  host: HostName,
  owners: ReadonlyMap<string, readonly string[]>,
  sameUuid: readonly string[],
): Words | undefined {
  if (pinned === undefined) return undefined;
  const showing = owners.get(identityKey(pinned)) ?? [];
  const other = showing.find((name) => name !== host);
  if (other !== undefined) return words("twin.device", { host: other });
  const namesake = sameUuid.find((name) => name !== host);
  return namesake === undefined ? undefined : words("twin.host", { host: namesake });
}

function identityKey({ guid, uuid, serial }: DeviceIdentity): string {
  return `${guid ?? ""} ${uuid ?? ""} ${serial ?? ""}`;
}

function append(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
