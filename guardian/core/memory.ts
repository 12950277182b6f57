/**
 * What must survive a crash: incidents, fences, the standing of power devices, alerts that fire.
 * Plain JSON, kept in the journal; `remembered.ts` makes it fit for the process after a restart.
 */
import type { HostName } from "../../shared/names.ts";
import type { NoticeKind } from "../../shared/telemetry.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { AlertMessage, DeviceIdentity, PowerOffAnswer } from "../ports.ts";
import type { Drain } from "./drain-memory.ts";
import type { Forecast } from "./forecast.ts";
import type { Homecoming } from "./home-memory.ts";
import type { LookBack } from "./look-back.ts";
import type { Move } from "./move.ts";
import type { FenceProof } from "./proof.ts";
import type { Rehearsal } from "./rehearsal-memory.ts";
import type { ReserveUse } from "./reserve-memory.ts";
import type { Said } from "./words.ts";

/** An off command to one power device, and what came of it. */
export interface OffCommand {
  readonly askedAt: MonoMs;
  readonly answer: PowerOffAnswer | undefined;
  readonly answeredAt: MonoMs | undefined;
  /** The device read "on" when it was ordered off: the others are asked for life afterwards. */
  readonly wasOn: boolean;
}

/** A level that led to no proof, and why. */
export interface LevelFailure {
  /** From 0. */
  readonly level: number;
  readonly reason: Said;
}

/** Which level of a host's power devices is tried, and what came of those before it. */
export interface LevelRun {
  /** From 0; as many as there are levels when none could be ordered off. */
  readonly level: number;
  readonly since: MonoMs;
  readonly failed: readonly LevelFailure[];
}

export type Phase =
  | {
      readonly kind: "watching";
      /** A fencing that stood down may have switched a chassis off: these must show life first. */
      readonly owing?: readonly HostName[];
      /** Devices that it turned off. */
      readonly turned?: readonly string[];
    }
  | {
      readonly kind: "fencing";
      readonly since: MonoMs;
      readonly attempt: number;
      /** Why the attempt before this one led to no proof. */
      readonly lastFailure: Said | undefined;
      readonly commands: Readonly<Record<string, OffCommand>>;
      /** Undefined: nothing was ordered by this process, as far as it knows. */
      readonly run?: LevelRun | undefined;
      /** The command may have turned a chassis from on to off: the others are asked for life. */
      readonly switchedOff: boolean;
      /** Hosts fresh and without notice at the command: they must report again afterwards. */
      readonly freshAtCommand: readonly HostName[];
      /** Devices that orders before the last turned off, too. */
      readonly turned?: readonly string[];
      /** It reported when it was ordered off, by a policy: it may fall still in any order. */
      readonly alive?: true;
    }
  | {
      readonly kind: "evacuating";
      readonly since: MonoMs;
      readonly proof: FenceProof | undefined;
      /** Since when there is no proof. */
      readonly lostAt: MonoMs | undefined;
      /** First "off" of the run that the proof rests on: any life after it revokes the proof. */
      readonly offSince: MonoMs;
      /** Readings count toward a proof only when asked for after this: the last sign of life. */
      readonly lifeAt: MonoMs | undefined;
      /** What that sign was, for people; undefined when there was none. */
      readonly life: Said | undefined;
      /** When the reading was asked for that showed its power on again last. */
      readonly onAt?: MonoMs | undefined;
      readonly commands: Readonly<Record<string, OffCommand>>;
      /** The level that the proof rests on, or that is tried. */
      readonly run?: LevelRun | undefined;
      readonly switchedOff: boolean;
      readonly freshAtCommand: readonly HostName[];
      readonly turned?: readonly string[];
      readonly refences: number;
      readonly forcedDown: OrderState;
      readonly disabled: OrderState;
      /** Undefined until the host's servers were listed. */
      readonly moves: Readonly<Record<string, Move>> | undefined;
      /** Which of them will find a place, worked out before the first is called; undefined until then. */
      readonly forecast?: Forecast | "unknown" | undefined;
      readonly lookedAt: MonoMs | undefined;
      /** When the newest list of its servers was asked for. */
      readonly listedAt?: MonoMs | undefined;
      /** When one was asked for last because servers wait for their moves. */
      readonly relistedAt?: MonoMs | undefined;
      /** Since when servers wait that nothing holds, and no call was taken. */
      readonly waitsSince?: MonoMs | undefined;
      /** When no move was open any more: a list asked for later ends the work. */
      readonly settledAt?: MonoMs | undefined;
      /** A person called it off: nothing more is moved, and the host comes home when all moves have ended. */
      readonly undoneBy?: string | undefined;
      /** Before a restart people said that it is off: they have it in their hands. */
      readonly confirmed?: true;
    }
  | {
      readonly kind: "ended";
      readonly wall: number;
      readonly moves: Readonly<Record<string, Move>>;
      /** Servers that its last report counted and Nova never listed. */
      readonly unlisted?: number;
      /** Its way home, once the policy or a person has begun it. */
      readonly home?: Homecoming | undefined;
    };

