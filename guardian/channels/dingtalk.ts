/**
 * DingTalk group robot. Messages are markdown, with the title bold; a mention works only if it is also in the
 * text.
 */
import { createHmac } from "node:crypto";
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines } from "./alert-text.ts";
import { linksOf } from "./links.ts";
import { cutBytes } from "./plain-text.ts";
import { markdownLines } from "./robot-markdown.ts";
import {
  bodyRecord,
  judgeCode,
  judgeStatus,
  textOf,
  unreadable,
  type CodeMeaning,
} from "./answers.ts";
import { type ChannelAnswer, type HttpChannel, jsonCall, wakesPeople } from "./channel.ts";
import { roomBeside, withKeyword, type RobotOptions } from "./robot.ts";

/** Far below the 20,000 bytes that are taken: longer ones are not read on a telephone. */
const textBytesMax = 6000;
/** What a telephone shows of it before it is opened. */
const titleBytesMax = 200;
/** 20 in a minute, or the robot is mute for ten. */
const rate = { burst: 5, perMinute: 15 };

const security =
  "compare keyFile with the robot's key, keyword and addresses in its security settings, and this machine's clock";
const meanings: Readonly<Record<string, CodeMeaning>> = {
  "-1": {},
  "130101": { retryAfterMs: 60_000 },
  "90030": { retryAfterMs: 60_000 },
  "410100": { retryAfterMs: 60_000 },
  "310000": { todo: security },
  "300001": { todo: "the token in urlFile is not a robot's: copy its address again" },
  "300005": { todo: "the token in urlFile is not a robot's: copy its address again" },
  "400101": { todo: "the token in urlFile is not a robot's: copy its address again" },
  "400102": { todo: "the robot is switched off: switch it on in its group" },
  "400013": { todo: "the group was dissolved: make a robot in another one" },
  "400105": { todo: "the message type is not allowed for this robot" },
};

export function dingTalk(options: RobotOptions): HttpChannel {
  return {
    rate,
    secrets: options.key === undefined ? [options.url] : [options.url, options.key],
    calls: (message, { wallMs }) => [
      jsonCall(dingTalkUrl(options, wallMs), dingTalkBody(message, options)),
    ],
    judge,
  };
}

/** The address, with time and signature when there is a key. */
export function dingTalkUrl(
  { url, key }: Pick<RobotOptions, "url" | "key">,
  wallMs: number,
): string {
  if (key === undefined) return url.reveal();
  const signed = new URL(url.reveal());
  signed.searchParams.set("timestamp", String(wallMs));
  signed.searchParams.set("sign", signDingTalk(key, wallMs));
  return signed.href;
}

/** HMAC-SHA256 over "<ms>\n<key>", with the key, in base64; not yet encoded for an address. */
export function signDingTalk(key: Secret, wallMs: number): string {
  const text = key.reveal();
  return createHmac("sha256", text).update(`${wallMs}\n${text}`).digest("base64");
}

function dingTalkBody(message: AlertMessage, options: RobotOptions): unknown {
  const { look, keyword, mention } = options;
  const wakes = wakesPeople(message);
  const names = wakes ? [...mention.mobiles, ...mention.users].map((name) => `@${name}`) : [];
  const calls = names.length === 0 ? "" : `\n${names.join(" ")}`;
  const room = roomBeside(keyword, textBytesMax) - Buffer.byteLength(calls);
  const lines = alertText(message, look);
  const marked = markdownLines(lines, linksOf(message, look).runbook);
  const text = `${withKeyword(fitLines(marked, room, look.language), keyword)}${calls}`;
  return {
    msgtype: "markdown",
    markdown: {
      title: cutBytes(lines.headline, titleBytesMax),
      // One line end is a blank to it.
      text: text.replaceAll("\n", "\n\n"),
    },
    at: {
      atMobiles: wakes ? mention.mobiles : [],
      atUserIds: wakes ? mention.users : [],
      isAtAll: wakes && mention.all,
    },
  };
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const problem = judgeStatus(answer, "is urlFile the robot's address?", wallMs);
  if (problem !== undefined) return problem;
  const body = bodyRecord(answer);
  const code = body?.["errcode"];
  if (typeof code !== "number") return unreadable(answer);
  if (code === 0) return { kind: "delivered", answer: "errcode 0" };
  return judgeCode(code, textOf(body, "errmsg"), meanings);
}
