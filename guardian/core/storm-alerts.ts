/** One page for a storm, that names its hosts and what they share. */
import { placeWords } from "./domains.ts";
import { dedupKeyOf, type Wanted } from "./incident-alerts.ts";
import type { FiringAlert } from "./memory.ts";
import type { GuardianState, HostState } from "./state.ts";
import { isInStorm, wholeCloud } from "./storm.ts";
import { words } from "./words.ts";

/** A storm in the whole cloud covers those in its domains: one page, not one a rack. */
export function stormAlerts(state: GuardianState): readonly Wanted[] {
  const scopes = Object.keys(state.memory.storms).sort();
  if (scopes.includes(wholeCloud)) return [stormAlert(state, wholeCloud)];
  return scopes.map((scope) => stormAlert(state, scope));
}

/**
 * A storm's page names this host: the page as it was sent, which learns of a host that joins some seconds later.
 * A page that was not sent yet is sent in this round, and names all of them.
 */
export function isNamedInStorm(state: GuardianState, host: HostState): boolean {
  if (!isInStorm(state, host)) return false;
  const { storms, alerts } = state.memory;
  const scopes = storms[wholeCloud] === undefined ? Object.keys(storms) : [wholeCloud];
  return scopes.some((scope) => {
    const firing = alerts[dedupKeyOf(state, undefined, kindOf(scope))];
    if (firing !== undefined) return namesIn(firing).has(host.host);
    return scope === wholeCloud || host.domains.includes(scope);
  });
}

/** By the alert, so that a storm of a thousand hosts is taken apart once and not for each of them. */
const names = new WeakMap<FiringAlert, ReadonlySet<string>>();

function namesIn(firing: FiringAlert): ReadonlySet<string> {
  const known = names.get(firing) ?? new Set(firing.revision.split(","));
  names.set(firing, known);
  return known;
}

function kindOf(scope: string): string {
  return scope === wholeCloud ? "storm" : `storm-${scope.replaceAll(" ", "-")}`;
}

function stormAlert(state: GuardianState, scope: string): Wanted {
  const { census } = state;
  const whole = scope === wholeCloud;
  const { trouble, limit } = (whole ? census : census.domains.get(scope)) ?? nobody;
  return {
    kind: kindOf(scope),
    host: undefined,
    class: "page",
    // The title names no count: a host that joins must not look like another storm.
    title: whole ? words("alert.storm") : words("alert.storm-in", { scope }),
    why: () => [
      words("why.trouble", { count: trouble.length, hosts: trouble, limit }),
      census.place === undefined ? words("why.no-place") : placeWords(census.place),
    ],
    impact: () => words("impact.hosts", { count: trouble.length }),
    next: words("todo.storm"),
    revision: trouble.join(","),
  };
}

const nobody = { trouble: [], limit: 1 };
