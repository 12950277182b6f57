/**
 * What the dispatcher knows: each alert and what every channel was told of it, the messages that wait to be
 * sent, silences, and how each channel fares. Times are `at`: milliseconds that go on over restarts and
 * never step; `wall` is for people, for silences' ends and for the hours of routes.
 */
import type { HostName } from "../../shared/names.ts";
import type { AlertMessage } from "../ports.ts";
import type { DispatchSettings } from "./settings.ts";

export type AlertClass = AlertMessage["class"];

/**
 * `new` began, `changed` became another class or title, `joined` names hosts that its channel has not read,
 * `update` says the same with newer evidence; `missed` is over, and no channel took any of it.
 */
export type DueWhy =
  "new" | "changed" | "joined" | "repeat" | "update" | "escalated" | "resolved" | "missed";

/** Where an alert's host is, for routes and silences. */
export interface Place {
  /** "rack B7", "zone az-1": failure domains, the availability zone among them. */
  readonly domains: readonly string[];
  readonly groups: readonly string[];
}

/** The newest that a channel was told of one alert. */
export interface Told {
  readonly status: AlertMessage["status"];
  readonly class: AlertClass;
  readonly title: string;
  /** The core's sending that it was told of. */
  readonly sending: string;
  readonly at: number;
  /** Told by itself since it began; a page that was told in a digest alone ends with that digest. */
  readonly alone: boolean;
  /** The hosts that a storm's page named. */
  readonly names?: readonly string[] | undefined;
  /** All hosts that it named here since it began. */
  readonly everNamed?: readonly string[] | undefined;
  /** How often it said something else, since it began here, than what people may have taken note of. */
  readonly generation?: number | undefined;
  /** The channel refused it for good, or did not take it in time. */
  readonly lost?: true;
  /** The channel took a message about it since it began. */
  readonly reached?: true | undefined;
}

/** Who takes an alert in hand. */
export interface Acknowledgement {
  readonly by: string;
  readonly reason: string;
  readonly wall: number;
  /** This alert alone: the core, which knows acknowledgements of hosts, was not told. */
  readonly alone?: true | undefined;
}

export interface TrackedAlert {
  /** As the core last sent it. */
  readonly message: AlertMessage;
  readonly place: Place;
  /** Made here (a channel is broken), not by the decision core. */
  readonly own: boolean;
  /** The channel that it is about, which is not told. */
  readonly about?: string | undefined;
  /** Id of the core's newest sending that was more than the same words again after a restart. */
  readonly sending: string;
  /** When status, class or title last changed. */
  readonly changedAt: number;
  readonly changedWall: number;
  /** When the core last sent a page again to repeat it. */
  readonly repeatedAt?: number | undefined;
  /** When a page was first told that nobody has acknowledged since. */
  readonly unackedAt?: number | undefined;
  readonly ack?: Acknowledgement | undefined;
  /** The core's sending that its host was acknowledged with before anybody was told of it. */
  readonly untoldAck?: string | undefined;
  /** A channel could not take the page: every other one is told. */
  readonly everywhere?: true | undefined;
  /** How often it was told at the second level. */
  readonly escalations: number;
  readonly escalatedAt?: number | undefined;
  /** By channel. */
  readonly told: Readonly<Record<string, Told>>;
}

/** Operators' wish not to be told of something until an end. */
export interface Silence {
  readonly id: string;
  /** `*` stands for any text; what is left out matches everything. */
  readonly match: {
    readonly host?: string;
    readonly kind?: string;
    readonly class?: AlertClass;
    readonly domain?: string;
  };
  readonly reason: string;
  readonly owner: string;
  readonly by: string;
  readonly fromWall: number;
  readonly untilWall: number;
  /** Its end by the time that never steps; set when it is taken in. */
  readonly untilAt?: number;
}

