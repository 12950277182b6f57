/** Flashduty, standard alert events: the same `alert_key` from beginning to end. */
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
import { type ChannelAnswer, type HttpChannel, jsonCall } from "./channel.ts";
import { cloudOf, endsOf, incidentKey } from "./incident-key.ts";
import { linksOf } from "./links.ts";
import { cutCharacters, plainText } from "./plain-text.ts";

export interface FlashdutyOptions {
  readonly url: string;
  /** The integration key; it travels in the address. */
  readonly key: Secret;
  readonly look: Look;
}

const titleCharactersMax = 512;
/** 2,048 characters are kept; in bytes that is never more. */
const descriptionBytesMax = 2048;

const hint = "keyFile must hold the integration key of a standard alert integration";
/** What passes by itself. */
const passing = /too ?frequent|rate ?limit|throttl|internal|unavailable|timeout/i;

export function flashduty({ url, key, look }: FlashdutyOptions): HttpChannel {
  return {
    secrets: [key],
    calls(message) {
      const address = new URL(url);
      address.searchParams.set("integration_key", key.reveal());
      const ends = endsOf(message);
      const events = message.status === "resolved" ? ends : [message, ...ends];
      return events.map((one) => jsonCall(address.href, flashdutyEvent(one, look)));
    },
    judge,
  };
}

function flashdutyEvent(message: AlertMessage, look: Look): unknown {
  const { headline, ...rest } = alertText(message, look);
  const { runbook = "" } = linksOf(message, look);
  return {
    title_rule: cutCharacters(headline, titleCharactersMax),
    event_status: statusOf(message),
    alert_key: incidentKey(message),
    event_time: Math.floor(message.wallMs / 1000),
    description: fitLines({ headline, ...rest }, descriptionBytesMax, look.language),
    labels: {
      source: "compute guardian",
      cloud: cloudOf(message),
      host: message.host ?? "",
      kind: message.kind,
      class: message.class,
      incident: plainText(message.incident ?? ""),
      runbook,
    },
  };
}

function statusOf({ status, class: kind }: AlertMessage): string {
  if (status === "resolved") return "Ok";
  return { page: "Critical", ticket: "Warning", notification: "Info", log: "Info" }[kind];
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const body = bodyRecord(answer);
  const error = body?.["error"];
  if (typeof error === "object" && error !== null) {
    const { code, message } = error as Readonly<Record<string, unknown>>;
    const said = `answered ${answer.status}, ${shown(`${String(code)}: ${String(message)}`)}`;
    const later = judgeStatus(answer, hint, wallMs);
    if (later?.retryable === true || passing.test(String(code))) {
      return tryAgain(said, later?.retryAfterMs);
    }
    return refused(`${said}; ${hint}`);
  }
  const problem = judgeStatus(answer, hint, wallMs);
  if (problem !== undefined) return problem;
  const id = textOf(body, "request_id");
  return id === "" ? unreadable(answer) : { kind: "delivered", answer: `request ${shown(id)}` };
}
