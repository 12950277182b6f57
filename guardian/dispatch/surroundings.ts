/** What the dispatcher must know of the core's state: what fires, where its hosts are, who is in a storm. */
import type { HostName } from "../../shared/names.ts";
import type { FiringAlert } from "../core/memory.ts";
import { groupsOf } from "../core/modes.ts";
import type { GuardianState } from "../core/state.ts";
import { stormRevision } from "../core/storm-alerts.ts";
import { wholeCloud } from "../core/storm.ts";
import type { AlertMessage } from "../ports.ts";
import type { Sighting } from "./events.ts";
import type { Place, StormScope } from "./model.ts";

const nowhere: Place = { domains: [], groups: [] };

/** An alert of the core with where its host is. */
export function sightingOf(state: GuardianState, message: AlertMessage): Sighting {
  return { message, place: placeOfHost(state, message.host) };
}

/** All that fires by the core's memory, which it keeps over restarts. */
export function firingSightings(state: GuardianState): readonly Sighting[] {
  return Object.values(state.memory.alerts).map(({ message, acknowledgedBy }) => ({
    ...sightingOf(state, message),
    acknowledgedBy,
  }));
}

/** By the alert, so that a storm of a thousand hosts is taken apart once. */
const names = new WeakMap<FiringAlert, readonly string[]>();

/** What the core's revision of a storm's page says: a host that is down now is news as one that joins is. */
function namesIn(firing: FiringAlert | undefined): readonly string[] {
  if (firing === undefined) return [];
  const known = names.get(firing) ?? stormRevision(firing);
  names.set(firing, known);
  return known;
}

function placeOfHost(state: GuardianState, host: HostName | undefined): Place {
  if (host === undefined) return nowhere;
  const domains = state.hosts.get(host)?.domains ?? [];
  return { domains, groups: groupsOf(state, host) };
}

/**
 * The storms of now, each with the hosts that its page speaks for. A host whose moves have begun, or ended, is
 * not among them: what happens to its servers is more than the storm says.
 */
export function stormScopes(state: GuardianState): readonly StormScope[] {
  const { storms, incidents } = state.memory;
  const isMoved = (host: HostName): boolean => {
    const phase = incidents.get(host)?.phase.kind;
    return phase === "evacuating" || phase === "ended";
  };
  const all = Object.keys(storms).sort();
  // One page for the whole cloud covers those of its domains.
  const scopes = all.includes(wholeCloud) ? [wholeCloud] : all;
  return scopes.map((scope) => {
    const whole = scope === wholeCloud;
    const census = whole ? state.census : state.census.domains.get(scope);
    const kind = whole ? "storm" : `storm-${scope.replaceAll(" ", "-")}`;
    const hosts = new Set((census?.trouble ?? []).filter((host) => !isMoved(host)));
    const key = `guardian/${state.settings.cloud}/guardian/${kind}`;
    return { key, hosts, named: namesIn(state.memory.alerts[key]) };
  });
}
