/** One page for a storm, that names its hosts and what they share. */
import { placeWords } from "./domains.ts";
import type { HostName } from "../../shared/names.ts";
import { dedupKeyOf, type Wanted } from "./incident-alerts.ts";
import { incidentOf } from "./incidents.ts";
import type { FiringAlert } from "./memory.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
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
  const known = names.get(firing) ?? new Set(stormRevision(firing).map(nameOf));
  names.set(firing, known);
  return known;
}

/** What a storm's page said as it was sent: the hosts that it names, with `downMark` behind those that are down. */
export function stormRevision({ revision }: Pick<FiringAlert, "revision">): readonly string[] {
  return revision.split(",");
}

/** No host's name has it. */
export const downMark = "!";

function nameOf(entry: string): string {
  return entry.endsWith(downMark) ? entry.slice(0, -downMark.length) : entry;
}

/**
 * Hosts that lived in this storm for a minute, silent or with failed storage, and are down now: they have no page of
 * their own while the storm has one, and who took note of that has not read of it. Once said it stands until it reports.
 */
function downHosts(
  state: GuardianState,
  scope: string,
  trouble: readonly HostName[],
): ReadonlySet<HostName> {
  const firing = state.memory.alerts[dedupKeyOf(state, undefined, kindOf(scope))];
  const said = new Set(firing === undefined ? [] : stormRevision(firing));
  const { lived = [] } = state.memory.storms[scope] ?? {};
  if (lived.length === 0) return none;
  return new Set(
    trouble.filter((name) => {
      if (!lived.includes(name)) return false;
      const { freshSince, assessment } = hostOf(state, name);
      const phase = incidentOf(state, name)?.phase.kind;
      if (freshSince !== undefined || phase === "evacuating" || phase === "ended") return false;
      if (said.has(name + downMark)) return true;
      if (assessment === undefined || assessment.verdict === "unknown") return false;
      return assessment.action === "fence" || assessment.action === "page";
    }),
  );
}

function kindOf(scope: string): string {
  return scope === wholeCloud ? "storm" : `storm-${scope.replaceAll(" ", "-")}`;
}

const none: ReadonlySet<HostName> = new Set();

function stormAlert(state: GuardianState, scope: string): Wanted {
  const { census } = state;
  const whole = scope === wholeCloud;
  const { trouble, limit } = (whole ? census : census.domains.get(scope)) ?? nobody;
  const down = downHosts(state, scope, trouble);
  return {
    kind: kindOf(scope),
    host: undefined,
    class: "page",
    // The title names no count: a host that joins must not look like another storm.
    title: whole ? words("alert.storm") : words("alert.storm-in", { scope }),
    why: () => [
      words("why.trouble", { count: trouble.length, hosts: trouble, limit }),
      ...(down.size === 0 ? [] : [words("why.storm-down", { hosts: [...down] })]),
      census.place === undefined ? words("why.no-place") : placeWords(census.place),
    ],
    impact: () => words("impact.hosts", { count: trouble.length }),
    next: words("todo.storm"),
    revision: trouble.map((name) => (down.has(name) ? name + downMark : name)).join(","),
  };
}

const nobody = { trouble: [], limit: 1 };
