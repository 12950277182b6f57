/** The newest row of each host and path that the store has not acknowledged: as bounded as the cloud, however long it is away. */
import type { TimedRow } from "../ports.ts";

export interface NewestRows {
  put(rows: readonly TimedRow[]): void;
  /** All that wait; the caller stores them or gives them back. */
  take(): readonly TimedRow[];
  /** Rows that were not acknowledged; those with a newer one waiting are forgotten. */
  giveBack(rows: readonly TimedRow[]): void;
  size(): number;
}

export function createNewestRows(): NewestRows {
  const waiting = new Map<string, TimedRow>();
  const keyOf = ({ row }: TimedRow): string => `${row.host}/${row.path}`;
  return {
    put(rows) {
      for (const row of rows) waiting.set(keyOf(row), row);
    },
    take() {
      const rows = [...waiting.values()];
      waiting.clear();
      return rows;
    },
    giveBack(rows) {
      for (const row of rows) if (!waiting.has(keyOf(row))) waiting.set(keyOf(row), row);
    },
    size: () => waiting.size,
  };
}
