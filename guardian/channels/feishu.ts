/**
 * Feishu (Lark) group robot: a card whose texts are all `plain_text`, in which nothing is read as a
 * mention or a format. Time and signature stand in the body, the time in seconds.
 */
import { createHmac } from "node:crypto";
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import { alertText, fitLines } from "./alert-text.ts";
import { channelWord } from "./channel-words.ts";
import {
  bodyRecord,
  judgeCode,
  judgeStatus,
  retryAfterMs,
  tryAgain,
  textOf,
  unreadable,
  type CodeMeaning,
} from "./answers.ts";
import { type ChannelAnswer, type HttpChannel, jsonCall, wakesPeople } from "./channel.ts";
import { linksOf, webLink } from "./links.ts";
import { roomBeside, withKeyword, type Mention, type RobotOptions } from "./robot.ts";

/** A body above 20 KB is refused; quotation marks in a text take two bytes each. */
const textBytesMax = 8000;
/** 100 in a minute and 5 in a second are taken. */
const rate = { burst: 5, perMinute: 60 };

const meanings: Readonly<Record<string, CodeMeaning>> = {
  "9499": { todo: "the robot did not understand the message: report it as a bug" },
  "11232": { retryAfterMs: 60_000 },
  "99991400": { retryAfterMs: 60_000 },
  "19001": { todo: "the token in urlFile is not a robot's: copy its address again" },
  "19021": { todo: "compare keyFile with the robot's signing key, and this machine's clock" },
  "19022": { todo: "add this machine's address to the robot's allowed ones" },
  "19024": { todo: "set keyword to one of the robot's words" },
};

export function feishu(options: RobotOptions): HttpChannel {
  return {
    rate,
    secrets: options.key === undefined ? [options.url] : [options.url, options.key],
    calls: (message, { wallMs }) => [
      jsonCall(options.url.reveal(), feishuBody(message, options, wallMs)),
    ],
    judge,
  };
}

/** HMAC-SHA256 over nothing, with "<seconds>\n<key>" as its key, in base64. */
export function signFeishu(key: Secret, seconds: number): string {
  return createHmac("sha256", `${seconds}\n${key.reveal()}`).update("").digest("base64");
}

function feishuBody(message: AlertMessage, options: RobotOptions, wallMs: number): unknown {
  const seconds = Math.floor(wallMs / 1000);
  const { key } = options;
  const signed =
    key === undefined ? {} : { timestamp: String(seconds), sign: signFeishu(key, seconds) };
  return { ...signed, msg_type: "interactive", card: feishuCard(message, options) };
}

function feishuCard(message: AlertMessage, { look, keyword, mention }: RobotOptions): unknown {
  const { headline, ...rest } = alertText(message, look);
  const room = roomBeside(keyword, textBytesMax);
  // The title has a line of its own in the card, and is cut there by the client.
  const text = fitLines({ headline, ...rest }, room, look.language);
  const [title = "", ...lines] = text.split("\n");
  const body = withKeyword(lines.join("\n"), keyword);
  const link = webLink(linksOf(message, look).runbook);
  const plain = (content: string): unknown => ({ tag: "plain_text", content });
  const button = {
    tag: "button",
    text: plain(channelWord("runbook", look.language)),
    type: "default",
    url: link,
  };
  const calls = wakesPeople(message) ? mentions(mention) : "";
  return {
    config: { wide_screen_mode: true },
    header: { template: colourOf(message), title: plain(title) },
    elements: [
      { tag: "div", text: plain(body) },
      ...(calls === "" ? [] : [{ tag: "div", text: { tag: "lark_md", content: calls } }]),
      ...(link === undefined ? [] : [{ tag: "action", actions: [button] }]),
    ],
  };
}

/** The only text of the card that is read for formats; its ids come from the configuration. */
function mentions({ users, all }: Mention): string {
  const ids = [...users, ...(all ? ["all"] : [])];
  return ids.map((id) => `<at id=${id}></at>`).join(" ");
}

function colourOf({ status, class: kind }: AlertMessage): string {
  if (status === "resolved") return "green";
  return { page: "red", ticket: "orange", notification: "blue", log: "grey" }[kind];
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const body = bodyRecord(answer);
  const code = body?.["code"] ?? body?.["StatusCode"];
  // Errors come with 200 or with 400, in the same words.
  if (typeof code === "number" && code !== 0) {
    const verdict = judgeCode(code, textOf(body, "msg") || textOf(body, "StatusMessage"), meanings);
    const pause = resetMs(answer) ?? retryAfterMs(answer, wallMs);
    const limited = verdict.retryable || answer.status === 429;
    return limited ? tryAgain(verdict.reason, pause ?? verdict.retryAfterMs) : verdict;
  }
  const problem = judgeStatus(answer, "is urlFile the robot's address?", wallMs);
  if (problem !== undefined) return problem;
  return code === 0 ? { kind: "delivered", answer: "code 0" } : unreadable(answer);
}

/** Seconds until the platform takes calls again. */
function resetMs(answer: ChannelAnswer): number | undefined {
  const seconds = Number(answer.headers["x-ogw-ratelimit-reset"] ?? "none");
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}