/** One message that waits for one channel: its id is the same for every try, also after a restart. */
export interface Row {
  readonly id: string;
  readonly sequence: number;
  readonly channel: string;
  readonly message: AlertMessage;
  /** Dedup keys that it speaks of: more than one in a digest. */
  readonly keys: readonly string[];
  readonly page: boolean;
  readonly at: number;
  readonly tries: number;
  /** When it went to the end of the line, after a try that failed. */
  readonly queuedAt?: number;
  /** When the oldest of the messages began to wait in whose place it is. */
  readonly waitsSince?: number;
  /** A page that its channel refused is tried again, but not before this. */
  readonly notBefore?: number;
  /** When began what it says the end of, where nothing of it was told before. */
  readonly beganWall?: number;
}

/** One channel. */
export interface Lane {
  readonly tokens: number;
  readonly tokensAt: number;
  readonly failures: number;
  readonly failingSince?: number | undefined;
  readonly problem?: string | undefined;
  readonly deliveredWall?: number | undefined;
  /** No try before this. */
  readonly pausedUntil: number;
  /** What is no page waits for as long as the provider asked. */
  readonly restPausedUntil?: number | undefined;
  /** The row that is being sent. */
  readonly trying?: string | undefined;
  readonly delivered: number;
  readonly failedTries: number;
  readonly givenUp: number;
  /** When pages of hosts were last given to it, newest last. */
  readonly pagesAt: readonly number[];
  /** Since when the oldest page of a host waits to be merged with others. */
  readonly gatheringSince?: number | undefined;
}

/** Messages about one incident on one channel. */
export interface Spent {
  readonly count: number;
  readonly at: number;
}

/** A storm of the core, and the hosts that it speaks for. */
export interface StormScope {
  readonly key: string;
  /** In trouble now, and not being moved. */
  readonly hosts: ReadonlySet<HostName>;
  /** Named in the page as the core last sent it. */
  readonly named: readonly string[];
}

export interface DispatchState {
  readonly settings: DispatchSettings;
  readonly at: number;
  readonly wall: number;
  /** Of ids made here; goes on over restarts. */
  readonly sequence: number;
  readonly alerts: ReadonlyMap<string, TrackedAlert>;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly silences: ReadonlyMap<string, Silence>;
  readonly rows: ReadonlyMap<string, Row>;
  /** By "incident|channel". */
  readonly spent: ReadonlyMap<string, Spent>;
  /** Pages that a digest told, by the digest's key, until all of them are over. */
  readonly digests: ReadonlyMap<string, Digest>;
  readonly storms: readonly StormScope[];
  /** Why the file cannot be written; undefined while it can. */
  readonly unkept?: string | undefined;
}

export interface Digest {
  readonly channel: string;
  readonly keys: readonly string[];
  readonly message: AlertMessage;
}

export function laneOf(state: DispatchState, channel: string): Lane {
  return state.lanes.get(channel) ?? newLane(state, channel);
}

function newLane({ settings, at }: DispatchState, channel: string): Lane {
  const burst = settings.channels.get(channel)?.rate.burst ?? 1;
  return {
    tokens: burst,
    tokensAt: at,
    failures: 0,
    pausedUntil: at,
    delivered: 0,
    failedTries: 0,
    givenUp: 0,
    pagesAt: [],
  };
}

/** A copy of a map with one entry set, or taken out when undefined. */
export function withEntry<V>(
  map: ReadonlyMap<string, V>,
  key: string,
  value: V | undefined,
): ReadonlyMap<string, V> {
  const next = new Map(map);
  if (value === undefined) next.delete(key);
  else next.set(key, value);
  return next;
}

export function withLane(state: DispatchState, channel: string, lane: Lane): DispatchState {
  return { ...state, lanes: withEntry(state.lanes, channel, lane) };
}

export function withAlert(
  state: DispatchState,
  key: string,
  tracked: TrackedAlert | undefined,
): DispatchState {
  return { ...state, alerts: withEntry(state.alerts, key, tracked) };
}

export function initialDispatch(
  settings: DispatchSettings,
  at: number,
  wall: number,
): DispatchState {
  return {
    settings,
    at,
    wall,
    sequence: 0,
    alerts: new Map(),
    lanes: new Map(),
    silences: new Map(),
    rows: new Map(),
    spent: new Map(),
    digests: new Map(),
    storms: [],
  };
}
