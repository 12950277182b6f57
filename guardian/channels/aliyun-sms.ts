/**
 * Short messages by Aliyun. The text is a template that Aliyun has approved; an alert fills its variables,
 * which may be no address, no domain and no URL, and are short.
 */
import type { Secret } from "../../shared/secret.ts";
import type { AlertMessage, Delivery } from "../ports.ts";
import {
  bodyRecord,
  judgeCode,
  judgeStatus,
  textOf,
  tryAgain,
  unreadable,
  type CodeMeaning,
} from "./answers.ts";
import type { ChannelAnswer, HttpChannel } from "./channel.ts";
import { channelWord } from "./channel-words.ts";
import type { Look } from "./alert-text.ts";
import { cutCharacters, plainText } from "./plain-text.ts";
import { signAliyun } from "./sign-aliyun.ts";

/** What a template's variable may be filled with. */
export const smsFields = ["host", "what", "impact", "incident", "title"] as const;
export type SmsField = (typeof smsFields)[number];

export interface AliyunSmsOptions {
  readonly url: string;
  readonly accessKeyId: string;
  /** The AccessKey secret. */
  readonly key: Secret;
  readonly signName: string;
  readonly templateCode: string;
  /** The template's variables. */
  readonly parameters: Readonly<Record<string, SmsField>>;
  readonly to: readonly string[];
  readonly look: Pick<Look, "language">;
}

const variableCharactersMax = 20;
/** A number gets 50 notifications a day; a burst of them helps nobody. */
const rate = { burst: 5, perMinute: 5 };

const keys: CodeMeaning = { todo: "compare accessKeyId and keyFile with the AccessKey in RAM" };
const template: CodeMeaning = { todo: "compare templateCode and parameters with the template" };
const money: CodeMeaning = { todo: "top up the account" };
const passing: CodeMeaning = { retryAfterMs: 5000 };
const limit: CodeMeaning = { retryAfterMs: 60_000 };

const meanings: Readonly<Record<string, CodeMeaning>> = {
  "isv.BUSINESS_LIMIT_CONTROL": limit,
  "isv.DAY_LIMIT_CONTROL": { todo: "raise the account's limit for a day" },
  "isv.MONTH_LIMIT_CONTROL": { todo: "raise the account's limit for a month" },
  "isv.AMOUNT_NOT_ENOUGH": money,
  "isv.OUT_OF_SERVICE": money,
  "isv.SMS_SIGNATURE_ILLEGAL": { todo: "signName is not an approved signature" },
  "isv.SMS_SIGN_ILLEGAL": { todo: "signName is not an approved signature" },
  "isv.SMS_TEMPLATE_ILLEGAL": template,
  "isv.TEMPLATE_MISSING_PARAMETERS": template,
  "isv.TEMPLATE_PARAMS_ILLEGAL": template,
  "isv.PARAM_LENGTH_LIMIT": template,
  "isv.PARAM_NOT_SUPPORT_URL": template,
  "isv.MOBILE_NUMBER_ILLEGAL": { todo: "correct the numbers in to" },
  "isp.RAM_PERMISSION_DENY": { todo: "allow dysms:SendSms for this AccessKey in RAM" },
  "InvalidAccessKeyId.NotFound": keys,
  "InvalidAccessKeyId.Inactive": keys,
  SignatureDoesNotMatch: keys,
  "InvalidTimeStamp.Expired": { todo: "this machine's clock is wrong by more than 15 minutes" },
  SignatureNonceUsed: passing,
  "isp.SYSTEM_ERROR": passing,
  Throttling: limit,
  "Throttling.User": limit,
  "Throttling.Api": limit,
  ServiceUnavailable: passing,
  InternalError: passing,
};

export function aliyunSms(options: AliyunSmsOptions): HttpChannel {
  return {
    rate,
    secrets: [options.key],
    calls(message, { wallMs, nonce }) {
      const url = new URL(options.url);
      const { accessKeyId, key } = options;
      const { query, headers } = signAliyun({
        host: url.host,
        action: "SendSms",
        version: "2017-05-25",
        query: {
          PhoneNumbers: options.to.map((number) => number.replace(/^\+/, "")).join(","),
          SignName: options.signName,
          TemplateCode: options.templateCode,
          TemplateParam: JSON.stringify(templateParameters(message, options)),
        },
        accessKeyId,
        key,
        wallMs,
        nonce,
      });
      return [{ to: "", url: `${url.origin}/?${query}`, headers, body: "" }];
    },
    judge,
  };
}

function templateParameters(
  message: AlertMessage,
  { parameters, look }: AliyunSmsOptions,
): Readonly<Record<string, string>> {
  const isOver = message.status === "resolved";
  const tag = isOver ? "resolved" : message.class;
  const values: Readonly<Record<SmsField, string>> = {
    host: message.host?.split(".")[0] ?? "guardian",
    what: `${channelWord(tag, look.language)} ${message.kind}`,
    impact: isOver ? "" : message.impact,
    incident: message.incident ?? "",
    title: message.title,
  };
  const entries = Object.entries(parameters).map(
    ([variable, field]) => [variable, smsValue(values[field])] as const,
  );
  return Object.fromEntries(entries);
}

/** Nothing that looks like an address or a domain; no brackets of a signature, no emoji; never empty. */
function smsValue(text: string): string {
  const plain = plainText(text)
    .replaceAll(/[【】\ufffd]|\p{Extended_Pictographic}/gu, "")
    .replaceAll(/[.:/\\@。．：／＠]+/g, "-")
    .replaceAll(/\bwww\b/gi, "w-w-w");
  const cut = cutCharacters(plain.trim(), variableCharactersMax);
  return cut === "" ? "-" : cut;
}

function judge(answer: ChannelAnswer, wallMs: number): Delivery {
  const body = bodyRecord(answer);
  const code = textOf(body, "Code");
  if (code === "OK") return { kind: "delivered", answer: `request ${textOf(body, "RequestId")}` };
  const problem = judgeStatus(answer, "look at url, accessKeyId and keyFile", wallMs);
  if (code === "") return problem ?? unreadable(answer);
  const verdict = judgeCode(code, textOf(body, "Message"), meanings);
  // A code that is new to us, under a status that passes by itself.
  const passes = meanings[code] === undefined && problem?.retryable === true;
  return passes ? tryAgain(verdict.reason, problem.retryAfterMs) : verdict;
}
