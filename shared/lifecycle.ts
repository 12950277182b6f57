/** Orderly stop: named steps, last in first out, each bounded in time, all errors collected. */
import { describeError } from "./errors.ts";
import { withDeadline } from "./loop.ts";

export interface Lifecycle {
  /** Registers a step that undoes what was just started. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** Runs every step once; later calls return the same result. Resolves to what went wrong. */
  stop(): Promise<readonly string[]>;
}

export function createLifecycle(stepDeadlineMs = 5000): Lifecycle {
  const steps: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopped: Promise<readonly string[]> | undefined;

  async function drain(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const { name, stop } of steps.reverse()) {
      const work = (async (): Promise<string> => {
        try {
          await stop();
          return "";
        } catch (error) {
          return `${name}: ${describeError(error)}`;
        }
      })();
      const problem = await withDeadline(
        work,
        stepDeadlineMs,
        () => `${name}: still not stopped after ${stepDeadlineMs} ms`,
      );
      if (problem !== "") problems.push(problem);
    }
    return problems;
  }

  return {
    onStop: (name, stop) => void steps.push({ name, stop }),
    stop: () => (stopped ??= drain()),
  };
}
