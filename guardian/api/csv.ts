/** Records as CSV (RFC 4180), safe to open in a spreadsheet. */

/** Columns are those of the first record. */
export function csvOf(records: readonly object[]): string {
  const columns = Object.keys(records[0] ?? {});
  const lines = records.map((record) =>
    columns.map((column) => csvCell(Reflect.get(record, column))).join(","),
  );
  return `${[columns.map(csvCell).join(","), ...lines].join("\r\n")}\r\n`;
}

/** A text that a spreadsheet would run as a formula gets a quote in front. */
export function csvCell(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : value == null ? "" : JSON.stringify(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
