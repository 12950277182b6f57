/** Alerts to a web address: the channel of docs/alerts.md, section Webhook. */
import type { Clock } from "../../shared/clock.ts";
import { webhook, type WebhookOptions } from "../channels/webhook.ts";
import type { Notifier } from "../ports.ts";
import { createHttpNotifier } from "./notify-http.ts";

export interface WebhookNotifierOptions extends Omit<WebhookOptions, "runbookBase"> {
  readonly name: string;
  readonly caFile?: string | undefined;
  readonly clock: Clock;
  readonly runbookBase?: string;
}

export function createWebhookNotifier(options: WebhookNotifierOptions): Notifier {
  const { name, clock, caFile, runbookBase = "docs/runbooks" } = options;
  return createHttpNotifier({ name, clock, caFile, channel: webhook({ ...options, runbookBase }) });
}
