/**
 * Failure domains: what hosts share and may lose together, such as a rack, a switch, a power feed
 * or a zone. A domain is named by its kind and its name, "rack B7". What many silent hosts share
 * says where to look, and it is rarely the hosts.
 */
import type { HostName } from "../../shared/names.ts";
import type { ComputeService } from "../ports.ts";
import { hostSettings, type Settings } from "./settings.ts";
import { hostWith, stateWith, type GuardianState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** Domains of a host: by configuration, by its availability zone, by its host aggregates. */
export function domainsFor(
  settings: Settings,
  host: HostName,
  service: ComputeService | undefined,
  aggregates: readonly string[],
): readonly string[] {
  const domains = Object.entries(hostSettings(settings, host).domains).map(
    ([kind, name]) => `${kind} ${name}`,
  );
  if (service !== undefined && service.zone !== "") domains.push(`zone ${service.zone}`);
  for (const aggregate of aggregates) {
    if (settings.domainAggregates.some((pattern) => matches(pattern, aggregate))) {
      domains.push(`aggregate ${aggregate}`);
    }
  }
  return domains;
}

/** A name, or a beginning followed by `*`. */
function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Works out every host's domains anew, after a list of services or aggregates came in. */
export function foldDomains(state: GuardianState): GuardianState {
  const hosts = state.hosts.map((host) => {
    const aggregates = state.inventory.aggregates.get(host.host) ?? none;
    const domains = domainsFor(state.settings, host.host, host.service?.service, aggregates);
    const same =
      domains.length === host.domains.length &&
      domains.every((domain, at) => domain === host.domains[at]);
    return same ? host : hostWith(host, { domains });
  });
  return hosts === state.hosts ? state : stateWith(state, { hosts });
}

const none: readonly string[] = [];

/** One domain in this round. */
export interface DomainCensus {
  /** Hosts in scope that are in it. */
  readonly scope: number;
  readonly trouble: readonly HostName[];
  readonly suspects: readonly HostName[];
  readonly limit: number;
}

/** Where the hosts in trouble are, when that says something. */
export interface Place {
  readonly domain: string;
  readonly inside: number;
  readonly insideOf: number;
  readonly outside: number;
  readonly outsideOf: number;
}

/**
 * The domain that explains a storm best: most of its hosts are in trouble, and few elsewhere.
 * Undefined when no domain does.
 */
export function placeOf(
  domains: ReadonlyMap<string, DomainCensus>,
  trouble: number,
  scope: number,
): Place | undefined {
  let best: Place | undefined;
  for (const [domain, census] of domains) {
    const inside = census.trouble.length;
    const place: Place = {
      domain,
      inside,
      insideOf: census.scope,
      outside: trouble - inside,
      outsideOf: scope - census.scope,
    };
    if (inside < 2 || !tells(place)) continue;
    if (best === undefined || score(place) > score(best)) best = place;
  }
  return best;
}

/** At least half of it is in trouble, and its share is four times the share elsewhere. */
function tells(place: Place): boolean {
  const inside = place.inside / Math.max(1, place.insideOf);
  const outside = place.outside / Math.max(1, place.outsideOf);
  return place.outsideOf > 0 && inside >= 0.5 && inside >= 4 * outside;
}

function score(place: Place): number {
  return place.inside / Math.max(1, place.insideOf) - place.outside / Math.max(1, place.outsideOf);
}

/** What to look at first in a domain of a kind. */
const suspectsByKind: Readonly<Record<string, Words>> = {
  rack: words("place.rack"),
  switch: words("place.switch"),
  power: words("place.power"),
  feed: words("place.power"),
  zone: words("place.zone"),
};

/** "18 of 18 in rack B7, 0 of 182 elsewhere: its switch or its power, not the hosts". */
export function placeWords(place: Place): Words {
  const kind = place.domain.split(" ", 1)[0] ?? "";
  const look = suspectsByKind[kind] ?? words("place.shared");
  return words("place", { ...place, look });
}
