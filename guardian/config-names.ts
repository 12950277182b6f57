/** What the configuration says beyond its shape: names that must lead somewhere, rows, levels. */
import { rowActionProblems } from "./core/policy-table.ts";

/** Groups and windows that name what is not there, or twice: a typing error must not go unnoticed. */
export function* unknownNames(config: {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly maintenanceWindows: readonly {
    readonly name: string;
    readonly hosts: readonly string[];
    readonly groups: readonly string[];
  }[];
}): Generator<readonly [readonly string[], string]> {
  const names = new Set<string>();
  for (const [index, window] of config.maintenanceWindows.entries()) {
    const path = ["maintenanceWindows", String(index)];
    if (names.has(window.name)) yield [[...path, "name"], `"${window.name}" is there already`];
    names.add(window.name);
    if (window.hosts.length + window.groups.length === 0) {
      yield [path, "names neither hosts nor groups"];
    }
    for (const [at, wanted] of window.groups.entries()) {
      if (config.groups[wanted] !== undefined) continue;
      const known = Object.keys(config.groups).join(", ") || "none";
      yield [[...path, "groups", String(at)], `no such group: ${wanted}; known: ${known}`];
    }
  }
}

/** Whether any host can be fenced. */
export function hasFenceable(
  hosts: Readonly<Record<string, { readonly power: readonly unknown[] }>>,
): boolean {
  return Object.values(hosts).some((entry) => entry.power.length > 0);
}

type Rows = Parameters<typeof rowActionProblems>[0];

/** Rows that are none, or that may not have their action, in the cloud and in each group. */
export function* rowProblems(config: {
  readonly rows: Rows;
  readonly groups: Readonly<Record<string, { readonly rows: Rows }>>;
}): Generator<readonly [readonly string[], string]> {
  for (const [row, text] of rowActionProblems(config.rows)) yield [["rows", row], text];
  for (const [name, { rows }] of Object.entries(config.groups)) {
    for (const [row, text] of rowActionProblems(rows)) yield [["groups", name, "rows", row], text];
  }
}

/** What has devices is a level, whether it says so or not. */
export function asLevel(entry: unknown): unknown {
  const isLevel = typeof entry === "object" && entry !== null && "devices" in entry;
  return isLevel && !("kind" in entry) ? { kind: "level", ...entry } : entry;
}
