/**
 * What is dear to make is made seldom: a view is kept for twenty times as long as it took, so that however
 * many people look, the decision loop loses a twentieth of its time at most. In a small cloud that is no time.
 */
import type { Clock } from "../../shared/clock.ts";

const share = 20;
const viewsMax = 64;

export interface KeptViews {
  of<T>(name: string, make: () => T): T;
}

export function createKeptViews(clock: Clock): KeptViews {
  const kept = new Map<string, { readonly view: unknown; readonly untilMs: number }>();
  return {
    of<T>(name: string, make: () => T): T {
      const beganMs = clock.monoMs();
      const found = kept.get(name);
      if (found !== undefined && beganMs < found.untilMs) return found.view as T;
      const view = make();
      const endedMs = clock.monoMs();
      if (kept.size >= viewsMax) kept.clear();
      kept.set(name, { view, untilMs: endedMs + share * (endedMs - beganMs) });
      return view;
    },
  };
}
