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
import { wakesPeople, type ChannelAnswer, type HttpChannel } from "./channel.ts";
import { linksOf, webLink } from "./links.ts";
import { cutCharacters } from "./plain-text.ts";
import { jsonCall, type Mention, type RobotOptions } from "./robot.ts";

const headerCharactersMax = 150;
const sectionCharactersMax = 3000;
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
  const room = sectionCharactersMax / longestEscape;
  const body = fitLines({ headline: "", ...rest }, room, look.language).trim();
  const link = webLink(linksOf(message, look).runbook);
  const calls = wakesPeople(message) ? mentions(mention) : "";
  const word = channelWord("runbook", look.language);
  const formatted = [calls, ...(link === undefined ? [] : [`<${escaped(link)}|${word}>`])];
  const context = formatted.filter((text) => text !== "").join("  ");
  const plain = (text: string): unknown => ({ type: "plain_text", text, emoji: false });
  return {
    // Shown in notifications, and read for formats: nothing in it may begin one.
    text: escaped(headline),
    blocks: [
      { type: "header", text: plain(cutEscaped(headline, headerCharactersMax)) },
      ...(body === "" ? [] : [{ type: "section", text: plain(escaped(body)) }]),
      ...(context === "" ? [] : [{ type: "section", text: { type: "mrkdwn", text: context } }]),
    ],
  };
}

const longestEscape = "&amp;".length;

/** The three characters that Slack reads. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Cut so that an escape stays whole. */
function cutEscaped(text: string, charactersMax: number): string {
  const long = escaped(text);
  if (long.length <= charactersMax) return long;
  return escaped(cutCharacters(text, charactersMax / longestEscape));
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
