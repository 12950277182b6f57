/** What on-call services know an alert by, and how grave they call it. */
import { createHash } from "node:crypto";
import type { AlertMessage } from "../ports.ts";

/** What PagerDuty and Flashduty take. */
const keyCharactersMax = 255;

/**
 * The dedup key, the same for the same trouble for ever. A longer one ends in its hash: cut off, two
 * troubles would share a key, and the end of one would end the other.
 */
export function incidentKey({ dedupKey }: Pick<AlertMessage, "dedupKey">): string {
  if (dedupKey.length <= keyCharactersMax) return dedupKey;
  const hash = createHash("sha256").update(dedupKey).digest("hex");
  return `${dedupKey.slice(0, keyCharactersMax - hash.length - 1)}/${hash}`;
}

/** The cloud's name: the second part of every dedup key. */
export function cloudOf({ dedupKey }: Pick<AlertMessage, "dedupKey">): string {
  return dedupKey.split("/")[1] ?? "";
}

export function severityOf(message: AlertMessage): "critical" | "warning" | "info" {
  if (message.class === "page") return "critical";
  return message.class === "ticket" ? "warning" : "info";
}
