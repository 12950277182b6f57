/** Alerts as JSON to any web address, signed as Standard Webhooks asks when there is a key. */
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import { judgeStatus } from "./answers.ts";
import type { ChannelAnswer, HttpChannel } from "./channel.ts";
import { linksOf } from "./links.ts";
import { signWebhook, webhookKey } from "./standard-webhook.ts";

export interface WebhookOptions {
  /** Often a secret itself (chat robots), so it is never shown. */
  readonly url: Secret;
  /** `whsec_…`; without it messages are not signed. */
  readonly key?: Secret | undefined;
  readonly runbookBase: string;
}

export function webhook(options: WebhookOptions): HttpChannel {
  const { url, key } = options;
  return {
    secrets: key === undefined ? [url] : [url, key],
    calls(message, { wallMs }) {
      const body = JSON.stringify(alertObject(message, options.runbookBase));
      const timestampSeconds = Math.floor(wallMs / 1000);
      const headers = {
        "content-type": "application/json",
        "user-agent": "compute-guardian",
        // The same for every try, so that a receiver can drop what it already has.
        "webhook-id": message.id,
        "webhook-timestamp": String(timestampSeconds),
        ...signature(key, message.id, timestampSeconds, body),
      };
      return [{ to: "", url: url.reveal(), headers, body }];
    },
    judge,
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

/** The alert object, as receivers and programs get it; docs/alerts.md is the page for them. */
export function alertObject(
  message: AlertMessage,
  runbookBase: string,
): Readonly<Record<string, unknown>> {
  const { wallMs, dedupKey, ...rest } = message;
  const timestamp = new Date(wallMs).toISOString();
  const links = linksOf(message, { runbookBase });
  return {
    type: `guardian.alert.${message.status}`,
    timestamp,
    data: { ...rest, dedup_key: dedupKey, links },
  };
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const problem = judgeStatus(answer, "look at urlFile and keyFile", wallMs);
  return problem ?? { kind: "delivered", answer: `answered ${answer.status}` };
}
