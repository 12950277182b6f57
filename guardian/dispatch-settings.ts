/** From the configuration and the channels that were built to what the dispatcher is told. */
import type { GuardianConfig } from "./config.ts";
import { escalationOf, feedsOf, joiningOf, routesOf } from "./config-dispatch.ts";
import type { Settings } from "./core/settings.ts";
import { defaultRate, type DispatchSettings } from "./dispatch/settings.ts";
import type { Notifier } from "./ports.ts";

export function dispatchSettings(
  { alerts }: GuardianConfig,
  settings: Settings,
  notifiers: readonly Notifier[],
): DispatchSettings {
  const feeds = feedsOf(alerts);
  const joining = joiningOf(alerts);
  const channels = notifiers.map(({ name, rate = defaultRate }) => {
    const joins = joining.includes(name) ? { joins: true as const } : {};
    return [name, { rate, feed: feeds.includes(name), ...joins }] as const;
  });
  return {
    cloud: settings.cloud,
    language: settings.language,
    timeZone: alerts.timeZone,
    channels: new Map(channels),
    routes: routesOf(alerts),
    escalation: escalationOf(alerts),
    groupMs: alerts.groupFor,
    repeatMs: alerts.repeatEvery,
    repeatPageMs: settings.limits.repeatPageMs,
    perIncidentMax: alerts.messagesPerIncident,
    waitingMax: alerts.waitingMax,
    keepMs: alerts.keepFor,
  };
}
