/**
 * Whether a power device is the BMC of a host: its GUID or UUID equals the UUID that the host
 * itself reports, in any of the byte orders that vendors use (SMBIOS keeps the first three fields
 * little-endian; some BMCs send the whole GUID reversed, IPMI 2.0 section 20.8).
 */
import type { DeviceIdentity } from "../ports.ts";
import { words, type Words } from "./words.ts";

/** Values that many boards share out of the box; they identify nothing. */
const known = new Set([
  "03000200040005000006000700080009",
  "00020003000400050006000700080009",
  "12345678123456781234567812345678",
  "0123456789abcdef0123456789abcdef",
]);

/** 32 lower-case hex digits that could belong to one machine only. */
export function isTellingUuid(uuid: string): boolean {
  if (!/^[0-9a-f]{32}$/.test(uuid) || /^(.)\1*$/.test(uuid)) return false;
  return !uuidSpellings(uuid).some((spelling) => known.has(spelling));
}

/**
 * The usual spellings of one UUID: as it is, first three fields swapped, all bytes reversed, and
 * both in either order. With each spelling its way back is in the list too.
 */
export function uuidSpellings(uuid: string): readonly string[] {
  const mixed = swapFields(uuid);
  const reversed = reverseBytes(uuid);
  return [uuid, mixed, reversed, swapFields(reversed), reverseBytes(mixed)];
}

function reverseBytes(uuid: string): string {
  return (uuid.match(/../g) ?? []).reverse().join("");
}

function swapFields(uuid: string): string {
  const fields = [uuid.slice(0, 8), uuid.slice(8, 12), uuid.slice(12, 16)];
  return [...fields.map(reverseBytes), uuid.slice(16)].join("");
}

/** Whether what the device shows equals the host's own UUID. */
export function identifiesHost(identity: DeviceIdentity, hostUuid: string): boolean {
  if (!isTellingUuid(hostUuid)) return false;
  const spellings = uuidSpellings(hostUuid);
  return [identity.guid, identity.uuid].some(
    (shown) => shown !== undefined && isTellingUuid(shown) && spellings.includes(shown),
  );
}

/**
 * Whether a device is this host's by what the host told of itself: its own UUID (invariant 4, way b), or the very GUID
 * that its BMC shows it from inside, byte by byte (way a).
 */
export function belongsTo(
  identity: DeviceIdentity,
  { hardwareUuid, bmcGuid }: { readonly hardwareUuid: string; readonly bmcGuid?: string },
): boolean {
  return identifiesHost(identity, hardwareUuid) || isSeenFromInside(identity, bmcGuid);
}

/** Whether its own host reads the same GUID from its BMC. */
export function isSeenFromInside({ guid }: DeviceIdentity, bmcGuid: string | undefined): boolean {
  return guid !== undefined && guid === bmcGuid && isTellingUuid(guid);
}

/** Whether what a device shows could name one machine. */
export function isTelling({ guid, uuid }: DeviceIdentity): boolean {
  return [guid, uuid].some((shown) => shown !== undefined && isTellingUuid(shown));
}

export function sameIdentity(left: DeviceIdentity, right: DeviceIdentity): boolean {
  return left.guid === right.guid && left.uuid === right.uuid && left.serial === right.serial;
}

/** "GUID a1b2…, serial 77" or "nothing". */
export function identityWords(identity: DeviceIdentity): Words {
  const parts: string[] = [];
  if (identity.guid !== undefined) parts.push(`GUID ${identity.guid}`);
  if (identity.uuid !== undefined) parts.push(`UUID ${identity.uuid}`);
  if (identity.serial !== undefined) parts.push(`serial ${identity.serial}`);
  return parts.length === 0 ? words("identity.none") : words("identity", { parts });
}
