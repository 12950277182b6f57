/** Short messages by Twilio: one call for each recipient. */
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines, type Look } from "./alert-text.ts";
import {
  bodyRecord,
  judgeStatus,
  refused,
  shown,
  textOf,
  tryAgain,
  unreadable,
} from "./answers.ts";
import type { ChannelAnswer, ChannelCall, HttpChannel } from "./channel.ts";

export interface TwilioOptions {
  readonly url: string;
  readonly accountSid: string;
  /** "Basic …", of the account or of an API key. */
  readonly authorization: Secret;
  /** A number of ours, or the id of a messaging service (MG…). */
  readonly from: string;
  readonly to: readonly string[];
  readonly look: Look;
}

/** Five parts of a message in any script. */
const textBytesMax = 600;
/** One in a second from one number. */
const rate = { burst: 5, perMinute: 60 };

const hint = "compare accountSid, username and keyFile with Twilio's console";

export function twilio(options: TwilioOptions): HttpChannel {
  return {
    rate,
    secrets: [options.authorization],
    calls: (message) => options.to.map((to) => callFor(message, to, options)),
    judge,
  };
}

function callFor(message: AlertMessage, to: string, options: TwilioOptions): ChannelCall {
  const { accountSid, from, look } = options;
  // Evidence is for a screen; a telephone shows what is down and what to do.
  const text = fitLines({ ...alertText(message, look), why: [] }, textBytesMax, look.language);
  const sender = from.startsWith("MG") ? "MessagingServiceSid" : "From";
  const url = `${options.url.replace(/\/$/, "")}/2010-04-01/Accounts/${accountSid}/Messages.json`;
  return {
    to: `…${to.slice(-4)}`,
    url,
    headers: {
      authorization: options.authorization.reveal(),
      "content-type": "application/x-www-form-urlencoded",
      "user-agent": "compute-guardian",
    },
    body: new URLSearchParams({ To: to, [sender]: from, Body: text }).toString(),
  };
}

/** Queues that are full, and limits: they pass by themselves. */
const passing: readonly string[] = ["14107", "20429", "20500", "20503", "30001", "30022"];

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const body = bodyRecord(answer);
  const problem = judgeStatus(answer, hint, wallMs);
  const code = textOf(body, "code") || textOf(body, "error_code");
  if (code !== "") {
    const words = textOf(body, "message") || textOf(body, "error_message");
    const reason = `answered ${answer.status}, code ${code}: ${shown(words)}`;
    if (passing.includes(code) || problem?.retryable === true) {
      return tryAgain(reason, problem?.retryAfterMs);
    }
    return refused(code === "20003" ? `${reason}; ${hint}` : reason);
  }
  if (problem !== undefined) return problem;
  const status = textOf(body, "status");
  if (textOf(body, "sid") === "" || status === "") return unreadable(answer);
  if (status === "failed" || status === "undelivered") return refused(`answered status ${status}`);
  return { kind: "delivered", answer: `status ${shown(status)}` };
}
