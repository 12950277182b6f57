/** Which channels an alert goes to, and the check that a page always has one. */
import { describeMinute, isWithin, minuteOfWeek, minutesOfWeek } from "./hours.ts";
import type { DispatchState, TrackedAlert } from "./model.ts";
import type { DispatchSettings, Escalation, Route } from "./settings.ts";
import { matchesAny } from "./patterns.ts";

export interface Audience {
  /** Channels under the rules. */
  readonly people: readonly string[];
  /** Channels of programs, which get everything. */
  readonly feeds: readonly string[];
}

const audiences = new WeakMap<DispatchSettings, Audience>();

/** Asked for each alert in each round, so worked out once. */
export function audienceOf(settings: DispatchSettings): Audience {
  const known = audiences.get(settings);
  if (known !== undefined) return known;
  const names = [...settings.channels];
  const audience: Audience = {
    people: names.flatMap(([name, { feed }]) => (feed ? [] : [name])),
    feeds: names.flatMap(([name, { feed }]) => (feed ? [name] : [])),
  };
  audiences.set(settings, audience);
  return audience;
}

/**
 * Channels that are to be told of an alert now. Without routes: all. A page that nobody has acknowledged
 * goes by the hour that it is; everything else stays with the hour at which it changed, so that a change
 * of shift does not tell all of it again.
 */
export function channelsFor(state: DispatchState, tracked: TrackedAlert): readonly string[] {
  const { settings, wall } = state;
  const { people } = audienceOf(settings);
  const others = people.filter((name) => name !== tracked.about);
  if (tracked.everywhere === true) return others;
  const { message, ack, changedWall } = tracked;
  const byNow = message.class === "page" && message.status === "firing" && ack === undefined;
  const routed = routedTo(settings, tracked, byNow ? wall : changedWall);
  const chosen = others.filter((name) => routed.includes(name));
  // What is about the only channel of a class has to go somewhere.
  return chosen.length > 0 || tracked.about === undefined ? chosen : others;
}

function routedTo(
  settings: DispatchSettings,
  tracked: TrackedAlert,
  wall: number,
): readonly string[] {
  const { routes, channels, timeZone } = settings;
  if (routes.length === 0) return tracked.message.class === "log" ? [] : [...channels.keys()];
  const minute = minuteAt(wall, timeZone);
  return routes
    .filter((route) => isWithin(route.hours, minute) && routeMatches(route, tracked))
    .flatMap((route) => route.channels);
}

let lastMinute = { wallMinute: Number.NaN, timeZone: "", minute: 0 };

/** The same for a thousand alerts of one minute: asking the calendar is slow. */
function minuteAt(wall: number, timeZone: string): number {
  const wallMinute = Math.floor(wall / 60_000);
  if (lastMinute.wallMinute !== wallMinute || lastMinute.timeZone !== timeZone) {
    lastMinute = { wallMinute, timeZone, minute: minuteOfWeek(wall, timeZone) };
  }
  return lastMinute.minute;
}

function routeMatches(route: Route, { message, place }: TrackedAlert): boolean {
  if (!route.classes.includes(message.class)) return false;
  const zones = route.zones.map((zone) => `zone ${zone}`);
  return (
    matchesAny(route.kinds, [message.kind]) &&
    matchesAny(route.hosts, message.host === undefined ? [] : [message.host]) &&
    matchesAny(zones, place.domains) &&
    matchesAny(route.groups, place.groups)
  );
}

/** Whether any page goes there: to a program, by a route, or at the second level. */
export function takesPages(settings: DispatchSettings, channel: string): boolean {
  const { routes, escalation } = settings;
  if (settings.channels.get(channel)?.feed === true) return true;
  if (routes.length === 0 || escalation?.channels.includes(channel) === true) return true;
  return routes.some((route) => route.classes.includes("page") && route.channels.includes(channel));
}

/**
 * What is wrong with routes: an unknown channel, or a time of the week at which a page goes nowhere. A route
 * that is for some hosts, zones, groups or kinds alone does not count there, since the next page may be
 * about another.
 */
export function routeProblems(
  routes: readonly Route[],
  escalation: Escalation | undefined,
  channels: readonly string[],
): readonly string[] {
  const known = channels.join(", ") || "none";
  const unknown = [
    ...routes.flatMap(({ name, channels: names }) => names.map((to) => [`route ${name}`, to])),
    ...(escalation?.channels ?? []).map((to) => ["escalation", to]),
  ].flatMap(([where = "", to = ""]) =>
    channels.includes(to) ? [] : [`${where}: no such channel: ${to}; known: ${known}`],
  );
  if (routes.length === 0 || unknown.length > 0) return unknown;
  const general = routes.filter(
    ({ classes, kinds, hosts, zones, groups, channels: names }) =>
      classes.includes("page") &&
      kinds.length + hosts.length + zones.length + groups.length === 0 &&
      names.length > 0,
  );
  for (let minute = 0; minute < minutesOfWeek; minute += 1) {
    if (general.some((route) => isWithin(route.hours, minute))) continue;
    const fix = "add a route with class page and no kinds, hosts, zones or groups for that time";
    return [`on ${describeMinute(minute)} a page goes to no channel; ${fix}`];
  }
  return [];
}
