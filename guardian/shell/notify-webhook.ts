/** Alerts to a web address: the channel of docs/alerts.md, section Webhook. */
import type { Clock } from "../../shared/clock.ts";
import { webhook, type WebhookOptions } from "../channels/webhook.ts";
import type { Notifier } from "../ports.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import { createHttpNotifier } from "./notify-http.ts";

export interface WebhookNotifierOptions extends Omit<WebhookOptions, "runbookBase"> {
  readonly name: string;
  readonly caFile?: string | undefined;
  readonly lookup: ChannelLookup;
  readonly clock: Clock;
  readonly runbookBase?: string;
}

export function createWebhookNotifier(options: WebhookNotifierOptions): Notifier {
  const { name, clock, caFile, lookup, runbookBase = "docs/runbooks" } = options;
  const channel = webhook({ ...options, runbookBase });
  return createHttpNotifier({ name, clock, caFile, lookup, channel });
}
