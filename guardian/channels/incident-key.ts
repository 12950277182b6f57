/** What on-call services know an alert by, and how grave they call it. */
import { createHash } from "node:crypto";
import type { AlertMessage } from "../ports.ts";

/** What PagerDuty and Flashduty take. */
const keyCharactersMax = 255;

/**
 * The dedup key, the same for the same trouble; with the generation of what became worse meanwhile, since news of an
 * incident that somebody has acknowledged calls nobody. A longer one ends in its hash: cut off, two
 * troubles would share a key, and the end of one would end the other.
 */
export function incidentKey({
  dedupKey,
  generation = 0,
}: Pick<AlertMessage, "dedupKey" | "generation">): string {
  const key = generation === 0 ? dedupKey : `${dedupKey}#${generation}`;
  if (key.length <= keyCharactersMax) return key;
  const hash = createHash("sha256").update(key).digest("hex");
  return `${key.slice(0, keyCharactersMax - hash.length - 1)}/${hash}`;
}

/** What it was before it became worse: that is over once the new one is told; undefined for the first one. */
export function beforeIt(message: AlertMessage): AlertMessage | undefined {
  const { generation = 0, status } = message;
  if (generation === 0 || status === "resolved") return undefined;
  return { ...message, generation: generation - 1, status: "resolved" };
}

/** The cloud's name: the second part of every dedup key. */
export function cloudOf({ dedupKey }: Pick<AlertMessage, "dedupKey">): string {
  return dedupKey.split("/")[1] ?? "";
}

export function severityOf(message: AlertMessage): "critical" | "warning" | "info" {
  if (message.class === "page") return "critical";
  return message.class === "ticket" ? "warning" : "info";
}
