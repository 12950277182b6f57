/** What is printed, in the form that was asked for. No colours: NO_COLOR has nothing to switch off. */
import { csvOf } from "./api/csv.ts";
import { formatYaml } from "./config.ts";
import { formatOutput } from "./core/table.ts";

export const formats = ["table", "json", "yaml", "csv", "value"] as const;

export interface Output {
  readonly format: (typeof formats)[number];
  /** These alone, in this order; all when there are none. */
  readonly column: readonly string[];
  /** Lists in the order of this one: numbers by size, all else as text. */
  readonly sortColumn?: string | undefined;
  /** JSON in one line. */
  readonly noindent?: boolean | undefined;
}

/** Records as text. Throws when a column is not known. */
export function formatAs(given: unknown, output: Output): string {
  const { format, column, sortColumn, noindent } = output;
  const value = sortColumn === undefined ? given : sorted(given, sortColumn);
  const chosen = column.length === 0 ? value : choose(value, column);
  if (format === "json") return JSON.stringify(chosen, undefined, noindent === true ? 0 : 2);
  if (format === "yaml") return formatYaml(chosen);
  if (format === "csv") {
    const records = Array.isArray(chosen)
      ? (chosen as readonly object[])
      : [Object(chosen) as object];
    return csvOf(records).trimEnd();
  }
  return harmless(formatOutput(chosen, format));
}

function sorted(value: unknown, name: string): unknown {
  if (!Array.isArray(value)) return value;
  const records = value as readonly unknown[];
  checkColumns(records, [name]);
  const of = (record: unknown): unknown => Reflect.get(Object(record), name);
  return records.toSorted((left, right) => {
    const [one, other] = [of(left), of(right)];
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  });
}

function checkColumns(records: readonly unknown[], names: readonly string[]): void {
  const known = new Set(records.flatMap((record) => Object.keys(Object(record))));
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined || records.length === 0) return;
  throw new Error(`no column ${unknown}; there are: ${[...known].join(", ")}`);
}

function choose(value: unknown, column: readonly string[]): unknown {
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  checkColumns(records, column);
  const pick = (record: unknown): object =>
    Object.fromEntries(column.map((name) => [name, Reflect.get(Object(record), name)]));
  return Array.isArray(value) ? value.map(pick) : pick(value);
}

/** A server's name may hold what a terminal obeys: escapes, and marks that turn the text around. */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "?");
}
