/** By which rules alerts become messages. */
import type { SendRate } from "../ports.ts";
import type { Hours } from "./hours.ts";
import type { AlertClass } from "./model.ts";

export interface Channel {
  readonly rate: SendRate;
  /** A program listens: every sending at once, and none of the rules below. */
  readonly feed: boolean;
  /** A provider that joins beginning and end by their key. */
  readonly joins?: true;
}

/** Which alerts go to which channels; of several routes that match, all count. */
export interface Route {
  readonly name: string;
  readonly classes: readonly AlertClass[];
  /** `*` stands for any text; an empty list matches everything. */
  readonly kinds: readonly string[];
  readonly hosts: readonly string[];
  readonly zones: readonly string[];
  readonly groups: readonly string[];
  /** Undefined: always. */
  readonly hours: Hours | undefined;
  readonly channels: readonly string[];
}

/** The second level: who is told when nobody acknowledges a page. */
export interface Escalation {
  readonly afterMs: number;
  readonly channels: readonly string[];
  readonly repeatMs: number;
  /** Sendings at most, the first one included. */
  readonly times: number;
}

export interface DispatchSettings {
  readonly cloud: string;
  readonly language: "en" | "zh";
  readonly timeZone: string;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly routes: readonly Route[];
  readonly escalation: Escalation | undefined;
  /** What is no page waits so long for what belongs to it. */
  readonly groupMs: number;
  /** What is no page and still fires is told again. */
  readonly repeatMs: number;
  /** The core's own repeat of pages. */
  readonly repeatPageMs: number;
  /** Messages of one incident on one channel. */
  readonly perIncidentMax: number;
  /** Messages that may wait for one channel. */
  readonly waitingMax: number;
  /** A message that was not delivered for so long is given up. */
  readonly keepMs: number;
}

/** A page whose text alone changed is told again no sooner. */
export const updateMs = 300_000;
/** A storm's page with hosts that joined it is told again no sooner. */
export const joinMs = 30_000;
/** Beyond the ceiling a storm's page that names hosts which it never named is told again so soon. */
export const growthMs = 60_000;
/** More messages than this at once, or pages within the window, become one. */
export const mergeAbove = 3;
export const mergeWindowMs = 30_000;
/** Then further pages are gathered for so long. */
export const mergeWaitMs = 10_000;
/** Tokens that only a page may take. */
export const pageReserve = 3;
/** A channel that fails for so long is announced on the others; as a page when it takes pages. */
export const brokenMs = 60_000;
export const brokenPageMs = 300_000;
/** A page that its channel has not taken for so long goes to every other one. */
export const handOnMs = 120_000;
/** First pause after a failed try, doubled each time up to the other. */
export const pauseMs = 1000;
export const pauseMsMax = 60_000;
/** The core may be this late with the repeat of a page before it is repeated here. */
export const repeatSlackMs = 60_000;
/** What an incident spent is forgotten when nothing of it was told for so long. */
export const spentKeptMs = 3_600_000;

/** Of a channel whose provider names no limit. */
export const defaultRate: SendRate = { burst: 10, perMinute: 60 };

export const defaultRules = {
  timeZone: "UTC",
  routes: [],
  escalation: undefined,
  groupMs: 30_000,
  repeatMs: 14_400_000,
  perIncidentMax: 6,
  waitingMax: 200,
  keepMs: 86_400_000,
} as const;

/** A page that was refused for good is tried again this often, while nobody else was told. */
export const refusedAgainMs = 60_000;
/** However long a provider asks to be left alone: pages wait no longer than this. */
export const pagePauseMsMax = 60_000;
/** The share of a channel's rows that is kept for pages. */
export const pageRoomShare = 0.2;
