/** Builds the channels that alerts go to; what cannot be built is a problem in words. */
import type { Clock } from "../../shared/clock.ts";
import type { Secret } from "../../shared/secret.ts";
import type { Look } from "../channels/alert-text.ts";
import type { HttpChannel } from "../channels/channel.ts";
import { dingTalk } from "../channels/dingtalk.ts";
import { feishu } from "../channels/feishu.ts";
import { slack } from "../channels/slack.ts";
import { webhook } from "../channels/webhook.ts";
import { weCom } from "../channels/wecom.ts";
import type { GuardianConfig } from "../config.ts";
import type { ChannelConfig } from "../config-channels.ts";
import type { Notifier } from "../ports.ts";
import { checkReadable, readSecret, type Problems } from "./build-ports.ts";
import { createHttpNotifier } from "./notify-http.ts";

/** Every channel of the configuration, webhooks of the shorthand first. */
export function buildChannels(
  config: GuardianConfig,
  clock: Clock,
  problems: Problems,
): readonly Notifier[] {
  const { webhooks, channels, timeZone, runbookBase } = config.alerts;
  const look: Look = { language: config.language, timeZone, runbookBase };
  const build = (section: string, channel: ChannelConfig): Notifier => {
    const where = `alerts.${section}.${channel.name}`;
    const read = secretReader(where, problems);
    checkReadable(channel.caFile, `${where}.caFile`, problems);
    const { name, caFile } = channel;
    return createHttpNotifier({ name, clock, caFile, channel: httpChannel(channel, look, read) });
  };
  return [
    ...webhooks.map((entry) => build("webhooks", { kind: "webhook", ...entry })),
    ...channels.map((entry) => build("channels", entry)),
  ];
}

/** Reads the secrets of one channel, each from the file that a key names. */
interface SecretReader {
  /** An address: it must be one, and is never shown. */
  url(path: string): Secret;
  key(path: string | undefined): Secret | undefined;
}

function secretReader(where: string, problems: Problems): SecretReader {
  return {
    url(path) {
      const secret = readSecret(path, `${where}.urlFile`, problems);
      const text = secret.reveal();
      if (text !== "" && !isWebAddress(text)) {
        problems.list.push(`${where}.urlFile: ${path} does not hold an http or https address`);
      }
      return secret;
    },
    key: (path) =>
      path === undefined ? undefined : readSecret(path, `${where}.keyFile`, problems),
  };
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function httpChannel(channel: ChannelConfig, look: Look, read: SecretReader): HttpChannel {
  const url = read.url(channel.urlFile);
  switch (channel.kind) {
    case "webhook":
      return webhook({ url, key: read.key(channel.keyFile), runbookBase: look.runbookBase });
    case "dingtalk":
      return dingTalk({ ...channel, url, key: read.key(channel.keyFile), look });
    case "wecom":
      return weCom({ url, mention: channel.mention, look });
    case "feishu":
      return feishu({
        url,
        key: read.key(channel.keyFile),
        keyword: channel.keyword,
        mention: { ...channel.mention, mobiles: [] },
        look,
      });
    case "slack":
      return slack({ url, mention: { ...channel.mention, mobiles: [] }, look });
    default:
      return channel satisfies never;
  }
}
