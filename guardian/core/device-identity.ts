/**
 * Whether a power device is the BMC of a host: its GUID or UUID equals the UUID that the host
 * itself reports, in any of the byte orders that vendors use (SMBIOS keeps the first three fields
 * little-endian; some BMCs send the whole GUID reversed, IPMI 2.0 section 20.8).
 */
import { isTellingUuid, lanMacOf, uuidSpellings } from "../../shared/bmc-identity.ts";
import type { DeviceIdentity } from "../ports.ts";
import { words, type Words } from "./words.ts";

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
 * or LAN MAC address that its BMC shows it from inside, byte by byte (way a).
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

/** "GUID a1b2…, serial 77", "LAN MAC 4c:d9:…" or "nothing". */
export function identityWords(identity: DeviceIdentity): Words {
  const parts: string[] = [];
  if (identity.guid !== undefined) {
    const mac = lanMacOf(identity.guid);
    parts.push(mac === undefined ? `GUID ${identity.guid}` : `LAN MAC ${mac}`);
  }
  if (identity.uuid !== undefined) parts.push(`UUID ${identity.uuid}`);
  if (identity.serial !== undefined) parts.push(`serial ${identity.serial}`);
  return parts.length === 0 ? words("identity.none") : words("identity", { parts });
}
