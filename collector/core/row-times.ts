/**
 * The wall time of each row's arrival, no two alike for one host and path: in a store of time series they would be one
 * point, and the second would replace the first.
 */
import type { LivenessRow } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { TimedRow } from "../ports.ts";

export interface Instant {
  readonly monoMs: MonoMs;
  readonly wallMs: number;
}

/** Gives rows their times; call it with rows in the order of their arrival. */
export function createRowTimes(): (
  rows: readonly LivenessRow[],
  now: Instant,
) => readonly TimedRow[] {
  const lastMs = new Map<string, number>();
  return (rows, now) =>
    rows.map((row) => {
      const key = `${row.host}/${row.path}`;
      const arrivedMs = Math.floor(now.wallMs - (now.monoMs - row.arrivalMs));
      const wallMs = Math.max(arrivedMs, (lastMs.get(key) ?? 0) + 1);
      lastMs.set(key, wallMs);
      return { row, wallMs };
    });
}
