/** Records as people and scripts want them: tables as `openstack` prints them, JSON, or values. */

export type Format = "table" | "json" | "value";

/** A list becomes one row per record, a single record one row per field. */
export function formatOutput(value: unknown, format: Format): string {
  if (format === "json") return JSON.stringify(value, undefined, 2);
  const list = Array.isArray(value);
  if (list && value.length === 0 && format === "table") return "none";
  const rows = list ? value.map(fieldsOf) : pairsOf(value);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => columns.map((column) => row[column] ?? ""));
  if (format === "value") return cells.map((line) => line.join(" ")).join("\n");
  return drawTable(columns, cells);
}

type Fields = Readonly<Record<string, string>>;

function fieldsOf(record: unknown): Fields {
  return Object.fromEntries(
    Object.entries(Object(record)).map(([name, value]) => [name, cell(value)]),
  );
}

/** One row per line of a field, so that evidence reads as a list. */
function pairsOf(record: unknown): readonly Fields[] {
  return Object.entries(Object(record)).flatMap(([field, value]) => {
    const lines = Array.isArray(value) && value.length > 0 ? value.map(cell) : [cell(value)];
    return lines.map((line, at) => ({ Field: at === 0 ? field : "", Value: line }));
  });
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return value.toString();
  if (Array.isArray(value)) return value.map(cell).join("; ");
  return Object.entries(Object(value))
    .map(([name, inner]) => `${name}: ${cell(inner)}`)
    .join(", ");
}

function drawTable(columns: readonly string[], cells: readonly (readonly string[])[]): string {
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...cells.map((line) => (line[at] ?? "").length)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const line = (values: readonly string[]): string =>
    `| ${values.map((value, at) => value.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  return [rule, line(columns), rule, ...cells.map(line), rule].join("\n");
}
