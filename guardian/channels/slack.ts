/**
 * Slack incoming webhook. What comes from an alert stands in `plain_text`; only the words of the
 * configuration and our own links stand where Slack reads formats. &, < and > are escaped in all of
 * it, as Slack asks.
 */
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines } from "./alert-text.ts";
import {
  bodyRecord,
  judgeStatus,
  refused,
  shown,
  tryAgain,
  textOf,
  unreadable,
} from "./answers.ts";
import { channelWord } from "./channel-words.ts";
import { type ChannelAnswer, type HttpChannel, jsonCall, wakesPeople } from "./channel.ts";
import { linksOf, webLink } from "./links.ts";
import { cutCharacters } from "./plain-text.ts";
import type { Mention, RobotOptions } from "./robot.ts";

const headerCharactersMax = 150;
const sectionCharactersMax = 3000;
const notificationCharactersMax = 500;
/** One in a second is taken, a few more in a burst. */
const rate = { burst: 3, perMinute: 50 };

const hint = "make an incoming webhook anew and put its address in urlFile";

export function slack(options: Pick<RobotOptions, "url" | "mention" | "look">): HttpChannel {
  return {
    rate,
    secrets: [options.url],
    calls: (message) => [jsonCall(options.url.reveal(), slackBody(message, options))],
    judge,
  };
}

function slackBody(
  message: AlertMessage,
  { look, mention }: Pick<RobotOptions, "mention" | "look">,
): unknown {
  const { headline, ...rest } = alertText(message, look);
  const body = escapedWithin(sectionCharactersMax, (max) =>
    fitLines({ headline: "", ...rest }, max, look.language).trim(),
  );
  const header = escapedWithin(headerCharactersMax, (max) => cutCharacters(headline, max));
  const link = webLink(linksOf(message, look).runbook);
  const calls = wakesPeople(message) ? mentions(mention) : "";
  const word = channelWord("runbook", look.language);
  const formatted = [calls, ...(link === undefined ? [] : [`<${escaped(link)}|${word}>`])];
  const context = formatted.filter((text) => text !== "").join("  ");
  const plain = (text: string): unknown => ({ type: "plain_text", text, emoji: false });
  return {
    // Shown in notifications, and read for formats: nothing in it may begin one.
    text: escaped(cutCharacters(headline, notificationCharactersMax)),
    blocks: [
      { type: "header", text: plain(header) },
      ...(body === "" ? [] : [{ type: "section", text: plain(body) }]),
      ...(context === "" ? [] : [{ type: "section", text: { type: "mrkdwn", text: context } }]),
    ],
  };
}

/** The three characters that Slack reads. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/**
 * Escaped and no longer than that, each escape whole. Shorter and shorter until it fits: few texts have
 * an escape at all, and one that is nothing else is five times as long.
 */
function escapedWithin(charactersMax: number, cut: (max: number) => string): string {
  const shares = [1, 0.9, 0.5, 0.2];
  const texts = shares.map((share) => escaped(cut(Math.floor(charactersMax * share))));
  return texts.find((text) => text.length <= charactersMax) ?? "";
}

/** `here` and `channel` by their names, people by their ids. */
function mentions({ users, all }: Mention): string {
  return [...(all ? ["<!channel>"] : []), ...users.map((user) => `<@${user}>`)].join(" ");
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const text = answer.body.trim();
  const body = bodyRecord(answer);
  const error = body === undefined ? text : textOf(body, "error");
  // Both a status and a word: Slack's own apps and its proxies differ.
  if (/^(?:rate_?limited|message_limit_exceeded)$/.test(error)) {
    return judgeStatus({ ...answer, status: 429 }, hint, wallMs) ?? tryAgain(shown(text));
  }
  const problem = judgeStatus(answer, hint, wallMs);
  if (problem !== undefined) return problem;
  if (text === "ok" || body?.["ok"] === true) return { kind: "delivered", answer: "ok" };
  if (body?.["ok"] === false || /^[a-z][a-z_]+$/.test(text)) {
    return refused(`answered ${answer.status}: ${shown(text)}; ${hint}`);
  }
  return unreadable(answer);
}
