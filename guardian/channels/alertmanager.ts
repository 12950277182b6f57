/**
 * Alertmanager, API v2. It forgets what it is not told again, so alerts are posted again for as long as
 * they fire, to every peer. Labels say which alert it is, annotations what there is to say.
 */
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import type { Look } from "./alert-text.ts";
import { judgeStatus, unreadable } from "./answers.ts";
import { type ChannelAnswer, type ChannelCall, jsonCall } from "./channel.ts";
import { cloudOf, severityOf } from "./incident-key.ts";
import { linksOf } from "./links.ts";
import { cutBytes, plainText } from "./plain-text.ts";

export interface AlertmanagerOptions {
  /** Every peer of the cluster, never a balancer before them. */
  readonly urls: readonly string[];
  readonly authorization?: Secret | undefined;
  /** Added to each alert, such as a cluster's name for routes. */
  readonly labels: Readonly<Record<string, string>>;
  /** Fires for ever, so that its absence tells that the guardian is gone. */
  readonly watchdog: boolean;
  readonly look: Look;
}

/** An alert with its times: what Alertmanager is told of it now. */
export interface TimedAlert {
  readonly message: AlertMessage;
  readonly startsWallMs: number;
  /** In the future while it fires: Alertmanager ends it then, should nobody post it again. */
  readonly endsWallMs: number;
}

const annotationBytesMax = 4000;

/** One call for each peer, with all alerts. */
export function alertmanagerCalls(
  options: AlertmanagerOptions,
  alerts: readonly unknown[],
): readonly ChannelCall[] {
  const { urls, authorization } = options;
  return urls.map((url) => {
    const address = `${url.replace(/\/$/, "")}/api/v2/alerts`;
    const call = jsonCall(address, alerts);
    const auth = authorization === undefined ? {} : { authorization: authorization.reveal() };
    return { ...call, to: new URL(url).host, headers: { ...call.headers, ...auth } };
  });
}

/** The labels of an alert, by which Alertmanager knows it. */
export function labelsOf(
  message: AlertMessage,
  extra: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return {
    ...extra,
    alertname: `Guardian${camelCase(message.kind)}`,
    cloud: cloudOf(message),
    ...(message.host === undefined ? {} : { host: message.host }),
    kind: message.kind,
    class: message.class,
    severity: severityOf(message),
    dedup_key: message.dedupKey,
  };
}

export function alertmanagerAlert(
  { message, startsWallMs, endsWallMs }: TimedAlert,
  { labels, look }: AlertmanagerOptions,
): unknown {
  const text = (value: string): string => cutBytes(plainText(value), annotationBytesMax);
  const { runbook } = linksOf(message, look);
  return {
    labels: labelsOf(message, labels),
    annotations: {
      summary: text(message.title),
      description: cutBytes(message.why.map(plainText).join("\n"), annotationBytesMax),
      impact: text(message.impact),
      next: text(message.next),
      incident: text(message.incident ?? ""),
      ...(runbook === undefined ? {} : { runbook_url: runbook }),
    },
    // A beginning after the end is refused.
    startsAt: new Date(Math.min(startsWallMs, endsWallMs)).toISOString(),
    endsAt: new Date(endsWallMs).toISOString(),
  };
}

/** Posted in each round; its end is a few rounds away. */
export function watchdogAlert(
  { labels }: AlertmanagerOptions,
  startsWallMs: number,
  endsWallMs: number,
): unknown {
  return {
    labels: { ...labels, alertname: "GuardianWatchdog", severity: "none" },
    annotations: { summary: "the guardian runs; its absence is the alert" },
    startsAt: new Date(startsWallMs).toISOString(),
    endsAt: new Date(endsWallMs).toISOString(),
  };
}

/** "fence-failed" is FenceFailed. */
function camelCase(kind: string): string {
  const words = kind.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/**
 * 200 without a word is success; a page of somebody else's is none. One whose clock is `endAfterMs` ahead of ours takes
 * every alert for one that is over, says 200 and tells nobody.
 */
export function judgeAlertmanager(
  answer: ChannelAnswer,
  wallMs: number,
  endAfterMs: number,
): Delivery {
  const problem = judgeStatus(answer, "look at urls and credentials", wallMs);
  if (problem !== undefined) return problem;
  const behindMs = Date.parse(String(answer.headers["date"])) - wallMs;
  if (behindMs >= endAfterMs) {
    const reason = `our clock is ${minutes(behindMs)} min behind its own, endAfter is ${minutes(endAfterMs)} min: it takes what fires for over; set the clock of this node`;
    return { kind: "undelivered", retryable: true, reason };
  }
  const { body } = answer;
  if (body.trim() !== "" && body.trim() !== "{}") return unreadable(answer);
  return { kind: "delivered", answer: `answered ${answer.status}` };
}

function minutes(ms: number): number {
  return Math.floor(ms / 60_000);
}
