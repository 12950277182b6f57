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

/** Earlier ones that may still be open. */
const earlierMax = 10;

/**
 * All that is over with a message: with one that became worse what it was before; with the end everything that it ever
 * was, whatever became of the messages in between. The end of what a provider does not know changes nothing there.
 */
export function endsOf(message: AlertMessage): readonly AlertMessage[] {
  const { generation = 0, status } = message;
  const over = (earlier: number): AlertMessage => ({
    ...message,
    generation: earlier,
    status: "resolved",
  });
  if (status !== "resolved") return generation === 0 ? [] : [over(generation - 1)];
  const count = Math.min(generation + 1, earlierMax);
  return Array.from({ length: count }, (_, at) => over(generation - at));
}

/** The cloud's name: the second part of every dedup key. */
export function cloudOf({ dedupKey }: Pick<AlertMessage, "dedupKey">): string {
  return dedupKey.split("/")[1] ?? "";
}

export function severityOf(message: AlertMessage): "critical" | "warning" | "info" {
  if (message.class === "page") return "critical";
  return message.class === "ticket" ? "warning" : "info";
}
