/**
 * What a channel over HTTP is: an alert becomes calls, and an answer becomes a delivery. Pure; the
 * calls are made by shell/notify-http.ts.
 */
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery, SendRate } from "../ports.ts";

export interface ChannelCall {
  /** Whom it reaches: the end of a number, or "". Not sent again to who has it. */
  readonly to: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ChannelAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** What a call may need that is not in the message. */
export interface CallContext {
  readonly wallMs: number;
  /** Fresh for each try; providers refuse one that they have seen. */
  readonly nonce: string;
}

export interface HttpChannel {
  readonly rate?: SendRate;
  /** Taken out of everything that is shown. */
  readonly secrets: readonly Secret[];
  calls(message: AlertMessage, context: CallContext): readonly ChannelCall[];
  judge(answer: ChannelAnswer, wallMs: number): Delivery;
}

/** A page that begins; nothing else calls people by name. */
export function wakesPeople(message: AlertMessage): boolean {
  return message.class === "page" && message.status === "firing";
}

/** One call with a JSON body. */
export function jsonCall(url: string, body: unknown): ChannelCall {
  return {
    to: "",
    url,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "user-agent": "compute-guardian",
    },
    body: JSON.stringify(body),
  };
}
