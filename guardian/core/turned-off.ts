/**
 * Power devices that orders of an incident turned from on to off, whatever level or attempt gave the order: what
 * is switched on again when the chassis was another host's.
 */
import type { Commands } from "./fence-orders.ts";
import type { Phase } from "./memory.ts";

/** Of the incident so far, by name. */
export function turnedOff(phase: Phase): readonly string[] {
  if (phase.kind === "ended") return [];
  return phase.kind === "watching"
    ? (phase.turned ?? [])
    : withTurned(phase.turned, phase.commands);
}

/** Those of before and those that read on when they were ordered off now; a later attempt finds them off. */
export function withTurned(
  before: readonly string[] | undefined,
  commands: Commands | undefined,
): readonly string[] {
  // Of a journal that a fault has broken there are none: it is looked at host by host, later.
  const now = Object.entries(commands ?? {}).flatMap(([device, { wasOn }]) =>
    wasOn ? [device] : [],
  );
  return [...new Set([...(before ?? []), ...now])].sort();
}
