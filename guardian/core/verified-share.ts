/**
 * How many power devices are known to be their hosts' own. Told at the start and as long as too few are: a
 * fence goes through no other device, and nobody should learn that from a dead host.
 */
import type { Effect } from "./effects.ts";
import type { Wanted } from "./incident-alerts.ts";
import { say } from "./incidents.ts";
import type { GuardianState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** Devices are read at the start; before this nothing is said of them. */
export const devicesReadMs = 30_000;
const verifiedShareMin = 0.9;

export interface VerifiedShare {
  readonly verified: number;
  readonly devices: number;
}

/** Of all devices of the configuration. */
export function verifiedShare(state: GuardianState): VerifiedShare {
  let verified = 0;
  let devices = 0;
  for (const reasons of state.verification.reasons.values()) {
    for (const reason of reasons.values()) {
      devices += 1;
      if (reason === undefined) verified += 1;
    }
  }
  return { verified, devices };
}

/** A line, once, when the devices had their time to answer after a start. */
export function foldVerifiedShare(
  state: GuardianState,
  before: GuardianState,
  out: Effect[],
): GuardianState {
  const { startedAt } = state;
  const isFirst = before.now - startedAt < devicesReadMs && state.now - startedAt >= devicesReadMs;
  if (!isFirst) return state;
  const share = verifiedShare(state);
  if (!isTooSmall(share)) return state;
  return say(state, out, {
    level: "warn",
    host: undefined,
    event: "verified-share",
    text: words("log.verified-share", shareParameters(share)),
  });
}

/** A ticket with the way out, as long as it is so. */
export function verifiedShareAlerts(state: GuardianState): readonly Wanted[] {
  if (state.now - state.startedAt < devicesReadMs) return [];
  const share = shareOf(state);
  if (!isTooSmall(share)) return [];
  return [
    {
      kind: "verified-share",
      host: undefined,
      class: "ticket",
      title: words("alert.verified-share", { limit: verifiedShareMin * 100 }),
      why: () => [shareWords(share)],
      impact: () => words("impact.verified-share", { count: share.devices - share.verified }),
      next: words("todo.verified-share"),
    },
  ];
}

/** Counted once for each verification: in most rounds nothing of it changes. */
const counted = new WeakMap<GuardianState["verification"], VerifiedShare>();

function shareOf(state: GuardianState): VerifiedShare {
  const known = counted.get(state.verification);
  if (known !== undefined) return known;
  const share = verifiedShare(state);
  counted.set(state.verification, share);
  return share;
}

function isTooSmall({ verified, devices }: VerifiedShare): boolean {
  return devices > 0 && verified < verifiedShareMin * devices;
}

function shareParameters(share: VerifiedShare): VerifiedShare & { readonly limit: number } {
  return { ...share, limit: verifiedShareMin * 100 };
}

/** "10 of 12 power devices are verified, must be >= 90 %". */
export function shareWords(share: VerifiedShare): Words {
  return words("why.verified-share", shareParameters(share));
}
