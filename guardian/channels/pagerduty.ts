/** PagerDuty, Events API v2: trigger, acknowledge and resolve under one `dedup_key`. */
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import type { Look } from "./alert-text.ts";
import { bodyRecord, judgeStatus, refused, shown, textOf, unreadable } from "./answers.ts";
import { type ChannelAnswer, type ChannelCall, type HttpChannel, jsonCall } from "./channel.ts";
import { cloudOf, endsOf, incidentKey, severityOf } from "./incident-key.ts";
import { linksOf, webLink } from "./links.ts";
import { cutBytes, cutCharacters, plainText } from "./plain-text.ts";

export interface PagerDutyOptions {
  readonly url: string;
  /** The routing key of an Events API v2 integration. */
  readonly key: Secret;
  readonly look: Look;
}

export interface PagerDutyChannel extends HttpChannel {
  /** Somebody has acknowledged the alert with us. */
  acknowledge(message: AlertMessage): ChannelCall;
}

const summaryCharactersMax = 1024;
/** Of 512 KB in all. */
const lineBytesMax = 2000;
const linesMax = 100;
/** About 120 in a minute are taken. */
const rate = { burst: 20, perMinute: 100 };

const hint = "keyFile must hold the routing key of an Events API v2 integration";

export function pagerDuty(options: PagerDutyOptions): PagerDutyChannel {
  const { url, key } = options;
  const event = (action: string, message: AlertMessage, rest = {}): ChannelCall =>
    jsonCall(url, {
      routing_key: key.reveal(),
      event_action: action,
      dedup_key: incidentKey(message),
      ...rest,
    });
  return {
    rate,
    secrets: [key],
    calls(message) {
      const ends = endsOf(message).map((one) => event("resolve", one));
      if (message.status === "resolved") return ends;
      return [event("trigger", message, triggerParts(message, options.look)), ...ends];
    },
    acknowledge: (message) => event("acknowledge", message),
    judge,
  };
}

function triggerParts(message: AlertMessage, look: Look): Readonly<Record<string, unknown>> {
  const { runbook } = linksOf(message, look);
  const link = webLink(runbook);
  return {
    client: "compute guardian",
    payload: {
      // One without a word is refused.
      summary: cutCharacters(plainText(message.title), summaryCharactersMax) || message.kind,
      source: message.host ?? `guardian of ${cloudOf(message)}`,
      severity: severityOf(message),
      timestamp: new Date(message.wallMs).toISOString(),
      ...(message.host === undefined ? {} : { component: message.host }),
      group: cloudOf(message),
      class: message.kind,
      custom_details: {
        impact: cutBytes(plainText(message.impact), lineBytesMax),
        next: cutBytes(plainText(message.next), lineBytesMax),
        why: message.why.slice(0, linesMax).map((line) => cutBytes(plainText(line), lineBytesMax)),
        incident: message.incident ?? "",
        runbook: runbook ?? "",
      },
    },
    ...(link === undefined ? {} : { links: [{ href: link, text: "Runbook" }] }),
  };
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const body = bodyRecord(answer);
  const status = textOf(body, "status");
  if (answer.status === 400) return refused(`answered 400: ${shown(answer.body)}; ${hint}`);
  const problem = judgeStatus(answer, hint, wallMs);
  if (problem !== undefined) return problem;
  if (status === "success") return { kind: "delivered", answer: "status success" };
  if (status === "") return unreadable(answer);
  return refused(`answered status ${shown(status)}: ${shown(textOf(body, "message"))}; ${hint}`);
}
