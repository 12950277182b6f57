/** Leaves faults out of a failing plan, one by one, as long as it breaks the same promise. */
import { play, type RunResult } from "./play.ts";
import type { Plan, PlannedFault } from "./plan.ts";

export interface Shrunk {
  readonly plan: Plan;
  readonly result: RunResult;
  readonly tries: number;
}

/** The shortest story that was found; `result` is of a plan that breaks a promise. */
export function shrink(plan: Plan, first: RunResult): Shrunk {
  const wanted = invariantOf(first);
  let best: Shrunk = { plan, result: first, tries: 0 };
  let tries = 0;
  const attempt = (faults: readonly PlannedFault[]): boolean => {
    tries += 1;
    const smaller = { ...best.plan, faults };
    const result = play(smaller);
    if (invariantOf(result) !== wanted) return false;
    best = { plan: smaller, result, tries };
    return true;
  };
  // Again and again, since a fault may be needed only as long as another one is there.
  for (let shrunk = true; shrunk;) {
    shrunk = false;
    for (let at = best.plan.faults.length - 1; at >= 0; at -= 1) {
      const without = best.plan.faults.filter((_, index) => index !== at);
      if (attempt(without)) shrunk = true;
    }
  }
  return { ...best, result: play(best.plan, true), tries };
}

/** "4", of the first violation; undefined when there is none. */
export function invariantOf(result: RunResult): string | undefined {
  return /invariant (\d+)/.exec(result.violations[0] ?? "")?.[1];
}

/** Lines of a story around its violations: what the world did, and the guardian's own words. */
export function story(result: RunResult): readonly string[] {
  const first = result.log.findIndex((line) => line.includes("VIOLATION"));
  const end = first < 0 ? result.log.length : first + 3;
  const told = result.log.slice(0, end);
  const settled = told.findIndex((line) => line.endsWith("settled"));
  return told.slice(Math.max(0, settled)).slice(-80);
}
