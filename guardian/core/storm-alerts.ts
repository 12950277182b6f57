/** One page for a storm, that names its hosts and what they share. */
import { placeWords } from "./domains.ts";
import type { Wanted } from "./incident-alerts.ts";
import type { GuardianState } from "./state.ts";
import { wholeCloud } from "./storm.ts";
import { render } from "./words.ts";

/** A storm in the whole cloud covers those in its domains: one page, not one a rack. */
export function stormAlerts(state: GuardianState): readonly Wanted[] {
  const scopes = Object.keys(state.memory.storms).sort();
  if (scopes.includes(wholeCloud)) return [stormAlert(state, wholeCloud)];
  return scopes.map((scope) => stormAlert(state, scope));
}

function stormAlert(state: GuardianState, scope: string): Wanted {
  const { census } = state;
  const whole = scope === wholeCloud;
  const { trouble, limit } = (whole ? census : census.domains.get(scope)) ?? nobody;
  return {
    kind: whole ? "storm" : `storm-${scope.replaceAll(" ", "-")}`,
    host: undefined,
    class: "page",
    // The title names no count: a host that joins must not look like another storm.
    title: whole
      ? "storm: more hosts are in trouble than may be acted on by itself"
      : `storm in ${scope}: more of its hosts are in trouble than may be acted on by itself`,
    why: () => [
      `${trouble.length} in trouble (${trouble.join(", ")}), limit <= ${limit}`,
      census.place === undefined
        ? "no rack, switch, feed, zone or aggregate that we know explains it"
        : render(placeWords(census.place)),
    ],
    impact: `${trouble.length} hosts`,
    next: "look for what they share; nothing new is fenced there until they recover and stay well; a host that must not wait: guardian incident approve ID, or --all",
    revision: trouble.join(","),
  };
}

const nobody = { trouble: [], limit: 1 };