/** An order to Nova that may be repeated without harm. */
export type OrderState =
  | { readonly kind: "due" }
  | { readonly kind: "asked"; readonly at: MonoMs }
  | { readonly kind: "retry"; readonly at: MonoMs; readonly reason: string }
  | { readonly kind: "done" };

/** What a host showed to whoever answered. */
export interface AnswerSeen {
  readonly row: string;
  /** Whether that had lasted: else the answer is about what follows, too. */
  readonly lasted: boolean;
  /** Whether it answered pings. */
  readonly echo: boolean;
  /** Its storage, or its instances directory, was failing, or flapped. Left out by earlier releases. */
  readonly storage?: boolean;
}

/** What a person said of an incident, or nobody in time. The last answer counts. */
export interface Answer {
  readonly kind: "approved" | "held" | "dismissed";
  /** "alice (uid 1000)". */
  readonly by: string;
  readonly reason: Said;
  readonly at: MonoMs;
  readonly wall: number;
  /** What the host was when it was said: silent, or degraded. An answer never covers the other. */
  readonly covers: "fence" | "disable";
  /** Nobody answered, and the configuration says to act then. It passes no storm and no rate. */
  readonly byDefault: boolean;
  /** Its boot at that time: of another boot nobody has said anything. */
  readonly bootId: string | undefined;
  /** What it showed then; journals of earlier releases do not say. */
  readonly seen?: AnswerSeen | undefined;
}

/** A person's word that a host is off. */
export interface Confirmation {
  readonly uid: number;
  /** "alice (uid 1000)". */
  readonly by: string;
  readonly reason: string;
  readonly at: MonoMs;
  readonly wall: number;
}

/** One host's trouble from first suspicion to resolution. */
export interface Incident {
  readonly id: string;
  readonly host: HostName;
  readonly openedAt: MonoMs;
  readonly openedWall: number;
  readonly bootId: string | undefined;
  readonly phase: Phase;
  readonly answer?: Answer | undefined;
  /** Of different people, oldest first; who said it, and why, stays in the timeline. */
  readonly confirmations?: readonly Confirmation[] | undefined;
  /** Since when a person is asked, in mode ask, and about what. */
  readonly asked?: { readonly at: MonoMs; readonly covers: Answer["covers"] } | undefined;
  /** What happened, oldest first, bounded. */
  readonly timeline: readonly TimelineEntry[];
}

export interface TimelineEntry {
  readonly at: MonoMs;
  readonly wall: number;
  readonly text: string;
}

/** What we know of a power device across restarts. */
export interface DeviceStanding {
  /** What it showed when it was first read; another value makes it unverified. */
  readonly pinned: DeviceIdentity | undefined;
  readonly vouchedBy: string | undefined;
  /** Who rehearsed it, and when: switched off, its host alone fell silent. */
  readonly rehearsed?: { readonly by: string; readonly wall: number } | undefined;
  /** Where the configuration had it when somebody vouched for it or rehearsed it. */
  readonly place?: string | undefined;
  /** Why no proof may come from it; undefined when nothing speaks against it. */
  readonly unverified: Said | undefined;
}

export interface FiringAlert {
  readonly message: AlertMessage;
  /** What the last sending said beyond its title, for what may be sent again. */
  readonly revision: string;
  readonly sentAt: MonoMs;
  /** Who has taken note: it is not repeated. */
  readonly acknowledgedBy?: string | undefined;
}

/** An operator's hold on a host, by verb or by a planned window. */
export interface Maintenance {
  readonly reason: string;
  readonly owner: string;
  /** Who set it: "alice (uid 1000)", or the window. */
  readonly by: Said;
  readonly sinceWall: number;
  /** Undefined: until it is cleared. */
  readonly untilWall: number | undefined;
  /** The window that it comes from. */
  readonly window: string | undefined;
  /** Cleared by a person before its window's end. */
  readonly cleared: boolean;
  /** Windows that were open when a person cleared it: none of them begins it again. */
  readonly clearedWindows?: readonly string[];
  /** Of when a person gave its end: our start's wall time, and how far a stepped clock was ahead of that by then. */
  readonly clock?: { readonly startedWall: number; readonly aheadMs: number };
  /** Over by the clock, but the host has not reported since. */
  readonly overdue: boolean;
}

