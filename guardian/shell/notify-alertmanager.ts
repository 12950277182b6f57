/** Alerts to every peer of an Alertmanager, and again for as long as they fire. */
import type { Clock } from "../../shared/clock.ts";
import type { Secret } from "../../shared/secret.ts";
import {
  alertsOf,
  roundOf,
  withMessage,
  withStanding,
  type Ledger,
} from "../channels/alertmanager-ledger.ts";
import {
  alertmanagerAlert,
  alertmanagerCalls,
  judgeAlertmanager,
  watchdogAlert,
  type AlertmanagerOptions,
} from "../channels/alertmanager.ts";
import type { HttpChannel } from "../channels/channel.ts";
import type { Delivery } from "../ports.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import type { FollowingNotifier } from "./following.ts";
import { sendCalls, type HttpCallOptions } from "./notify-http.ts";
import type { Proxy } from "./proxy.ts";

export interface AlertmanagerNotifierOptions extends AlertmanagerOptions {
  readonly name: string;
  readonly caFile?: string | undefined;
  readonly proxy?: Proxy | undefined;
  readonly lookup: ChannelLookup;
  readonly clock: Clock;
  /** Posted again this often while they fire. */
  readonly postEveryMs: number;
  /** Alertmanager ends an alert that is not posted for so long. */
  readonly endAfterMs: number;
}

/** Alerts in one request: a storm of a thousand is several. */
const atOnceMax = 200;
/** A watchdog that misses so many rounds is gone. */
const watchdogRounds = 5;

export function createAlertmanagerNotifier(
  options: AlertmanagerNotifierOptions,
): FollowingNotifier {
  const { name, clock, endAfterMs } = options;
  const secrets: readonly Secret[] =
    options.authorization === undefined ? [] : [options.authorization];
  const judge: HttpChannel["judge"] = (answer, wallMs) =>
    judgeAlertmanager(answer, wallMs, endAfterMs);
  const http: HttpCallOptions = { ...options, channel: { secrets, judge } };
  const startedWallMs = clock.wallMs();
  let ledger: Ledger = new Map();
  let adopted = false;

  const post = (alerts: readonly unknown[], deadlineMs: number): Promise<readonly Delivery[]> =>
    sendCalls(http, alertmanagerCalls(options, alerts), deadlineMs);

  return {
    name,
    followEveryMs: options.postEveryMs,
    async send(message, deadlineMs) {
      const now = clock.wallMs();
      ledger = withMessage(ledger, message, now);
      const alerts = alertsOf(ledger, message, now, endAfterMs);
      const bodies = alerts.map((alert) => alertmanagerAlert(alert, options));
      return oneOf(await post(bodies, deadlineMs));
    },
    async follow(standing, deadlineMs) {
      const now = clock.wallMs();
      const messages = standing.map(({ message }) => message);
      ledger = withStanding(ledger, messages, now, !adopted);
      adopted = true;
      const told = roundOf(ledger, now, endAfterMs);
      const alerts = told.map((alert) => alertmanagerAlert(alert, options));
      const watchdogEnds = now + watchdogRounds * options.postEveryMs;
      if (options.watchdog) alerts.push(watchdogAlert(options, startedWallMs, watchdogEnds));
      const parts = Math.max(1, Math.ceil(alerts.length / atOnceMax));
      const missed = new Set<string>();
      for (let at = 0; at < alerts.length; at += atOnceMax) {
        const outcomes = await post(alerts.slice(at, at + atOnceMax), deadlineMs / parts);
        for (const one of outcomes) if (one.kind === "undelivered") missed.add(one.reason);
      }
      return missed.size === 0 ? undefined : [...missed].join("; ");
    },
  };
}

/**
 * Peers share silences and what was notified, but not alerts. One peer suffices for a delivery: the
 * others are told in the next round, and one that is gone must not hold up what comes after.
 */
function oneOf(outcomes: readonly Delivery[]): Delivery {
  const failed = outcomes.filter((outcome) => outcome.kind === "undelivered");
  const reasons = failed.map(({ reason }) => reason).join("; ");
  const taken = outcomes.length - failed.length;
  if (taken > 0) {
    const missed = failed.length === 0 ? "" : `; ${reasons}`;
    return { kind: "delivered", answer: `${taken} of ${outcomes.length} peers took it${missed}` };
  }
  const retryable = failed.some((outcome) => outcome.retryable);
  const retryAfterMs = Math.max(0, ...failed.map((outcome) => outcome.retryAfterMs ?? 0));
  const pause = retryAfterMs === 0 ? {} : { retryAfterMs };
  return { kind: "undelivered", retryable, reason: reasons, ...pause };
}
