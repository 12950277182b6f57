/** Which row of a table matches: the first one that takes every signal. */
import { signalValues, type Signals } from "./assessment.ts";
import type { Row } from "./verdict-table.ts";

/** The first row that matches. */
export function matchRow(table: readonly Row[], signals: Signals): Row | undefined {
  const { reports, checks, rows } = compiled(table);
  // Most of a cloud is healthy: these two alone leave a handful of rows to look at.
  const candidates =
    rows[reports.indexOf(signals.reports) * checks.length + checks.indexOf(signals.checks)];
  return candidates?.find((row) => rowMatches(row, signals));
}

function rowMatches(row: Row, signals: Signals): boolean {
  for (const key in row.when) {
    const name = key as keyof Signals;
    const wanted: readonly string[] | undefined = row.when[name];
    if (wanted !== undefined && !wanted.includes(signals[name])) return false;
  }
  return true;
}

interface CompiledTable {
  readonly reports: readonly string[];
  readonly checks: readonly string[];
  /** Rows that may match, in order, by index of `reports` and `checks`. */
  readonly rows: readonly (readonly Row[])[];
}

const compiledTables = new WeakMap<readonly Row[], CompiledTable>();

function compiled(table: readonly Row[]): CompiledTable {
  const known = compiledTables.get(table);
  if (known !== undefined) return known;
  const { reports, checks } = signalValues;
  const rows = reports.flatMap((report) =>
    checks.map((check) =>
      table.filter(
        ({ when }) =>
          (when.reports?.includes(report) ?? true) && (when.checks?.includes(check) ?? true),
      ),
    ),
  );
  const result = { reports, checks, rows };
  compiledTables.set(table, result);
  return result;
}
