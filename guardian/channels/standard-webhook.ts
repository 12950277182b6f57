/** Standard Webhooks (standardwebhooks.com): how a receiver knows that a message is ours. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../shared/secret.ts";

/** The key's bytes: `whsec_` and base64, as the standard has it, or any other text as it is. */
export function webhookKey(secret: Secret): Buffer {
  const text = secret.reveal();
  return text.startsWith("whsec_") ? Buffer.from(text.slice(6), "base64") : Buffer.from(text);
}

/** The value of `webhook-signature`. */
export function signWebhook(
  key: Buffer,
  id: string,
  timestampSeconds: number,
  body: string,
): string {
  const signed = `${id}.${timestampSeconds}.${body}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}

/** Whether one of the signatures in a `webhook-signature` header is right. */
export function verifyWebhook(
  key: Buffer,
  id: string,
  timestampSeconds: number,
  body: string,
  header: string,
): boolean {
  const right = Buffer.from(signWebhook(key, id, timestampSeconds, body));
  return header.split(" ").some((shown) => {
    const given = Buffer.from(shown);
    return given.length === right.length && timingSafeEqual(given, right);
  });
}