/** A degraded host that we disabled in Nova, or are about to. */
export interface DegradedMark {
  /** The exact `disabled_reason`: another one there is not ours. */
  readonly mark: string;
  readonly disabled: OrderState;
  /** Nova's record counts when it was asked for after this. */
  readonly doneAt: MonoMs | undefined;
  readonly enabled: OrderState;
  /** A person changed what we had set: it is theirs until the host is well again. */
  readonly theirs: boolean;
}

export interface Storm {
  readonly since: MonoMs;
  readonly belowSince: MonoMs | undefined;
  /** Those in trouble that were seen to live for a minute meanwhile: that one of them goes down is news. */
  readonly lived?: readonly HostName[];
}

/** A limit that a person changed while the guardian ran. */
export interface ChangedLimit {
  readonly value: number;
  /** What the configuration said of it then. */
  readonly configured: number;
  /** "alice (uid 1000)". */
  readonly by: string;
  readonly reason: string;
  readonly wall: number;
}

/** What reports told us about a host, kept for the time when it cannot tell us any more. */
export interface KnownHost {
  readonly bootId: string;
  readonly hardwareUuid: string;
  /**
   * A store told of it, and this journal never heard it live: what people said of it before (maintenance, a hold) may
   * stand in another journal.
   */
  readonly unheard?: true;
  /** What its BMC shows it from inside; missing in journals of earlier releases, and where it is not known. */
  readonly bmcGuid?: string;
  /** Its last report announced that it goes: kept for when no store shows that report any more. */
  readonly notice?: Exclude<NoticeKind, "none">;
}

export interface Memory {
  readonly version: 1;
  /** Why the guardian may not act; undefined when it is armed. */
  readonly disarmed: Said | undefined;
  readonly incidents: ReadonlyMap<HostName, Incident>;
  readonly incidentCount: number;
  /** Wall times of fences without a person: the one place where wall time is subtracted. */
  readonly fences: readonly {
    readonly host: HostName;
    readonly wall: number;
    /** Approved by a person: it does not count. */
    readonly approved?: boolean;
  }[];
  readonly devices: Readonly<Record<string, DeviceStanding>>;
  readonly known: Readonly<Record<string, KnownHost>>;
  readonly alerts: Readonly<Record<string, FiringAlert>>;
  /** By scope: the whole cloud, or a failure domain. */
  readonly storms: Readonly<Record<string, Storm>>;
  /** Hosts that people took back and that have not reported since. */
  readonly released: readonly HostName[];
  /** Hosts whose state broke a promise of the design, with what was broken. */
  readonly quarantined: ReadonlyMap<HostName, string>;
  readonly maintenance: ReadonlyMap<HostName, Maintenance>;
  readonly degraded: ReadonlyMap<HostName, DegradedMark>;
  /** The last one of each, while it is under way or has failed. */
  readonly rehearsals: ReadonlyMap<HostName, Rehearsal>;
  /** Of degraded hosts; the last one of each, until its incident is over. */
  readonly drains: ReadonlyMap<HostName, Drain>;
  /** Reserve hosts that were enabled for an evacuation, until they are reserves again. */
  readonly reserves: ReadonlyMap<HostName, ReserveUse>;
  /** Fenced hosts that people took back: what their libvirt starts is looked at for a while. */
  readonly lookBacks: ReadonlyMap<HostName, LookBack>;
  /** When a host was switched on by us last, to come home: wall times of the last day. */
  readonly homecomings: Readonly<Record<string, number>>;
  /** By the name that the configuration has for it. */
  readonly changedLimits: Readonly<Record<string, ChangedLimit>>;
  /** The last that was said of it in the log. */
  readonly arming: "armed" | "disarming" | "disarmed";
}

export const emptyMemory: Memory = {
  version: 1,
  disarmed: undefined,
  incidents: new Map(),
  incidentCount: 0,
  fences: [],
  devices: {},
  known: {},
  alerts: {},
  storms: {},
  released: [],
  quarantined: new Map(),
  maintenance: new Map(),
  degraded: new Map(),
  rehearsals: new Map(),
  drains: new Map(),
  reserves: new Map(),
  lookBacks: new Map(),
  homecomings: {},
  changedLimits: {},
  arming: "armed",
};

/** The beginning of this process's time, for instants that were never set. */
export const never: MonoMs = monoMs(Number.NEGATIVE_INFINITY);
