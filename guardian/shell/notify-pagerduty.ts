/** Alerts to PagerDuty; what somebody acknowledges with us is acknowledged there. */
import type { Clock } from "../../shared/clock.ts";
import type { PagerDutyChannel } from "../channels/pagerduty.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import type { FollowingNotifier } from "./following.ts";
import { createHttpNotifier, sendCalls } from "./notify-http.ts";
import type { Proxy } from "./proxy.ts";

/** Acknowledgements in one round; the others come in the next. */
const atOnceMax = 20;

export interface PagerDutyNotifierOptions {
  readonly name: string;
  readonly channel: PagerDutyChannel;
  readonly caFile?: string | undefined;
  readonly proxy?: Proxy | undefined;
  readonly lookup: ChannelLookup;
  readonly clock: Clock;
  readonly followEveryMs?: number;
}

export function createPagerDutyNotifier(options: PagerDutyNotifierOptions): FollowingNotifier {
  const { channel, followEveryMs = 15_000 } = options;
  /** Ids of messages whose acknowledgement PagerDuty has; saying it twice is harmless. */
  let told: ReadonlySet<string> = new Set();
  return {
    ...createHttpNotifier(options),
    followEveryMs,
    async follow(standing, deadlineMs) {
      const acknowledged = standing
        .filter((alert) => alert.acknowledged)
        .map(({ message, generationOn }) => {
          const generation = generationOn?.(options.name) ?? 0;
          return { message: generation === 0 ? message : { ...message, generation } };
        });
      const known = acknowledged.filter(({ message }) => told.has(message.id));
      const unknown = acknowledged.filter(({ message }) => !told.has(message.id));
      const news = unknown.slice(0, atOnceMax);
      const calls = news.map(({ message }) => channel.acknowledge(message));
      const outcomes = await sendCalls(options, calls, deadlineMs);
      const taken = news.filter((_, at) => outcomes[at]?.kind === "delivered");
      // What no longer stands is forgotten.
      told = new Set([...known, ...taken].map(({ message }) => message.id));
      const failed = outcomes.find((outcome) => outcome.kind === "undelivered");
      return failed?.kind === "undelivered" ? failed.reason : undefined;
    },
  };
}
