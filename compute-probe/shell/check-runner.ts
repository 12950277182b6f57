/**
 * Runs each check on its own interval. Nobody waits for a round that does not end: it goes on by itself, the check ages,
 * and no other round of it begins until it has ended.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { runLoop, sleep, withDeadline } from "../../shared/loop.ts";
import { standingOf, type Standing, type Summary } from "../core/standing.ts";

export interface Check {
  readonly name: string;
  readonly everyMs: () => number;
  /** By then a round of it should have ended; it bounds itself, this is for what it did not think of. */
  readonly deadlineMs: number;
  round(): Promise<void>;
  summary(): Summary | undefined;
}

export interface CheckRunner {
  /** Until the signal; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Each check once; settles by the greatest deadline at the latest. */
  runOnce(): Promise<void>;
  standings(): readonly Standing[];
  /** Begins a round of a check now, unless one is under way. */
  hurry(name: string): Promise<void>;
}

/** First rounds are spread over so much of their interval, so that hosts do not all write at once. */
const jitterShare = 0.2;
const secondLooksMax = 12;
const secondLookAfterMs = 300;

export function createCheckRunner(options: {
  readonly checks: readonly Check[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}): CheckRunner {
  const { checks, clock, log } = options;
  const started = new Map<string, number>();
  const beganMs = clock.monoMs();

  async function round(check: Check): Promise<void> {
    if (started.has(check.name)) return;
    started.set(check.name, clock.monoMs());
    try {
      await check.round();
    } catch (error) {
      // A bug of ours or a host that cannot even fork: the check ages, the report goes on.
      const fields = { event: "check-failed", check: check.name, error: describeError(error) };
      log.error(fields, "a check failed in itself");
    } finally {
      started.delete(check.name);
    }
  }

  return {
    async run(signal) {
      await Promise.all(
        checks.map(async (check) => {
          await sleep(options.random() * jitterShare * check.everyMs(), signal);
          await runLoop(clock, check.everyMs, signal, () =>
            withDeadline(round(check), check.deadlineMs, () => undefined),
          );
        }),
      );
    },
    async runOnce() {
      const all = async (wanted: readonly Check[]): Promise<void> => {
        const rounds = wanted.map((check) =>
          withDeadline(round(check), check.deadlineMs, () => undefined),
        );
        await Promise.all(rounds);
      };
      await all(checks);
      // Echoes take a moment; a check without a result by then has none.
      for (let tries = 0; tries < secondLooksMax; tries += 1) {
        const silent = checks.filter((check) => check.summary() === undefined);
        if (silent.length === 0) return;
        await sleep(secondLookAfterMs);
        await all(silent);
      }
    },
    standings() {
      const nowMs = clock.monoMs();
      return checks.map((check) => {
        const { name, deadlineMs } = check;
        const run = { name, deadlineMs, everyMs: check.everyMs(), beganMs };
        const startedMs = started.get(name);
        return standingOf({ ...run, summary: check.summary(), startedMs }, nowMs);
      });
    },
    async hurry(name) {
      const check = checks.find((one) => one.name === name);
      if (check !== undefined) await round(check);
    },
  };
}
