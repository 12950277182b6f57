/**
 * The gates that bound what may be lost to one mistake: storms, suspects and the fence rate, each
 * for the whole cloud and for every failure domain of the host.
 */
import type { GateResult } from "./assessment.ts";
import type { Census } from "./census.ts";
import { placeWords } from "./domains.ts";
import type { GuardianState, HostState } from "./state.ts";
import { wholeCloud } from "./storm.ts";
import { words, type Words } from "./words.ts";

const hourMs = 3_600_000;
const namesMax = 10;

/** Whether a gate, by its name, asks how many hosts are in trouble. */
export function isOfManyHosts(gate: string): boolean {
  return gate.startsWith("storm") || gate.startsWith("suspects");
}

export function stormGates(state: GuardianState, host: HostState): readonly GateResult[] {
  return [
    ...gatesIn(state, wholeCloud),
    ...host.domains.flatMap((domain) => gatesIn(state, domain)),
  ];
}

/** They are the same for every host of a scope: in a storm of a thousand they are made once. */
const made = new WeakMap<Census, Map<string, readonly GateResult[]>>();

function gatesIn(state: GuardianState, scope: string): readonly GateResult[] {
  const { census } = state;
  let ofRound = made.get(census);
  if (ofRound === undefined) made.set(census, (ofRound = new Map()));
  const storm = state.memory.storms[scope];
  const key = `${scope} ${storm === undefined ? "" : storm.since}`;
  const known = ofRound.get(key);
  if (known !== undefined) return known;
  const gates = makeGates(state, scope);
  ofRound.set(key, gates);
  return gates;
}

function makeGates(state: GuardianState, scope: string): readonly GateResult[] {
  const { census } = state;
  if (scope === wholeCloud) {
    return [stormGate(state, "storm", scope, census), suspectsGate("suspects", census)];
  }
  const count = census.domains.get(scope);
  if (count === undefined && state.memory.storms[scope] === undefined) return [];
  return [
    stormGate(state, `storm in ${scope}`, scope, count ?? nobody),
    ...(count === undefined ? [] : [suspectsGate(`suspects in ${scope}`, count)]),
  ];
}

interface Count {
  readonly trouble: readonly string[];
  readonly suspects: readonly string[];
  readonly limit: number;
}

const nobody: Count = { trouble: [], suspects: [], limit: 1 };

function stormGate(
  state: GuardianState,
  gate: string,
  scope: string,
  { trouble, limit }: Count,
): GateResult {
  const storm = state.memory.storms[scope];
  const few = trouble.length <= limit;
  const named = words("value.trouble", { count: trouble.length, hosts: namesWords(trouble) });
  const { place } = state.census;
  const there = { trouble: named };
  const cooling = few && storm !== undefined ? words("value.trouble-cooling", there) : named;
  return {
    gate,
    pass: few && storm === undefined,
    value:
      few || place === undefined
        ? cooling
        : words("value.trouble-there", { ...there, place: placeWords(place) }),
    operator: "<=",
    limit: words("limit.at-once", { limit }),
  };
}

/** Nobody reads a thousand names. */
function namesWords(names: readonly string[]): Words | readonly string[] {
  const count = names.length - namesMax;
  return count <= 0 ? names : words("list.more", { names: names.slice(0, namesMax), count });
}

function suspectsGate(gate: string, { trouble, suspects, limit }: Count): GateResult {
  return {
    gate,
    pass: suspects.length === 0 || trouble.length + suspects.length <= limit,
    value: words("value.suspects", { count: trouble.length, suspects: suspects.length }),
    operator: "<=",
    limit: words("value.number", { count: limit }),
  };
}

/** How many hosts were fenced in the last hour, in all and in each domain of the host. */
export function rateGates(state: GuardianState, host: HostState): readonly GateResult[] {
  const { fencesPerHour, fencesPerHourInDomain } = state.settings.limits;
  // Wall time, because it must hold across restarts; a clock that steps back makes it stricter.
  const recent = state.memory.fences.filter(
    (fence) =>
      state.wall - fence.wall < hourMs && fence.host !== host.host && fence.approved !== true,
  );
  const fenced = new Set(recent.map((fence) => fence.host));
  const gates = [rateGate("fence rate", fenced.size, fencesPerHour)];
  if (fenced.size === 0) return gates;
  for (const domain of host.domains) {
    if (!state.census.parts.has(domain)) continue;
    const count = [...fenced].filter(
      (name) => state.hosts.get(name)?.domains.includes(domain) ?? false,
    ).length;
    gates.push(rateGate(`fence rate in ${domain}`, count, fencesPerHourInDomain));
  }
  return gates;
}

function rateGate(gate: string, value: number, limit: number): GateResult {
  return {
    gate,
    pass: value < limit,
    value: words("value.fenced", { count: value }),
    operator: "<",
    limit: words("value.number", { count: limit }),
  };
}
