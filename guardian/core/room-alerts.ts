/** What should be said while servers are moved that will find no place. */
import type { Assessment } from "./assessment.ts";
import { forecastWords, unplacedWords } from "./forecast.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { openForecast } from "./room.ts";
import type { Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

const namesMax = 10;

/**
 * Told before the first of them is tried, so that people can make room meanwhile. A page where Placement
 * counted: Nova's scheduler asks it, too. Hypervisors know no overcommit, and may be wrong.
 */
export function roomAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  phase: Evacuating,
): Wanted | undefined {
  const found = openForecast(phase);
  if (found === undefined) return undefined;
  const { unplaced } = found;
  const names = unplaced.map(({ name }) => name);
  const more = names.length - namesMax;
  const shown =
    more > 0 ? words("list.more", { names: names.slice(0, namesMax), count: more }) : names;
  return about(state, host, assessment, {
    kind: "no-room",
    class: found.by.kind === "placement" ? "page" : "notification",
    title: words("alert.no-room", { host: host.host, servers: shown }),
    why: () => [
      ...unplaced.slice(0, namesMax).map((one) => unplacedWords(found, one)),
      forecastWords(found),
    ],
    impact: () => words("impact.no-room", { count: unplaced.length }),
    next: words("todo.no-room"),
  });
}
