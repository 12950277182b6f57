/** What a power device says it is, and whether it is still the one that was pinned. */
import type { DeviceIdentity } from "../ports.ts";

export const noIdentity: DeviceIdentity = { guid: undefined, uuid: undefined, serial: undefined };

/** Lower case without separators, as the port wants it; undefined for nothing. */
export function plainIdentity(text: string | undefined): string | undefined {
  const plain = (text ?? "").toLowerCase().replace(/[^0-9a-z]/g, "");
  return plain === "" ? undefined : plain;
}

/** Why the device is not the expected one; undefined when it is, or when nothing was pinned. */
export function identityProblem(
  expected: DeviceIdentity | undefined,
  seen: DeviceIdentity,
): string | undefined {
  if (expected === undefined) return undefined;
  for (const field of ["guid", "uuid", "serial"] as const) {
    const pinned = expected[field];
    if (pinned !== undefined && pinned !== seen[field]) {
      return `the device's ${field} is ${seen[field] ?? "not shown"}, pinned is ${pinned}: not switched`;
    }
  }
  return undefined;
}
