/**
 * Every liveness row that the store has not acknowledged and that is not on the disk: what is overdue goes to the
 * spool. While the store answers within the time allowed, nothing does.
 */
import type { MonoMs } from "../../shared/time.ts";
import type { TimedRow } from "../ports.ts";

export interface Unacknowledged {
  put(rows: readonly TimedRow[]): void;
  /** The store has them; how many of them had not gone to the spool meanwhile. */
  acknowledged(rows: readonly TimedRow[]): number;
  /** Takes what arrived before that instant; the caller puts it on the disk. */
  takeBefore(arrivalMs: MonoMs): readonly TimedRow[];
  size(): number;
  /** Rows given up because the disk took none for too long; counted once. */
  takeGivenUp(): number;
}

export function createUnacknowledged(rowsMax: number): Unacknowledged {
  const waiting = new Set<TimedRow>();
  let givenUp = 0;
  return {
    put(rows) {
      for (const row of rows) waiting.add(row);
      for (const row of waiting) {
        if (waiting.size <= rowsMax) break;
        waiting.delete(row);
        givenUp += 1;
      }
    },
    acknowledged(rows) {
      let count = 0;
      for (const row of rows) if (waiting.delete(row)) count += 1;
      return count;
    },
    takeBefore(arrivalMs) {
      const taken: TimedRow[] = [];
      for (const row of waiting) {
        if (row.row.arrivalMs >= arrivalMs) break;
        taken.push(row);
        waiting.delete(row);
      }
      return taken;
    },
    size: () => waiting.size,
    takeGivenUp() {
      const rows = givenUp;
      givenUp = 0;
      return rows;
    },
  };
}
