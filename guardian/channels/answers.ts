/** What answers have in common: statuses, pauses that are asked for, and bodies that say nothing. */
import type { Delivery } from "../ports.ts";
import type { ChannelAnswer } from "./channel.ts";
import { cutBytes, plainText } from "./plain-text.ts";

type Undelivered = Extract<Delivery, { readonly kind: "undelivered" }>;

const retryAfterMsMax = 3_600_000;
const shownBytes = 160;

/** What a provider said, short enough for a log line. */
export function shown(text: string): string {
  return cutBytes(plainText(text.slice(0, 1000)), shownBytes);
}

/** Tried again, after the pause that was asked for if there is one. */
export function tryAgain(reason: string, retryAfterMs?: number): Undelivered {
  const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
  return { kind: "undelivered", retryable: true, reason, ...pause };
}

/** No repetition helps: a person must change something. */
export function refused(reason: string): Undelivered {
  return { kind: "undelivered", retryable: false, reason };
}

/** Undefined for 2xx: then the body decides. `hint` says what to do about 401, 403, 404 and 410. */
export function judgeStatus(
  answer: ChannelAnswer,
  hint: string,
  wallMs: number,
): Undelivered | undefined {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return undefined;
  const said = shown(body);
  const reason = said === "" ? `answered ${status}` : `answered ${status}: ${said}`;
  if (status === 429 || status === 408 || status >= 500) {
    return tryAgain(reason, retryAfterMs(answer, wallMs));
  }
  if ([401, 403, 404, 410].includes(status)) return refused(`${reason}; ${hint}`);
  if (status >= 300 && status < 400)
    return refused(`${reason}; redirects are not followed: ${hint}`);
  return refused(reason);
}

/** The pause that an answer asks for: `Retry-After` in seconds or as a date. */
export function retryAfterMs(answer: ChannelAnswer, wallMs: number): number | undefined {
  const header = answer.headers["retry-after"];
  const text = typeof header === "string" ? header.trim() : "";
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - wallMs;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), retryAfterMsMax) : undefined;
}

/** The body as an object; undefined for whatever else it is. */
export function bodyRecord({ body }: ChannelAnswer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** A word of a body; "" where there is none. */
export function textOf(body: Readonly<Record<string, unknown>> | undefined, key: string): string {
  const value = body?.[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** 2xx, and not in the provider's words: a proxy's page, perhaps. Nobody knows whether it arrived. */
export function unreadable(answer: ChannelAnswer): Undelivered {
  return tryAgain(`answered ${answer.status}, but not as it should: ${shown(answer.body)}`);
}

/** A code of a provider's own. */
export interface CodeMeaning {
  /** What a person must do; left out for what passes by itself. */
  readonly todo?: string;
  readonly retryAfterMs?: number;
}

/** An error code in a body: known ones are as the table says, others are refused with its words. */
export function judgeCode(
  code: number | string,
  said: string,
  meanings: Readonly<Record<string, CodeMeaning>>,
): Undelivered {
  const reason = `answered code ${code}: ${shown(said)}`;
  const meaning = meanings[String(code)];
  if (meaning === undefined) return refused(reason);
  if (meaning.todo !== undefined) return refused(`${reason}; ${meaning.todo}`);
  return tryAgain(reason, meaning.retryAfterMs);
}
