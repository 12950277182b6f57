/**
 * One page to every channel without the dispatcher, which needs the guardian's disk: each channel is told once, again
 * after a pause that grows while it fails, and again when the page is due to be repeated. None waits for another.
 */
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";
import type { AlertMessage, Notifier } from "../ports.ts";
import { isFollowing } from "./following.ts";
import { sendOnce } from "./outbox.ts";

export interface DirectOptions {
  readonly channels: readonly Notifier[];
  /** `count`: the same for all tries of one telling, so that a channel knows whom it has told already. */
  readonly messageOf: (
    status: AlertMessage["status"],
    count: number,
    reason: string,
  ) => AlertMessage;
  readonly repeatPageMs: number;
  /** After the first failure; twice as long after each further one, up to a minute. */
  readonly pauseMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface DirectTelling {
  /** Sends what is due; waits for nobody, never throws. */
  round(reason: string): void;
  /** It is over: told to whoever was told, a few times if need be. Never rejects. */
  end(reason: string): Promise<void>;
}

interface Lane {
  readonly channel: Notifier;
  told: number;
  failures: number;
  dueAtMs: number;
  isBusy: boolean;
}

/** Of one message on one channel. */
const sendDeadlineMs = 10_000;
const pauseMsMax = 60_000;
const endTriesMax = 5;

export function tellDirectly(options: DirectOptions): DirectTelling {
  const { channels, clock, log, messageOf, repeatPageMs, pauseMs, signal } = options;
  const lanes = channels.map((channel): Lane => ({
    channel,
    told: 0,
    failures: 0,
    dueAtMs: 0,
    isBusy: false,
  }));

  /** Until when the channel is left alone, ms from now. */
  async function trySend(lane: Lane, message: AlertMessage): Promise<number> {
    const { channel } = lane;
    const delivery = await sendOnce(channel, message, sendDeadlineMs);
    if (delivery.kind === "delivered") {
      lane.failures = 0;
      return repeatPageMs;
    }
    lane.failures += 1;
    const { reason, retryable, retryAfterMs = 0 } = delivery;
    log.error({ event: "not-told", channel: channel.name, reason }, "a channel does not take it");
    if (!retryable) return repeatPageMs;
    const pause = Math.min(pauseMsMax, pauseMs * 2 ** Math.min(lane.failures - 1, 10));
    return Math.max(pause, Math.min(retryAfterMs, repeatPageMs));
  }

  async function tell(lane: Lane, reason: string): Promise<void> {
    lane.isBusy = true;
    const waitMs = await trySend(lane, messageOf("firing", lane.told, reason));
    if (lane.failures === 0) lane.told += 1;
    lane.dueAtMs = clock.monoMs() + waitMs;
    lane.isBusy = false;
  }

  /** What must be told for as long as it fires, such as Alertmanager, is. */
  async function follow(lane: Lane, reason: string): Promise<void> {
    const { channel } = lane;
    if (!isFollowing(channel)) return;
    lane.isBusy = true;
    const message = messageOf("firing", lane.told - 1, reason);
    await channel.follow([{ message, acknowledged: false }], sendDeadlineMs).catch(() => undefined);
    await sleep(
      Math.min(channel.followEveryMs, Math.max(0, lane.dueAtMs - clock.monoMs())),
      signal,
    );
    lane.isBusy = false;
  }

  return {
    round(reason) {
      for (const lane of lanes.filter(({ isBusy }) => !isBusy)) {
        if (clock.monoMs() >= lane.dueAtMs) void tell(lane, reason);
        else if (lane.told > 0) void follow(lane, reason);
      }
    },
    async end(reason) {
      await Promise.all(
        lanes.map(async (lane) => {
          for (let tries = 0; tries < endTriesMax && !signal.aborted; tries += 1) {
            if (lane.told === 0 && !lane.isBusy) return;
            await trySend(lane, messageOf("resolved", 0, reason));
            if (lane.failures === 0) return;
            await sleep(Math.min(pauseMsMax, pauseMs * 2 ** tries), signal);
          }
        }),
      );
    },
  };
}
