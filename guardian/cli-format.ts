/** What is printed, in the form that was asked for. No colours: NO_COLOR has nothing to switch off. */
import { csvOf } from "./api/csv.ts";
import { formatYaml } from "./config.ts";
import { formatOutput } from "./core/table.ts";

export const formats = ["table", "json", "yaml", "csv", "value"] as const;

export interface Output {
  readonly format: (typeof formats)[number];
  /** These alone, in this order; all when there are none. */
  readonly column: readonly string[];
}

/** Records as text. Throws when a column is not known. */
export function formatAs(value: unknown, { format, column }: Output): string {
  const chosen = column.length === 0 ? value : choose(value, column);
  if (format === "json") return JSON.stringify(chosen, undefined, 2);
  if (format === "yaml") return formatYaml(chosen);
  if (format === "csv") {
    const records = Array.isArray(chosen)
      ? (chosen as readonly object[])
      : [Object(chosen) as object];
    return csvOf(records).trimEnd();
  }
  return harmless(formatOutput(chosen, format));
}

function choose(value: unknown, column: readonly string[]): unknown {
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  const known = new Set(records.flatMap((record) => Object.keys(Object(record))));
  const unknown = column.find((name) => !known.has(name));
  if (unknown !== undefined && records.length > 0) {
    throw new Error(`no column ${unknown}; there are: ${[...known].join(", ")}`);
  }
  const pick = (record: unknown): object =>
    Object.fromEntries(column.map((name) => [name, Reflect.get(Object(record), name)]));
  return Array.isArray(value) ? value.map(pick) : pick(value);
}

/** A server's name may hold what a terminal obeys: escapes, and marks that turn the text around. */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "?");
}
