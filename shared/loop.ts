/**
 * The only scheduler: run a round, measure it, sleep the rest of the period. Rounds never overlap,
 * and a round that throws ends the loop with that error instead of an unhandled rejection.
 */
import type { Clock } from "./clock.ts";

/** Resolves after `ms`, or at once when `signal` is aborted. Never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.max(0, ms));
    signal?.addEventListener("abort", finish, { once: true });
  });
}

/** Runs `round` every `periodMs`, start to start, until `signal` is aborted. It may change meanwhile. */
export async function runLoop(
  clock: Clock,
  periodMs: number | (() => number),
  signal: AbortSignal,
  round: () => Promise<void> | void,
): Promise<void> {
  let due = clock.monoMs() as number;
  while (!signal.aborted) {
    await round();
    const now = clock.monoMs();
    // A late round is not made up for: two rounds back to back would see the same world twice.
    due = Math.max(due + (typeof periodMs === "number" ? periodMs : periodMs()), now);
    await sleep(due - now, signal);
  }
}

/** `work`, or `fallback()` when it has not settled within `deadlineMs`. The work is not cancelled. */
export function withDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
  fallback: () => T,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => resolve(fallback()), deadlineMs);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
