/** Which hosts the grid shows, in which groups and order. */
import type { HostLine } from "./records.ts";
import type { Grouping } from "./state.ts";

export interface HostGroup {
  /** "" for those that stand nowhere. */
  readonly name: string;
  readonly hosts: readonly HostLine[];
}

/** Worst first, where hosts are grouped by verdict. */
const verdictOrder = ["dead", "hung", "silent", "isolated", "degraded", "unknown", "healthy"];

export function groupHosts(
  hosts: readonly HostLine[],
  by: Grouping,
  search: string,
): readonly HostGroup[] {
  const wanted = search.trim().toLowerCase();
  const groups = new Map<string, HostLine[]>();
  for (const line of hosts) {
    const { host, verdict, nova, domains, maintenance, held } = line;
    const text = [host, verdict, nova, domains, maintenance, held].join(" ").toLowerCase();
    if (!text.includes(wanted)) continue;
    const name = by === "verdict" ? verdict : by === "zone" ? line.zone : placeOf(domains, by);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [line]);
    else group.push(line);
  }
  const sorted = [...groups].map(([name, list]) => {
    return { name, hosts: list.toSorted((a, b) => compareNames(a.host, b.host)) };
  });
  return sorted.toSorted((a, b) => compareGroups(a.name, b.name, by));
}

/** "B7" of "rack B7, zone nova". */
function placeOf(domains: string, kind: string): string {
  const found = domains.split(", ").find((domain) => domain.startsWith(`${kind} `));
  return found?.slice(kind.length + 1) ?? "";
}

function compareGroups(a: string, b: string, by: Grouping): number {
  if (by === "verdict") return verdictOrder.indexOf(a) - verdictOrder.indexOf(b);
  if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
  return compareNames(a, b);
}

/** compute-2 before compute-10. */
const names = new Intl.Collator("en", { numeric: true });

export function compareNames(a: string, b: string): number {
  return names.compare(a, b);
}

/** How many of each verdict there are, worst first. */
export function tally(hosts: readonly HostLine[]): readonly (readonly [string, number])[] {
  return verdictOrder.flatMap((verdict) => {
    const count = hosts.filter((line) => line.verdict === verdict).length;
    return count === 0 ? [] : [[verdict, count] as const];
  });
}
