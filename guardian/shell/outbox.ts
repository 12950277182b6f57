/**
 * Between the decision loop and the channels: a bounded queue for each notifier, tried again with
 * growing pauses. Nobody waits for it, and a channel that hangs holds up no other. In memory only:
 * what waits here is lost with the process, and a durable outbox is later work.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep, withDeadline } from "../../shared/loop.ts";
import type { Random } from "../../shared/random.ts";
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";

export interface OutboxOptions {
  readonly notifiers: readonly Notifier[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Waiting messages per notifier; the oldest that is no page gives way. */
  readonly waitingMax?: number;
  /** Limit of one try. */
  readonly tryDeadlineMs?: number;
  /** First pause after a failure; doubled each time, up to `pauseMaxMs`. */
  readonly pauseMs?: number;
  readonly pauseMaxMs?: number;
  /** After this long a message is given up. */
  readonly giveUpMs?: number;
}

export interface OutboxCounts {
  readonly notifier: string;
  readonly waiting: number;
  readonly delivered: number;
  readonly failedTries: number;
  readonly dropped: number;
  /** What the latest try said when it failed; undefined after a delivery. */
  readonly problem: string | undefined;
}

export interface Outbox {
  /** Queues a message for every notifier. Never waits and never throws. */
  post(message: AlertMessage): void;
  counts(): readonly OutboxCounts[];
  /** Tries to deliver what waits, for at most `graceMs`, then stops. */
  stop(graceMs: number): Promise<void>;
}

interface Waiting {
  readonly message: AlertMessage;
  readonly postedMs: number;
}

interface Lane {
  readonly notifier: Notifier;
  readonly waiting: Waiting[];
  working: Promise<void> | undefined;
  counts: Omit<OutboxCounts, "notifier" | "waiting">;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { clock, log, waitingMax = 500 } = options;
  const stopped = new AbortController();
  const lanes: readonly Lane[] = options.notifiers.map((notifier) => ({
    notifier,
    waiting: [],
    working: undefined,
    counts: { delivered: 0, failedTries: 0, dropped: 0, problem: undefined },
  }));

  function drop(lane: Lane, message: AlertMessage, why: string): void {
    lane.counts = { ...lane.counts, dropped: lane.counts.dropped + 1 };
    const fields = { event: "alert-dropped", notifier: lane.notifier.name, why };
    log.error(
      { ...fields, alert: message.id, kind: message.kind, title: message.title },
      "alert dropped",
    );
  }

  function enqueue(lane: Lane, message: AlertMessage): void {
    lane.waiting.push({ message, postedMs: clock.monoMs() });
    if (lane.waiting.length > waitingMax) {
      // The first is being sent right now, so it is never the one that gives way.
      const spare = lane.waiting.findIndex((one, at) => at > 0 && one.message.class !== "page");
      const [gone] = lane.waiting.splice(spare > 0 ? spare : 1, 1);
      if (gone !== undefined) drop(lane, gone.message, `more than ${waitingMax} waiting`);
    }
    lane.working ??= work(options, lane, stopped.signal, drop).finally(() => {
      lane.working = undefined;
    });
  }

  return {
    post: (message) => lanes.forEach((lane) => enqueue(lane, message)),
    counts: () =>
      lanes.map(({ notifier, waiting, counts }) => ({
        notifier: notifier.name,
        waiting: waiting.length,
        ...counts,
      })),
    async stop(graceMs) {
      const all = Promise.all(lanes.map((lane) => lane.working ?? Promise.resolve()));
      await withDeadline(
        all.then(() => undefined),
        graceMs,
        () => undefined,
      );
      stopped.abort();
      for (const lane of lanes) {
        for (const { message } of lane.waiting.splice(0)) drop(lane, message, "stopped");
      }
    },
  };
}

/** Delivers what waits for one notifier, in order, until nothing waits. */
async function work(
  options: OutboxOptions,
  lane: Lane,
  signal: AbortSignal,
  drop: (lane: Lane, message: AlertMessage, why: string) => void,
): Promise<void> {
  const { clock, random, pauseMs = 1000, pauseMaxMs = 60_000, giveUpMs = 3_600_000 } = options;
  let failures = 0;
  for (let head = lane.waiting[0]; head !== undefined && !signal.aborted; head = lane.waiting[0]) {
    const delivery = await tryOnce(options, lane.notifier, head.message);
    if (signal.aborted) return;
    if (delivery.kind === "delivered") {
      lane.counts = { ...lane.counts, delivered: lane.counts.delivered + 1, problem: undefined };
      lane.waiting.shift();
      failures = 0;
      continue;
    }
    failures += 1;
    noteFailure(options.log, lane, delivery.reason);
    const tooOld = clock.monoMs() - head.postedMs > giveUpMs;
    if (!delivery.retryable || tooOld) {
      lane.waiting.shift();
      drop(lane, head.message, tooOld ? `not delivered in ${giveUpMs} ms` : delivery.reason);
      continue;
    }
    const waitMs = Math.min(pauseMaxMs, pauseMs * 2 ** Math.min(failures - 1, 16));
    await sleep(waitMs * (0.75 + random.next() / 2), signal);
  }
}

function noteFailure(log: Logger, lane: Lane, reason: string): void {
  // Said again only when it changes: a channel that is down for a day is one line, not a thousand.
  if (lane.counts.problem !== reason) {
    log.warn(
      { event: "alert-undelivered", notifier: lane.notifier.name, reason },
      "alert undelivered",
    );
  }
  lane.counts = {
    ...lane.counts,
    failedTries: lane.counts.failedTries + 1,
    problem: reason,
  };
}

/** One try within its deadline; a notifier that throws or hangs is one that did not deliver. */
async function tryOnce(
  options: OutboxOptions,
  notifier: Notifier,
  message: AlertMessage,
): Promise<Delivery> {
  const { tryDeadlineMs = 10_000 } = options;
  const failed = (reason: string): Delivery => ({ kind: "undelivered", retryable: true, reason });
  try {
    return await withDeadline(notifier.send(message, tryDeadlineMs), tryDeadlineMs + 100, () =>
      failed(`${notifier.name}: no answer within ${tryDeadlineMs} ms`),
    );
  } catch (error) {
    return failed(`${notifier.name}: ${describeError(error)}`);
  }
}
