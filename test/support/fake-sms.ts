/** Aliyun's SendSms and Twilio's Messages: they check signature or password, numbers, and what is sent. */
import { createHash, createHmac } from "node:crypto";
import {
  jsonReply,
  MinuteLimit,
  parseRecord,
  startProvider,
  type ProviderReply,
  type ProviderRequest,
  type ProviderServer,
} from "./provider-server.ts";

export interface SmsServer extends ProviderServer {
  /** Each message with its number. */
  readonly sent: readonly { readonly to: string; readonly text: string }[];
}

export const aliyunKeyId = "LTAI5tFakeKeyId";
export const aliyunKey = "aliyun-access-key-secret";
export const aliyunTemplate = "云主机守护：${host} ${what}，影响 ${impact}，事件 ${incident}";

export async function startAliyunSms(): Promise<SmsServer> {
  const sent: { to: string; text: string }[] = [];
  const nonces = new Set<string>();
  const limit = new MinuteLimit(10);
  const server = await startProvider((request) => {
    const say = (status: number, Code: string, Message: string): ProviderReply =>
      jsonReply(status, { RequestId: "F655A8D5-B967", Code, Message });
    const problem = aliyunProblem(request, nonces);
    if (problem !== undefined) return say(400, problem, "see the error code");
    const query = request.url.searchParams;
    if (query.get("SignName") !== "守护者")
      return say(200, "isv.SMS_SIGNATURE_ILLEGAL", "签名不合法");
    if (query.get("TemplateCode") !== "SMS_1")
      return say(200, "isv.SMS_TEMPLATE_ILLEGAL", "模板不合法");
    const numbers = (query.get("PhoneNumbers") ?? "").split(",");
    if (numbers.some((number) => !/^\d{8,15}$/.test(number))) {
      return say(200, "isv.MOBILE_NUMBER_ILLEGAL", "号码格式错误");
    }
    const values = parseRecord(query.get("TemplateParam") ?? "") ?? {};
    const wrong = valuesProblem(values);
    if (wrong !== undefined) return say(200, wrong, "模板变量错误");
    if (!limit.take(request.atMs)) {
      return say(200, "isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:10");
    }
    const text = aliyunTemplate.replaceAll(/\$\{(\w+)\}/g, (_, name: string) =>
      String(values[name]),
    );
    sent.push(...numbers.map((to) => ({ to, text })));
    return say(200, "OK", "OK");
  });
  return { ...server, sent };
}

function valuesProblem(values: Readonly<Record<string, unknown>>): string | undefined {
  for (const [, name = ""] of aliyunTemplate.matchAll(/\$\{(\w+)\}/g)) {
    const value = values[name];
    if (typeof value !== "string" || value === "") return "isv.TEMPLATE_MISSING_PARAMETERS";
    if (value.length > 35) return "isv.PARAM_LENGTH_LIMIT";
    if (/https?:|www\.|\d+\.\d+\.\d+\.\d+|[a-z0-9-]\.[a-z]{2,}/i.test(value)) {
      return "isv.PARAM_NOT_SUPPORT_URL";
    }
    if (/[【】]/.test(value)) return "isv.TEMPLATE_PARAMS_ILLEGAL";
  }
  return undefined;
}

/** The signature, counted anew from what arrived. */
function aliyunProblem(request: ProviderRequest, nonces: Set<string>): string | undefined {
  const { headers, url } = request;
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const given = /Credential=([^,]+),SignedHeaders=([^,]+),Signature=(\w+)/.exec(
    String(headers["authorization"]),
  );
  const [, keyId, names = "", signature] = given ?? [];
  if (keyId !== aliyunKeyId) return "InvalidAccessKeyId.NotFound";
  const signed = names.split(";");
  const needed = ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];
  if (needed.some((name) => !signed.includes(name))) return "IncompleteSignature";
  const lines = signed.map((name) => `${name}:${String(headers[name])}\n`).join("");
  const query = url.search.slice(1).split("&").sort().join("&");
  const bodyHash = hash(request.body);
  const canonical = [request.method, url.pathname, query, lines, names, bodyHash].join("\n");
  const text = `ACS3-HMAC-SHA256\n${hash(canonical)}`;
  const right = createHmac("sha256", aliyunKey).update(text).digest("hex");
  if (signature !== right) return "SignatureDoesNotMatch";
  const date = Date.parse(String(headers["x-acs-date"]));
  if (!(Math.abs(request.atMs - date) < 900_000)) return "InvalidTimeStamp.Expired";
  const nonce = String(headers["x-acs-signature-nonce"]);
  if (nonces.has(nonce)) return "SignatureNonceUsed";
  nonces.add(nonce);
  return headers["x-acs-action"] === "SendSms" ? undefined : "InvalidAction.NotFound";
}

export const twilioSid = "AC0123456789abcdef0123456789abcdef";
export const twilioToken = "twilio-auth-token-1";

export interface TwilioServer extends SmsServer {
  /** A number that is refused from now on, with this code. */
  refuse(number: string, code: number, status: number): void;
}

export async function startTwilio(): Promise<TwilioServer> {
  const sent: { to: string; text: string }[] = [];
  const refusals = new Map<string, readonly [number, number]>();
  const right = `Basic ${Buffer.from(`${twilioSid}:${twilioToken}`).toString("base64")}`;
  const fail = (status: number, code: number, message: string): ProviderReply =>
    jsonReply(status, { code, message, status, more_info: "https://www.twilio.com/docs/errors" });
  const server = await startProvider((request) => {
    if (request.headers.authorization !== right) return fail(401, 20003, "Authenticate");
    if (request.url.pathname !== `/2010-04-01/Accounts/${twilioSid}/Messages.json`) {
      return fail(404, 20404, "The requested resource was not found");
    }
    const form = new URLSearchParams(request.body);
    const [to, text] = [form.get("To") ?? "", form.get("Body") ?? ""];
    if (!/^\+\d{8,15}$/.test(to)) return fail(400, 21211, `Invalid 'To' Phone Number: ${to}`);
    const from = form.get("From") ?? form.get("MessagingServiceSid");
    if (from === null) return fail(400, 21603, "A 'From' phone number is required");
    if (text === "" || text.length > 1600) return fail(400, 21617, "The message body is too long");
    const refusal = refusals.get(to);
    if (refusal !== undefined) return fail(refusal[1], refusal[0], "refused by the test");
    sent.push({ to, text });
    return jsonReply(201, { sid: `SM${sent.length}`, status: "queued", error_code: null });
  });
  const refuse = (number: string, code: number, status: number): void =>
    void refusals.set(number, [code, status]);
  return { ...server, sent, refuse };
}
