/** Alerts to a web address, as JSON, signed as Standard Webhooks asks when a key is given. */
import { readFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery, Notifier } from "../ports.ts";
import { sendHttp, type TlsCheck } from "./http-request.ts";
import { signWebhook, webhookKey } from "./standard-webhook.ts";

export interface WebhookOptions {
  readonly name: string;
  /** Often a secret itself (chat robots), so it is never shown. */
  readonly url: Secret;
  /** `whsec_…`; without it messages are not signed. */
  readonly key?: Secret | undefined;
  readonly caFile?: string | undefined;
  readonly clock: Clock;
}

export function createWebhookNotifier(options: WebhookOptions): Notifier {
  const { name, clock } = options;
  return {
    name,
    async send(message, deadlineMs) {
      let tls: TlsCheck;
      try {
        const { caFile } = options;
        tls = { verify: true, ca: caFile === undefined ? undefined : readFileSync(caFile, "utf8") };
      } catch (error) {
        return undelivered(true, `${name}: ${describeError(error)}`);
      }
      const body = JSON.stringify(webhookBody(message));
      const timestampSeconds = Math.floor(clock.wallMs() / 1000);
      const outcome = await sendHttp({
        method: "POST",
        url: options.url.reveal(),
        headers: {
          "content-type": "application/json",
          "user-agent": "compute-guardian",
          // The same for every try, so that a receiver can drop what it already has.
          "webhook-id": message.id,
          "webhook-timestamp": String(timestampSeconds),
          ...signature(options.key, message.id, timestampSeconds, body),
        },
        body,
        deadlineMs,
        tls,
      });
      if (outcome.kind !== "answer") {
        return undelivered(true, `${name}: ${hideUrl(outcome.reason, options.url)}`);
      }
      return judge(name, outcome.status);
    },
  };
}

function signature(
  key: Secret | undefined,
  id: string,
  timestampSeconds: number,
  body: string,
): Readonly<Record<string, string>> {
  if (key === undefined) return {};
  return { "webhook-signature": signWebhook(webhookKey(key), id, timestampSeconds, body) };
}

/** What receivers get; docs/alerts.md is the page for them. */
function webhookBody(message: AlertMessage): Readonly<Record<string, unknown>> {
  const { wallMs, dedupKey, ...rest } = message;
  const timestamp = new Date(wallMs).toISOString();
  return {
    type: `guardian.alert.${message.status}`,
    timestamp,
    data: { ...rest, dedup_key: dedupKey },
  };
}

function judge(name: string, status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const retryable = status >= 500 || status === 429 || status === 408;
  return undelivered(retryable, `${name} answered ${status}`);
}

function undelivered(retryable: boolean, reason: string): Delivery {
  return { kind: "undelivered", retryable, reason };
}

function hideUrl(text: string, url: Secret): string {
  return text.replaceAll(url.reveal(), "[url]");
}
