/**
 * Wall time for stored rows that never steps back: a store's "newest" goes by time, so a step back
 * of the clock would hide every new row behind the old ones for as long as the step was.
 */
import type { Clock } from "../../shared/clock.ts";

/** Wall ms; after a step back it goes on at the pace of the monotonic clock. */
export function createForwardWallClock(clock: Clock): () => number {
  let lastWallMs: number = clock.wallMs();
  let lastMonoMs: number = clock.monoMs();
  return () => {
    const nowMonoMs = clock.monoMs();
    lastWallMs = Math.max(clock.wallMs(), Math.floor(lastWallMs + (nowMonoMs - lastMonoMs)));
    lastMonoMs = nowMonoMs;
    return lastWallMs;
  };
}
