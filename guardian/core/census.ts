/**
 * Counted once a round, for gates and alerts of every host: who is in trouble, who is suspect, who
 * could take servers. Counting per host would make a storm of a thousand a million looks.
 */
import type { HostName } from "../../shared/names.ts";
import type { GuardianState, HostState } from "./state.ts";
import { holdsOthers, inScope, isFenced, isIll } from "./storm.ts";

export interface Census {
  /** Sorted. */
  readonly trouble: readonly HostName[];
  /** Suspects that hold others back. */
  readonly suspects: readonly HostName[];
  /** How many hosts the guardian is responsible for now. */
  readonly scope: number;
  /** How many may be in trouble at once. */
  readonly limit: number;
  /** How many hosts could take servers. */
  readonly fit: number;
  /** How many say that something has failed which hosts share. */
  readonly failing: Failing;
}

export interface Failing {
  /** The storage network or the instances directory. */
  readonly storage: number;
  readonly business: number;
  /** Reports on a path that works for other hosts. */
  readonly path: number;
}

const noneFailing: Failing = { storage: 0, business: 0, path: 0 };

export const noCensus: Census = {
  trouble: [],
  suspects: [],
  scope: 0,
  limit: 1,
  fit: 0,
  failing: noneFailing,
};

export function foldCensus(state: GuardianState): GuardianState {
  const trouble: HostName[] = [];
  const suspects: HostName[] = [];
  let scope = 0;
  let fit = 0;
  const failing = { ...noneFailing };
  for (const host of state.hosts.values()) {
    const counted = inScope(state, host);
    if (counted) {
      scope += 1;
      for (const what of failings(host)) failing[what] += 1;
    }
    if (counted && couldTakeServers(host)) fit += 1;
    if (isFenced(state, host) || (counted && isIll(host))) trouble.push(host.host);
    if (counted && holdsOthers(state, host)) suspects.push(host.host);
  }
  const limit = Math.max(1, Math.floor(state.settings.limits.stormShare * scope));
  return { ...state, census: { trouble, suspects, scope, limit, fit, failing } };
}

const none: readonly (keyof Failing)[] = [];

/** What a reporting host says has failed, from the first moment on. */
export function failings(host: HostState): readonly (keyof Failing)[] {
  if (host.freshSince === undefined) return none;
  const { storage, directory, business } = host.checksSince;
  const partial = host.assessment?.row === "5a";
  if (!partial && storage === undefined && directory === undefined && business === undefined) {
    return none;
  }
  const found: (keyof Failing)[] = [];
  if (storage !== undefined || directory !== undefined) found.push("storage");
  if (business !== undefined) found.push("business");
  if (partial) found.push("path");
  return found;
}

/** A host that could take servers, by our own verdict and Nova's record. */
export function isFit(state: GuardianState, host: HostState): boolean {
  return inScope(state, host) && couldTakeServers(host);
}

function couldTakeServers(host: HostState): boolean {
  const service = host.service?.service;
  const row = host.assessment?.row;
  return (
    host.freshSince !== undefined &&
    service?.status === "enabled" &&
    service.state === "up" &&
    row !== "4" &&
    row !== "5" &&
    row !== "6"
  );
}
