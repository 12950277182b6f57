/**
 * Counted once a round, for gates and alerts of every host: who is in trouble, who is suspect, who
 * could take servers. Counting per host would make a storm of a thousand a million looks.
 */
import type { HostName } from "../../shared/names.ts";
import { placeOf, type DomainCensus, type Place } from "./domains.ts";
import { failings, noneFailing, type Failing, type SharedAt } from "./failings.ts";
import { capacityOf, freeMbOf } from "./inventory.ts";
import { isMute } from "./power.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";
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
  /** Memory that these have free, as far as Nova shows it. */
  readonly freeMb: number;
  /** Power devices that were read, and how many of them did not answer twice in a row. */
  readonly devices: number;
  readonly muteDevices: number;
  /** Domains with somebody in trouble or suspect; one that holds every host is none. */
  readonly domains: ReadonlyMap<string, DomainCensus>;
  /** Those of their domains that hold a part of the cloud, whatever of it is in scope now. */
  readonly parts: ReadonlySet<string>;
  /** Where the trouble is, when a domain explains it. */
  readonly place: Place | undefined;
}

export const noCensus: Census = {
  trouble: [],
  suspects: [],
  scope: 0,
  limit: 1,
  fit: 0,
  failing: noneFailing,
  freeMb: 0,
  devices: 0,
  muteDevices: 0,
  domains: new Map(),
  parts: new Set(),
  place: undefined,
};

export function foldCensus(state: GuardianState): GuardianState {
  const trouble: HostState[] = [];
  const suspects: HostState[] = [];
  let scope = 0;
  let fit = 0;
  let freeMb = 0;
  let devices = 0;
  let muteDevices = 0;
  const failing = { ...noneFailing };
  for (const host of state.hosts.values()) {
    for (const track of host.devices.values()) {
      devices += 1;
      if (isMute(track)) muteDevices += 1;
    }
    const counted = inScope(state, host);
    if (counted) {
      scope += 1;
      for (const what of failings(host)) failing[what] += 1;
    }
    if (counted && couldTakeServers(host)) {
      fit += 1;
      const capacity = capacityOf(state, host.host);
      if (capacity !== undefined) freeMb += freeMbOf(state, capacity);
    }
    if (isFenced(state, host) || (counted && isIll(host))) trouble.push(host);
    else if (counted && holdsOthers(state, host)) suspects.push(host);
  }
  const domains = countDomains(state, trouble, suspects, scope);
  const census: Census = {
    trouble: trouble.map(({ host }) => host),
    suspects: suspects.map(({ host }) => host),
    scope,
    limit: limitOf(state, scope),
    fit,
    freeMb,
    failing,
    devices,
    muteDevices,
    domains,
    parts: partsOf(state, [...trouble, ...suspects]),
    place: placeOf(domains, trouble.length, scope),
  };
  return stateWith(state, { census, sharedAt: sharedAt(state, failing) });
}

function sharedAt({ now, sharedAt: before }: GuardianState, failing: Failing): SharedAt {
  const shared = failing.storage > 1 || failing.business > 1 || failing.path > 1;
  if (!shared) return before;
  return {
    ...before,
    ...(failing.storage > 1 ? { storage: now } : {}),
    ...(failing.business > 1 ? { business: now } : {}),
    ...(failing.path > 1 ? { path: now } : {}),
  };
}

/** How many of so many hosts may be in trouble at once. */
function limitOf(state: GuardianState, scope: number): number {
  return Math.max(1, Math.floor(state.settings.limits.stormShare * scope));
}

const noDomains: ReadonlyMap<string, DomainCensus> = new Map();
const noParts: ReadonlySet<string> = new Set();

/** Domains of these hosts that a host with a nova-compute is not in: maintenance makes no rack the cloud. */
function partsOf(state: GuardianState, hosts: readonly HostState[]): ReadonlySet<string> {
  const open = new Set(hosts.flatMap((host) => host.domains));
  if (open.size === 0) return noParts;
  const parts = new Set<string>();
  for (const host of state.hosts.values()) {
    if (host.service === undefined) continue;
    for (const domain of open) {
      if (host.domains.includes(domain)) continue;
      parts.add(domain);
      open.delete(domain);
    }
    if (open.size === 0) break;
  }
  return parts;
}

/** Only domains that somebody in trouble or suspect is in: in peace there is nothing to count. */
function countDomains(
  state: GuardianState,
  trouble: readonly HostState[],
  suspects: readonly HostState[],
  scope: number,
): ReadonlyMap<string, DomainCensus> {
  const wanted = new Set([...trouble, ...suspects].flatMap((host) => host.domains));
  if (wanted.size === 0) return noDomains;
  const sizes = new Map<string, number>();
  for (const host of state.hosts.values()) {
    if (host.domains.length === 0 || !inScope(state, host)) continue;
    for (const domain of host.domains) {
      if (wanted.has(domain)) sizes.set(domain, (sizes.get(domain) ?? 0) + 1);
    }
  }
  const within = (hosts: readonly HostState[], domain: string): readonly HostName[] =>
    hosts.filter((host) => host.domains.includes(domain)).map(({ host }) => host);
  const domains = new Map<string, DomainCensus>();
  for (const domain of [...wanted].sort()) {
    const size = sizes.get(domain) ?? 0;
    if (size >= scope) continue;
    domains.set(domain, {
      scope: size,
      trouble: within(trouble, domain),
      suspects: within(suspects, domain),
      limit: limitOf(state, size),
    });
  }
  return domains;
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
