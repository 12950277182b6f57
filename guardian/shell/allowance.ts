/** So many at once, and so many a minute after that, for each name; names are bounded, too. */
import type { Clock } from "../../shared/clock.ts";

export interface Allowance {
  /** Takes one; false when there is none left. */
  take(name: string): boolean;
  /** Whether there is one left. */
  has(name: string): boolean;
}

const namesMax = 4096;

export function createAllowance(
  clock: Clock,
  { burst, perMinute }: { readonly burst: number; readonly perMinute: number },
): Allowance {
  const left = new Map<string, { readonly left: number; readonly atMs: number }>();
  function now(name: string): number {
    const last = left.get(name);
    if (last === undefined) return burst;
    return Math.min(burst, last.left + ((clock.monoMs() - last.atMs) / 60_000) * perMinute);
  }
  return {
    has: (name) => now(name) >= 1,
    take(name) {
      const current = now(name);
      if (current < 1) return false;
      left.delete(name);
      if (left.size >= namesMax) {
        // The one that was not heard of for the longest time has most likely its full measure again.
        const [oldest = ""] = left.keys();
        left.delete(oldest);
      }
      left.set(name, { left: current - 1, atMs: clock.monoMs() });
      return true;
    },
  };
}
