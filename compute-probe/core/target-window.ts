/** The last outcomes of one target: whether it is reached now, what is lost, and how long an echo takes. */

export interface Outcome {
  readonly atMs: number;
  /** Undefined: no answer. */
  readonly rttMs: number | undefined;
}

export type TargetWindow = readonly Outcome[];

const outcomesMax = 30;

export function withOutcome(window: TargetWindow, outcome: Outcome): TargetWindow {
  return [...window.slice(1 - outcomesMax), outcome];
}

/** What is known of it now: an outcome that is too old says nothing any more. */
export function reachOf(
  window: TargetWindow,
  nowMs: number,
  validForMs: number,
): "reached" | "lost" | "nothing" {
  const last = window.at(-1);
  if (last === undefined || nowMs - last.atMs > validForMs) return "nothing";
  return last.rttMs === undefined ? "lost" : "reached";
}

/** Share of the last outcomes without an answer, 0 to 1. */
export function lossOf(window: TargetWindow): number {
  if (window.length === 0) return 0;
  return window.filter(({ rttMs }) => rttMs === undefined).length / window.length;
}

/** Median of the answered; undefined: none was. */
export function medianRttMs(window: TargetWindow): number | undefined {
  const answered = window.flatMap(({ rttMs }) => (rttMs === undefined ? [] : [rttMs]));
  return answered.sort((left, right) => left - right)[Math.floor(answered.length / 2)];
}
