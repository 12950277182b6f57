/** One page for a storm, that names its hosts and what they share. */
import { placeWords } from "./domains.ts";
import type { Wanted } from "./incident-alerts.ts";
import type { GuardianState } from "./state.ts";
import { wholeCloud } from "./storm.ts";
import { words } from "./words.ts";

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
