/**
 * Group robots of DingTalk, WeCom, Feishu and Slack as their providers run them: they know one token,
 * check the signature and the clock, count per minute, measure bodies, and keep what they took.
 */
import { createHmac } from "node:crypto";
import {
  jsonReply,
  MinuteLimit,
  parseRecord,
  startProvider,
  type ProviderReply,
  type ProviderRequest,
  type ProviderServer,
} from "./provider-server.ts";

export interface RobotServer extends ProviderServer {
  readonly url: string;
  readonly taken: readonly Readonly<Record<string, unknown>>[];
}

const hourMs = 3_600_000;

async function startRobot(
  path: string,
  answer: (request: ProviderRequest, taken: Readonly<Record<string, unknown>>[]) => ProviderReply,
): Promise<RobotServer> {
  const taken: Readonly<Record<string, unknown>>[] = [];
  const server = await startProvider((request) => answer(request, taken));
  return { ...server, url: `${server.origin}${path}`, taken };
}

export const dingTalkToken = "d1ngt4lkt0ken5ecret";

export function startDingTalk(key: string, keyword = ""): Promise<RobotServer> {
  const limit = new MinuteLimit(20);
  const say = (errcode: number, errmsg: string) => jsonReply(200, { errcode, errmsg });
  return startRobot(`/robot/send?access_token=${dingTalkToken}`, (request, taken) => {
    const query = request.url.searchParams;
    if (query.get("access_token") !== dingTalkToken) return say(300005, "token is not exist");
    const stamp = query.get("timestamp") ?? "";
    if (Math.abs(request.atMs - Number(stamp)) > hourMs) {
      return say(310000, "description:timestamp is invalid, more than 1 hour from now");
    }
    const right = createHmac("sha256", key).update(`${stamp}\n${key}`).digest("base64");
    if (query.get("sign") !== right) return say(310000, "description:sign not match");
    const body = parseRecord(request.body);
    const { title, text } = Object(body?.["markdown"]) as Readonly<Record<string, unknown>>;
    if (body?.["msgtype"] !== "markdown" || typeof text !== "string" || text === "") {
      return say(400105, "unsupported msgtype");
    }
    if (typeof title !== "string" || title === "") return say(400602, "miss param title");
    if (!text.includes(keyword)) return say(310000, "description:keywords not in content");
    if (Buffer.byteLength(request.body) > 20_000) return say(460101, "message too long");
    if (!limit.take(request.atMs)) return say(130101, "send too fast, exceed 20 times per minute");
    taken.push(body);
    return say(0, "ok");
  });
}

export const weComKey = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa";

export function startWeCom(): Promise<RobotServer> {
  const limit = new MinuteLimit(20);
  const say = (errcode: number, errmsg: string) => jsonReply(200, { errcode, errmsg });
  return startRobot(`/cgi-bin/webhook/send?key=${weComKey}`, (request, taken) => {
    if (request.url.searchParams.get("key") !== weComKey) {
      return say(93000, "invalid webhook url, hint: [1234], from ip: 192.0.2.1");
    }
    const body = parseRecord(request.body);
    const type = String(body?.["msgtype"]);
    const most = { text: 2048, markdown: 4096 }[type];
    const text = Reflect.get(Object(body?.[type]), "content") as unknown;
    if (body === undefined || most === undefined || typeof text !== "string" || text === "") {
      return say(40008, "invalid message type");
    }
    if (Buffer.byteLength(text) > most)
      return say(40058, `${type}.content exceed max length ${most}`);
    if (!limit.take(request.atMs)) return say(45009, "api freq out of limit");
    taken.push(body);
    return say(0, "ok");
  });
}

export const feishuToken = "f0e1d2c3-feishu-hook-token";

export function startFeishu(key: string, keyword = ""): Promise<RobotServer> {
  const limit = new MinuteLimit(100);
  const say = (code: number, msg: string) => jsonReply(200, { code, msg, data: {} });
  return startRobot(`/open-apis/bot/v2/hook/${feishuToken}`, (request, taken) => {
    if (!request.url.pathname.endsWith(`/${feishuToken}`)) {
      return say(19001, "param invalid: incoming webhook access token invalid");
    }
    if (Buffer.byteLength(request.body) > 20 * 1024) return say(9499, "request body too large");
    const body = parseRecord(request.body);
    const stamp = String(body?.["timestamp"]);
    const right = createHmac("sha256", `${stamp}\n${key}`).digest("base64");
    const late = Math.abs(request.atMs - Number(stamp) * 1000) > hourMs;
    if (late || body?.["sign"] !== right) {
      return say(19021, "sign match fail or timestamp is not within one hour from current time");
    }
    if (body["msg_type"] !== "interactive" || typeof body["card"] !== "object") {
      return say(9499, "Bad Request");
    }
    if (!JSON.stringify(body["card"]).includes(keyword)) return say(19024, "Key Words Not Found");
    if (!limit.take(request.atMs)) {
      const headers = { "x-ogw-ratelimit-reset": "7" };
      return jsonReply(429, { code: 99991400, msg: "request trigger frequency limit" }, headers);
    }
    taken.push(body);
    return jsonReply(200, { StatusCode: 0, StatusMessage: "success", code: 0, msg: "success" });
  });
}

export const slackPath = "/services/T00000000/B00000000/slackwebhooksecret24";

export function startSlack(): Promise<RobotServer> {
  const limit = new MinuteLimit(60);
  const plain = (status: number, body: string, headers = {}) => ({ status, body, headers });
  return startRobot(slackPath, (request, taken) => {
    if (request.url.pathname !== slackPath) return plain(404, "no_service");
    const body = parseRecord(request.body);
    if (body === undefined) return plain(400, "invalid_payload");
    const blocks = (body["blocks"] ?? []) as readonly { type: string; text: { text: string } }[];
    const tooLong = blocks.some(
      ({ type, text }) => text.text.length > (type === "header" ? 150 : 3000) || text.text === "",
    );
    if (tooLong) return plain(400, "invalid_blocks");
    if (!limit.take(request.atMs)) return plain(429, "rate_limited", { "retry-after": "30" });
    taken.push(body);
    return plain(200, "ok");
  });
}
