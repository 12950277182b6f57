/**
 * Channels that must know what fires now, not only what changes: Alertmanager is told again while an
 * alert fires, PagerDuty when somebody has acknowledged it. Read from the guardian's state in each
 * round; a channel that fails is tried in the next one, and holds up no other.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { runLoop, withDeadline } from "../../shared/loop.ts";
import type { AlertMessage, Notifier } from "../ports.ts";

export interface StandingAlert {
  readonly message: AlertMessage;
  readonly acknowledged: boolean;
  /** The channel that it says is broken: never told to that one. */
  readonly about?: string | undefined;
  /** How often it has become another alert since this channel was told that it began. */
  readonly generationOn?: (channel: string) => number;
}

export interface FollowingNotifier extends Notifier {
  readonly followEveryMs: number;
  /** Settles within the deadline; undefined when all went well, else what did not. */
  follow(standing: readonly StandingAlert[], deadlineMs: number): Promise<string | undefined>;
}

export interface FollowOptions {
  readonly notifiers: readonly Notifier[];
  readonly standing: () => readonly StandingAlert[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Of one round of one channel. */
  readonly deadlineMs?: number;
}

/** Runs until the signal; the first round comes at once. Never rejects. */
export async function followAlerts(options: FollowOptions): Promise<void> {
  const { notifiers, clock, signal } = options;
  await Promise.all(
    notifiers.filter(isFollowing).map((notifier) => {
      const told: Told = { problem: undefined };
      return runLoop(clock, notifier.followEveryMs, signal, () => round(options, notifier, told));
    }),
  );
}

/** Whether a channel wants to know what fires, not only what changes. */
export function isFollowing(notifier: Notifier): notifier is FollowingNotifier {
  return "follow" in notifier;
}

interface Told {
  problem: string | undefined;
}

async function round(
  { standing, log, deadlineMs = 10_000 }: FollowOptions,
  notifier: FollowingNotifier,
  told: Told,
): Promise<void> {
  const { name } = notifier;
  let problem: string | undefined;
  try {
    const others = standing().filter(({ about }) => about !== name);
    const work = notifier.follow(others, deadlineMs);
    const late = `${name}: no answer within ${deadlineMs} ms`;
    problem = await withDeadline(work, deadlineMs + 100, () => late);
  } catch (error) {
    problem = `${name}: ${describeError(error)}`;
  }
  // Said again only when it changes, as the outbox does.
  if (problem !== undefined && problem !== told.problem) {
    log.warn(
      { event: "alerts-not-refreshed", notifier: name, reason: problem },
      "alerts not refreshed",
    );
  }
  told.problem = problem;
}
