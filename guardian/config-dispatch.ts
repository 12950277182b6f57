/** Rules between alerts and channels, as the section `alerts` of the configuration has them. */
import { absolutePath, duration, name, proxyKeys, z } from "./config-parts.ts";
import { parseHours } from "./dispatch/hours.ts";
import { routeProblems } from "./dispatch/routes.ts";
import { defaultRules, type Escalation, type Route } from "./dispatch/settings.ts";

const patterns = z.array(z.string().min(1, "must not be empty")).default([]);

const hours = z.string().transform((text, context) => {
  const parsed = parseHours(text);
  if (parsed === undefined) {
    context.addIssue(`"${text}" is no hours such as "22:00-06:00" or "mon-fri 08:00-18:00"`);
  }
  return parsed;
});

const route = z.strictObject({
  name,
  classes: z
    .array(z.enum(["page", "notification", "ticket", "log"]))
    .min(1, "must name a class")
    .default(["page", "notification", "ticket"]),
  kinds: patterns,
  hosts: patterns,
  zones: patterns,
  groups: patterns,
  /** In `alerts.timeZone`. */
  hours: hours.optional(),
  channels: z.array(name).min(1, "must name a channel"),
});

const escalation = z.strictObject({
  after: duration(600_000, 60_000),
  channels: z.array(name).min(1, "must name a channel"),
  repeat: duration(900_000, 60_000),
  times: z.int().min(1).max(20).default(4),
});

/** Whoever watches the guardian from outside, and calls people when it falls silent. */
const heartbeat = z.strictObject({
  urlFile: absolutePath,
  method: z.enum(["GET", "POST"]).default("POST"),
  every: duration(60_000, 10_000),
  caFile: absolutePath.optional(),
  ...proxyKeys,
});

/** Keys of `alerts` that say who is told what, and when. */
export const dispatchKeys = {
  routes: z.array(route).default([]),
  escalation: escalation.optional(),
  /** Channels that programs listen to; without it webhooks and Alertmanager, unless a route names them. */
  feeds: z.array(name).optional(),
  groupFor: duration(defaultRules.groupMs),
  repeatEvery: duration(defaultRules.repeatMs, 600_000),
  messagesPerIncident: z.int().min(3).max(100).default(defaultRules.perIncidentMax),
  /** Beside the journal when left out. */
  outboxFile: absolutePath.optional(),
  waitingMax: z.int().min(10).max(10_000).default(defaultRules.waitingMax),
  keepFor: duration(defaultRules.keepMs, 600_000),
  heartbeat: heartbeat.optional(),
};

export type RouteConfig = z.output<typeof route>;
export type EscalationConfig = z.output<typeof escalation>;

export interface DispatchConfig {
  readonly webhooks: readonly { readonly name: string }[];
  readonly channels: readonly { readonly name: string; readonly kind: string }[];
  readonly routes: readonly RouteConfig[];
  readonly escalation?: EscalationConfig | undefined;
  readonly feeds?: readonly string[] | undefined;
}

export function routesOf({ routes }: DispatchConfig): readonly Route[] {
  return routes.map((entry) => ({ ...entry, hours: entry.hours }));
}

export function escalationOf({ escalation: config }: DispatchConfig): Escalation | undefined {
  if (config === undefined) return undefined;
  const { after, channels, repeat, times } = config;
  return { afterMs: after, channels, repeatMs: repeat, times };
}

/** Kinds of channel behind which a program sits that has rules of its own. */
const programs: readonly string[] = ["webhook", "alertmanager"];

/** Channels that get every sending at once, under none of the rules. */
export function feedsOf(config: DispatchConfig): readonly string[] {
  if (config.feeds !== undefined) return config.feeds;
  const named = [...config.routes, ...(config.escalation === undefined ? [] : [config.escalation])];
  const people = new Set(named.flatMap(({ channels }) => channels));
  const webhooks = config.channels.filter(({ kind }) => programs.includes(kind));
  return [...config.webhooks, ...webhooks].map((one) => one.name).filter((one) => !people.has(one));
}

/** Kinds of channel whose provider makes one thing of beginning and end, by their key. */
const joiners: readonly string[] = ["webhook", "alertmanager", "pagerduty", "flashduty"];

/** Channels to which an end without its beginning says nothing. */
export function joiningOf(config: DispatchConfig): readonly string[] {
  const channels = config.channels.filter(({ kind }) => joiners.includes(kind));
  return [...config.webhooks, ...channels].map((one) => one.name);
}

/** What is wrong beyond the shape: names that lead nowhere, an hour at which a page does. */
export function* dispatchProblems(
  config: DispatchConfig,
): Generator<readonly [readonly string[], string]> {
  const names = [...config.webhooks, ...config.channels].map((one) => one.name);
  const known = names.join(", ") || "none";
  const seen = new Set<string>();
  for (const { name: own } of config.routes) {
    if (seen.has(own)) yield [["routes"], `a route "${own}" is there already`];
    seen.add(own);
  }
  const routes = routesOf(config);
  for (const problem of routeProblems(routes, escalationOf(config), names)) {
    yield [["routes"], problem];
  }
  for (const feed of config.feeds ?? []) {
    if (!names.includes(feed)) yield [["feeds"], `no such channel: ${feed}; known: ${known}`];
    else if ([...routes, config.escalation].some((one) => one?.channels.includes(feed))) {
      yield [["feeds"], `${feed} is a feed and in a route or the escalation: choose one`];
    }
  }
}
