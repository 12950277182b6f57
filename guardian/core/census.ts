/**
 * Counted once a round, for gates and alerts of every host: who is in trouble, who is suspect, who
 * could take servers. Counting per host would make a storm of a thousand a million looks.
 */
import type { HostName } from "../../shared/names.ts";
import type { GuardianState, HostState } from "./state.ts";
import { holdingSuspects, hostsInTrouble, inScope, stormLimit } from "./storm.ts";

export interface Census {
  /** Sorted. */
  readonly trouble: readonly HostName[];
  /** Suspects that hold others back. */
  readonly suspects: readonly HostName[];
  /** How many may be in trouble at once. */
  readonly limit: number;
  /** Hosts that could take servers. */
  readonly fit: ReadonlySet<HostName>;
}

export const noCensus: Census = { trouble: [], suspects: [], limit: 1, fit: new Set() };

export function foldCensus(state: GuardianState): GuardianState {
  const fit = new Set<HostName>();
  for (const host of state.hosts.values()) if (isFit(state, host)) fit.add(host.host);
  const census: Census = {
    trouble: hostsInTrouble(state),
    suspects: holdingSuspects(state),
    limit: stormLimit(state),
    fit,
  };
  return { ...state, census };
}

/** A host that could take servers, by our own verdict and Nova's record. */
function isFit(state: GuardianState, host: HostState): boolean {
  const service = host.service?.service;
  if (service === undefined || !inScope(state, host)) return false;
  const row = host.assessment?.row;
  return (
    host.freshSince !== undefined &&
    service.status === "enabled" &&
    service.state === "up" &&
    row !== "4" &&
    row !== "5" &&
    row !== "6"
  );
}
