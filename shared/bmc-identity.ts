/**
 * What a BMC is known by, the same from inside its host and over the network: its GUID, or where that names no
 * machine the MAC address of its LAN. Both travel as 32 hex digits.
 */

/** Values that many boards share out of the box; they identify nothing. */
const known = new Set([
  "03000200040005000006000700080009",
  "00020003000400050006000700080009",
  "12345678123456781234567812345678",
  "0123456789abcdef0123456789abcdef",
]);

/** "LAN MAC: " in ASCII, and a zero: no GUID begins like this. */
const macPrefix = "4c414e204d41433a2000";

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

/**
 * A BMC's GUID where it could name one machine, else its LAN's MAC address in a GUID's clothes; undefined: neither.
 * `guid` is 32 hex digits, `mac` 12.
 */
export function bmcIdentity(guid: string | undefined, mac: string | undefined): string | undefined {
  if (guid !== undefined && isTellingUuid(guid)) return guid;
  if (mac !== undefined && isTellingMac(mac)) return macPrefix + mac;
  return guid;
}

/** "4c:d9:8f:00:11:22" of an identity that is one; undefined of a GUID. */
export function lanMacOf(identity: string): string | undefined {
  if (!identity.startsWith(macPrefix)) return undefined;
  return (identity.slice(macPrefix.length).match(/../g) ?? []).join(":");
}

/** One interface's own: no group address, and not one digit throughout. */
function isTellingMac(mac: string): boolean {
  if (!/^[0-9a-f]{12}$/.test(mac) || /^(.)\1*$/.test(mac)) return false;
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0;
}
