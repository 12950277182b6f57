/**
 * WeCom group robot; its address is the secret, there is no signature. Messages are markdown, 4096 bytes at most.
 * Markdown can call a user (`<@name>`), but neither a telephone number nor everybody: a page that calls those is
 * of type text, 2048 bytes, where `<@name>` calls, too, so a name that looks like it is broken up.
 */
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines } from "./alert-text.ts";
import {
  bodyRecord,
  judgeCode,
  judgeStatus,
  textOf,
  unreadable,
  type CodeMeaning,
} from "./answers.ts";
import { linksOf } from "./links.ts";
import { markdownLines } from "./robot-markdown.ts";
import { type ChannelAnswer, type HttpChannel, jsonCall, wakesPeople } from "./channel.ts";
import type { RobotOptions } from "./robot.ts";

const textBytesMax = 2048;
const markdownBytesMax = 4096;
/** 20 in a minute are taken. */
const rate = { burst: 5, perMinute: 15 };

const meanings: Readonly<Record<string, CodeMeaning>> = {
  "-1": {},
  "45009": { retryAfterMs: 60_000 },
  "45033": { retryAfterMs: 5000 },
  "93000": { todo: "the key in urlFile is not a robot's: copy its address again" },
  "93004": { todo: "the robot is switched off: switch it on in its group" },
  "93008": { todo: "the robot is not in a group: add it to one" },
  "93017": { todo: "the group was dissolved: make a robot in another one" },
};

export function weCom(options: Omit<RobotOptions, "key" | "keyword">): HttpChannel {
  return {
    rate,
    secrets: [options.url],
    calls: (message) => [jsonCall(options.url.reveal(), weComBody(message, options))],
    judge,
  };
}

function weComBody(
  message: AlertMessage,
  { look, mention }: Omit<RobotOptions, "key" | "keyword">,
): unknown {
  const wakes = wakesPeople(message);
  if (!wakes || (mention.mobiles.length === 0 && !mention.all)) {
    const users = wakes ? mention.users : [];
    return { msgtype: "markdown", markdown: { content: markdownOf(message, look, users) } };
  }
  const text = fitLines(withoutCalls(message, look), textBytesMax, look.language);
  return {
    msgtype: "text",
    text: {
      content: text,
      mentioned_list: [...mention.users, ...(mention.all ? ["@all"] : [])],
      mentioned_mobile_list: mention.mobiles,
    },
  };
}

function markdownOf(
  message: AlertMessage,
  look: RobotOptions["look"],
  users: readonly string[],
): string {
  const calls = users.length === 0 ? "" : `\n${users.map((user) => `<@${user}>`).join(" ")}`;
  const lines = markdownLines(alertText(message, look), linksOf(message, look).runbook);
  const room = markdownBytesMax - Buffer.byteLength(calls);
  return `${fitLines(lines, room, look.language)}${calls}`;
}

/** The same lines, "<@" with a wide "<": before they are cut, since the wide one takes more bytes. */
function withoutCalls(message: AlertMessage, look: RobotOptions["look"]) {
  const broken = (line: string): string => line.replaceAll("<@", "＜@");
  const { headline, head, why, tail } = alertText(message, look);
  return {
    headline: broken(headline),
    head: head.map(broken),
    why: why.map(broken),
    tail: tail.map(broken),
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
