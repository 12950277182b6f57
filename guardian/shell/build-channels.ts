/** Builds the channels that alerts go to; what cannot be built is a problem in words. */
import { accessSync, constants } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import { aliyunSms } from "../channels/aliyun-sms.ts";
import type { Look } from "../channels/alert-text.ts";
import type { HttpChannel } from "../channels/channel.ts";
import { dingTalk } from "../channels/dingtalk.ts";
import { feishu } from "../channels/feishu.ts";
import { flashduty } from "../channels/flashduty.ts";
import { pagerDuty } from "../channels/pagerduty.ts";
import { slack } from "../channels/slack.ts";
import { twilio } from "../channels/twilio.ts";
import { webhook } from "../channels/webhook.ts";
import { weCom } from "../channels/wecom.ts";
import type { GuardianConfig } from "../config.ts";
import type { ChannelConfig } from "../config-channels.ts";
import type { Notifier } from "../ports.ts";
import { checkReadable, type Problems } from "./build-ports.ts";
import { authorization, basic, secretReader, type SecretReader } from "./channel-secrets.ts";
import type { ChannelLookup } from "./channel-lookup.ts";
import { createLateChannel, type BuiltChannel } from "./late-channel.ts";
import { createAlertmanagerNotifier } from "./notify-alertmanager.ts";
import { createExecNotifier } from "./notify-exec.ts";
import { createHttpNotifier } from "./notify-http.ts";
import { createMailNotifier } from "./notify-mail.ts";
import { createPagerDutyNotifier } from "./notify-pagerduty.ts";
import { proxyOf } from "./proxy.ts";

interface Parts {
  readonly clock: Clock;
  readonly look: Look;
  readonly read: SecretReader;
  readonly lookup: ChannelLookup;
}

/** Every channel of the configuration, webhooks of the shorthand first; one with a problem is tried again with each message. */
export function buildChannels(
  config: GuardianConfig,
  clock: Clock,
  problems: Problems,
  lookup: ChannelLookup,
): readonly Notifier[] {
  const { webhooks, channels, timeZone, runbookBase } = config.alerts;
  const look: Look = { language: config.language, timeZone, runbookBase };
  const buildOnce = (section: string, channel: ChannelConfig): BuiltChannel => {
    const where = `alerts.${section}.${channel.name}`;
    const found: Problems = { list: [] };
    if (channel.kind === "exec") checkProgram(channel.command, `${where}.command`, found);
    else checkReadable(channel.caFile, `${where}.caFile`, found);
    const notifier = notifierOf(channel, { clock, look, read: secretReader(where, found), lookup });
    return { notifier, problems: found.list };
  };
  const build = (section: string, channel: ChannelConfig): Notifier => {
    const built = buildOnce(section, channel);
    problems.list.push(...built.problems);
    if (built.problems.length === 0) return built.notifier;
    return createLateChannel(built, () => buildOnce(section, channel));
  };
  return [
    ...webhooks.map((entry) => build("webhooks", { kind: "webhook", ...entry })),
    ...channels.map((entry) => build("channels", entry)),
  ];
}

function notifierOf(channel: ChannelConfig, parts: Parts): Notifier {
  const { clock, look, read, lookup } = parts;
  if (channel.kind === "exec") return createExecNotifier({ ...channel, look });
  if (channel.kind === "mail") return mailOf(channel, parts);
  const { name, caFile } = channel;
  const proxy = proxyOf(read, channel);
  const http = (built: HttpChannel): Notifier =>
    createHttpNotifier({ name, caFile, proxy, lookup, clock, channel: built });
  switch (channel.kind) {
    case "alertmanager":
      return createAlertmanagerNotifier({
        ...channel,
        proxy,
        lookup,
        clock,
        look,
        authorization: authorization(read, channel),
        postEveryMs: channel.postEvery,
        endAfterMs: channel.endAfter,
      });
    case "pagerduty": {
      const key = read.file("keyFile", channel.keyFile);
      const built = pagerDuty({ url: channel.url, key, look });
      return createPagerDutyNotifier({ name, caFile, proxy, lookup, clock, channel: built });
    }
    case "flashduty": {
      const key = read.file("keyFile", channel.keyFile);
      return http(flashduty({ url: channel.url, key, look }));
    }
    case "aliyun-sms":
      return http(aliyunSms({ ...channel, key: read.file("keyFile", channel.keyFile), look }));
    case "twilio": {
      const token = read.file("keyFile", channel.keyFile);
      const login = basic(channel.username ?? channel.accountSid, token);
      return http(twilio({ ...channel, authorization: login, look }));
    }
    case "webhook":
    case "dingtalk":
    case "wecom":
    case "feishu":
    case "slack":
      return http(robotOf(channel, parts));
    default:
      return channel satisfies never;
  }
}

function mailOf(
  channel: Extract<ChannelConfig, { readonly kind: "mail" }>,
  { look, read, lookup }: Parts,
): Notifier {
  const { username = "", passwordFile } = channel;
  const password = read.optional("passwordFile", passwordFile);
  const login = password === undefined ? undefined : { username, password };
  return createMailNotifier({ ...channel, login, look, lookup });
}

/** A program that is not there now is told before the first alert. */
function checkProgram(command: string, where: string, problems: Problems): void {
  try {
    accessSync(command, constants.X_OK);
  } catch (error) {
    problems.list.push(`${where}: ${describeError(error)}`);
  }
}

type RobotConfig = Extract<ChannelConfig, { readonly urlFile: string }>;

/** Channels whose address is their secret. */
function robotOf(channel: RobotConfig, { look, read }: Parts): HttpChannel {
  const url = read.url(channel.urlFile);
  switch (channel.kind) {
    case "webhook": {
      const key = read.optional("keyFile", channel.keyFile);
      return webhook({ url, key, runbookBase: look.runbookBase });
    }
    case "dingtalk":
      return dingTalk({ ...channel, url, key: read.optional("keyFile", channel.keyFile), look });
    case "wecom":
      return weCom({ url, mention: channel.mention, look });
    case "feishu": {
      const key = read.optional("keyFile", channel.keyFile);
      const mention = { ...channel.mention, mobiles: [] };
      return feishu({ url, key, keyword: channel.keyword, mention, look });
    }
    case "slack":
      return slack({ url, mention: { ...channel.mention, mobiles: [] }, look });
    default:
      return channel satisfies never;
  }
}
