/** A collector that cannot be heard while others can: told before the last one goes, too. */
import type { Wanted } from "./incident-alerts.ts";
import type { GuardianState } from "./state.ts";
import { durationWords, words } from "./words.ts";

/** Longer than a restart of a collector takes, or of its machine's network. */
const mutedMs = 60_000;

/** While none can be heard at all, the page about our eyes says so. */
export function collectorAlerts(state: GuardianState): readonly Wanted[] {
  const { voting } = state.round;
  const { collectors } = state.settings;
  if (voting.length === 0 || voting.length === collectors.length) return [];
  const wanted: Wanted[] = [];
  for (const collector of collectors) {
    if (voting.some(({ id }) => id === collector)) continue;
    const heardAt = state.collectors.get(collector)?.seenAt ?? state.startedAt;
    const mutedForMs = state.now - Math.max(heardAt, state.startedAt);
    if (mutedForMs < mutedMs) continue;
    const others = voting.map(({ id }) => id);
    wanted.push({
      kind: `collector-${collector}`,
      host: undefined,
      class: "ticket",
      title: words("alert.collector", { collector }),
      why: () => [words("why.collector", { limit: durationWords(mutedMs), others })],
      impact: () => words("impact.collector", { others }),
      next: words("todo.collector"),
    });
  }
  return wanted;
}
