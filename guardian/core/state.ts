/** What the guardian knows now. All of it can be rebuilt by looking again, except `memory`. */
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { LivenessRow, NetworkName, PeerSighting, Watermark } from "../../shared/telemetry.ts";
import type { MonoMs, WallMs } from "../../shared/time.ts";
import type { ComputeService, PingResult, PowerReading, PowerRestore } from "../ports.ts";
import type { Assessment } from "./assessment.ts";
import type { Census } from "./census.ts";
import type { SharedAt } from "./failings.ts";
import type { HostTable } from "./host-table.ts";
import type { Inventory } from "./inventory.ts";
import type { Memory } from "./memory.ts";
import type { Pace } from "./pace.ts";
import type { Round } from "./round.ts";
import type { ServersOn } from "./servers-on.ts";
import type { Settings } from "./settings.ts";
import type { Verification } from "./verification.ts";
import type { Said } from "./words.ts";

/** One collector, as its watermarks show it. */
export interface CollectorTrack {
  readonly id: CollectorId;
  readonly watermark: Watermark;
  /** When we first saw that watermark. */
  readonly seenAt: MonoMs;
  /** The collector's clock at the first watermark of this epoch: what it can vouch from. */
  readonly observedFrom: MonoMs;
  /** When we first saw this epoch. */
  readonly epochSeenAt: MonoMs;
  /** When its ledger last showed a dropped datagram or a shed liveness row. */
  readonly dirtyAt: MonoMs | undefined;
  /** Newest watermark instants by way, to tell the store's lag. */
  readonly storeMs: MonoMs | undefined;
  readonly liveMs: MonoMs | undefined;
  /** How much later than at best the store showed us that watermark, by both clocks. */
  readonly behindMs: number;
  /** The last time that its watermark stood still, or was not seen, for longer than it takes to write one. */
  readonly gap: WatermarkGap | undefined;
  /** Whether we saw another epoch of it before: its first watermark of this one is no old one. */
  readonly began: boolean;
}

/** What it dated meanwhile may have waited in its socket since the watermark before. */
export interface WatermarkGap {
  /** When we saw the watermark before it. */
  readonly fromAt: MonoMs;
  /** The watermark after it, on the collector's clock. */
  readonly toMs: MonoMs;
  /** So long that it had no vote meanwhile. */
  readonly lostVote: boolean;
}

export interface PingRecord {
  readonly sentAt: MonoMs;
  readonly at: MonoMs;
  readonly result: PingResult;
}

export interface AnchorTrack {
  readonly network: NetworkName;
  readonly address: string;
  readonly echoAt: MonoMs | undefined;
  /** Every request sent from `steadyFrom` to `steadyTo` was answered: in between our leg worked. */
  readonly steadyFrom: MonoMs | undefined;
  readonly steadyTo: MonoMs | undefined;
  /** Since when no such stretch was long enough for the pings that a host must fail. */
  readonly shakySince: MonoMs | undefined;
  readonly askedAt: MonoMs | undefined;
}

export interface ReadingRecord {
  readonly askedAt: MonoMs;
  readonly at: MonoMs;
  readonly reading: PowerReading;
}

/** One power device of a host, newest readings last. */
export interface DeviceTrack {
  readonly device: string;
  readonly readings: readonly ReadingRecord[];
  /** A reading is under way since. */
  readonly askedAt: MonoMs | undefined;
  /** Last failure to answer while the host was not fresh. */
  readonly failedAt: MonoMs | undefined;
  /** Start of the unbroken run of answers. */
  readonly answeringSince: MonoMs | undefined;
  /** First reading of the unbroken run of "off". */
  readonly offSince: MonoMs | undefined;
  /** When the last reading was asked for that said on after one that said off. */
  readonly onAgainAt?: MonoMs | undefined;
  /** What it said last that its chassis does when the mains come back. */
  readonly restore?: PowerRestore | undefined;
}

/** Nova's record of a host's nova-compute, and how it moves. */
export interface ServiceTrack {
  readonly service: ComputeService;
  readonly askedAt: MonoMs;
  readonly answeredAt: MonoMs;
  /** When we saw its time stamp advance last, or first saw it at all. */
  readonly advancedAt: MonoMs;
  /** The last two true advances, newest last: by the ask time of the answer before each. */
  readonly advances: readonly { readonly askedAt: MonoMs; readonly previousAskedAt: MonoMs }[];
  /** What it was called, until it moves or its host reports: that others stand still, too, takes nothing of it back. */
  readonly called?: "quiet" | "quiet-long";
}

/** Since when each failing self-check has failed, on our clock. */
export interface ChecksSince {
  readonly storage: MonoMs | undefined;
  readonly directory: MonoMs | undefined;
  readonly business: MonoMs | undefined;
  readonly libvirt: MonoMs | undefined;
}

export interface HostState {
  readonly host: HostName;
  /** Newest row per collector and path, of that collector's current epoch. */
  readonly rows: readonly LivenessRow[];
  /** The newest report of any epoch: the host's last words. */
  readonly newest: LivenessRow | undefined;
  /** When the newest report arrived, on our clock, never too early. */
  readonly lifeAt: MonoMs | undefined;
  /** The same, never too late, as far as its collector's delay is known: what speaks for its life. */
  readonly livedAt: MonoMs | undefined;
  /** The same, with whatever delay there is between its collector and us. */
  readonly heardAt: MonoMs | undefined;
  /**
   * When the newest unconfirmed report arrived, on our clock, never too early: it might be life, so it voids
   * whatever rests on this host being off, and speaks for nothing else.
   */
  readonly unconfirmedAt: MonoMs | undefined;
  /** The newest of those by each collector and path. */
  readonly unconfirmedRows: readonly LivenessRow[];
  readonly suspectSince: MonoMs | undefined;
  readonly silentSince: MonoMs | undefined;
  readonly freshSince: MonoMs | undefined;
  /** When it was last steadily fresh, as of the end of that run; `steadyAt()` knows a current one. */
  readonly steadyAt: MonoMs | undefined;
  readonly checksSince: ChecksSince;
  readonly service: ServiceTrack | undefined;
  /** Failure domains it is in: "rack B7". */
  readonly domains: readonly string[];
  /** Last echo of any network. */
  readonly echoAt: MonoMs | undefined;
  readonly pings: ReadonlyMap<NetworkName, readonly PingRecord[]>;
  /** What other hosts' probes say of it: the newest by each, on each network. */
  readonly sightings: readonly PeerSighting[];
  readonly pingedAt: MonoMs | undefined;
  readonly devices: ReadonlyMap<string, DeviceTrack>;
  readonly assessment: Assessment | undefined;
  readonly serversOn: ServersOn | undefined;
}

/** What the guardian knows of its own eyes. */
export interface Eyes {
  readonly tickAt: MonoMs | undefined;
  /** The round before this one. */
  readonly previousTickAt: MonoMs | undefined;
  readonly tickWall: WallMs | undefined;
  /** Our loop paused or a clock stepped. */
  readonly shakenAt: MonoMs | undefined;
  readonly shakenBy: Said;
  readonly journalWritable: boolean;
  readonly journalReason: string;
  readonly servicesAskedAt: MonoMs | undefined;
  readonly servicesAt: MonoMs | undefined;
  /** When a record of Nova's was seen to move last, and since when they move without a break. */
  readonly recordsMovedAt: MonoMs | undefined;
  readonly recordsFrom: MonoMs | undefined;
  readonly novaReason: string;
  /** Since when this guardian, or every collector with a vote, has been watching anew. */
  readonly graceFrom: MonoMs;
  /** Time with good eyes since then. */
  readonly goodMs: number;
  /** Since when something common to all hosts has been in doubt. */
  readonly doubtSince: MonoMs | undefined;
}

export interface GuardianState {
  readonly settings: Settings;
  readonly epoch: number;
  readonly startedAt: MonoMs;
  /** What the wall clock read then: it may step, and this with our own time does not. */
  readonly startedWall: WallMs;
  readonly now: MonoMs;
  readonly wall: WallMs;
  readonly eyes: Eyes;
  readonly disarmedFile: boolean;
  readonly collectors: ReadonlyMap<CollectorId, CollectorTrack>;
  readonly anchors: readonly AnchorTrack[];
  readonly hosts: HostTable<HostState>;
  /** Nova's host aggregates and free memory, and its schedulers. */
  readonly inventory: Inventory;
  /** How many moves at once; undefined while nothing is evacuated. */
  readonly pace: Pace | undefined;
  /** How long suspects have held others back, per host: list of hold intervals' ticks. */
  readonly suspectHolds: ReadonlyMap<HostName, SuspectHold>;
  /** What this round's judgements share. */
  readonly round: Round;
  /** This round's counts. */
  readonly census: Census;
  readonly sharedAt: SharedAt;
  /** Which power devices are their hosts' own. */
  readonly verification: Verification;
  readonly memory: Memory;
}

export interface SuspectHold {
  readonly windowFrom: MonoMs;
  readonly heldMs: number;
}

export function newHostState(host: HostName): HostState {
  return {
    host,
    rows: [],
    newest: undefined,
    lifeAt: undefined,
    livedAt: undefined,
    heardAt: undefined,
    unconfirmedAt: undefined,
    unconfirmedRows: [],
    suspectSince: undefined,
    silentSince: undefined,
    freshSince: undefined,
    steadyAt: undefined,
    checksSince: {
      storage: undefined,
      directory: undefined,
      business: undefined,
      libvirt: undefined,
    },
    service: undefined,
    domains: [],
    echoAt: undefined,
    pings: new Map(),
    sightings: [],
    pingedAt: undefined,
    devices: new Map(),
    assessment: undefined,
    serversOn: undefined,
  };
}

/**
 * The host with some fields changed. Named field by field in one place, so that all hosts are
 * objects of one shape: a spread at each of many places costs several times as much.
 */
export function hostWith(host: HostState, change: Partial<HostState>): HostState {
  const copy: HostState = {
    host: host.host,
    rows: host.rows,
    newest: host.newest,
    lifeAt: host.lifeAt,
    livedAt: host.livedAt,
    heardAt: host.heardAt,
    unconfirmedAt: host.unconfirmedAt,
    unconfirmedRows: host.unconfirmedRows,
    suspectSince: host.suspectSince,
    silentSince: host.silentSince,
    freshSince: host.freshSince,
    steadyAt: host.steadyAt,
    checksSince: host.checksSince,
    service: host.service,
    domains: host.domains,
    echoAt: host.echoAt,
    pings: host.pings,
    sightings: host.sightings,
    pingedAt: host.pingedAt,
    devices: host.devices,
    assessment: host.assessment,
    serversOn: host.serversOn,
  };
  return Object.assign(copy, change);
}

/** The state with some fields changed; of one shape, as hosts are. */
export function stateWith(state: GuardianState, change: Partial<GuardianState>): GuardianState {
  const copy: GuardianState = {
    settings: state.settings,
    epoch: state.epoch,
    startedAt: state.startedAt,
    startedWall: state.startedWall,
    now: state.now,
    wall: state.wall,
    eyes: state.eyes,
    disarmedFile: state.disarmedFile,
    collectors: state.collectors,
    anchors: state.anchors,
    hosts: state.hosts,
    inventory: state.inventory,
    pace: state.pace,
    suspectHolds: state.suspectHolds,
    round: state.round,
    census: state.census,
    sharedAt: state.sharedAt,
    verification: state.verification,
    memory: state.memory,
  };
  return Object.assign(copy, change);
}

/** The state with some fields of its eyes changed; of one shape, as hosts are. */
export function withEyes(state: GuardianState, change: Partial<Eyes>): GuardianState {
  const { eyes } = state;
  const copy: Eyes = {
    tickAt: eyes.tickAt,
    previousTickAt: eyes.previousTickAt,
    tickWall: eyes.tickWall,
    shakenAt: eyes.shakenAt,
    shakenBy: eyes.shakenBy,
    journalWritable: eyes.journalWritable,
    journalReason: eyes.journalReason,
    servicesAskedAt: eyes.servicesAskedAt,
    servicesAt: eyes.servicesAt,
    recordsMovedAt: eyes.recordsMovedAt,
    recordsFrom: eyes.recordsFrom,
    novaReason: eyes.novaReason,
    graceFrom: eyes.graceFrom,
    goodMs: eyes.goodMs,
    doubtSince: eyes.doubtSince,
  };
  return stateWith(state, { eyes: Object.assign(copy, change) });
}

/** The state with one host changed (or added). */
export function withHost(state: GuardianState, changed: HostState): GuardianState {
  return stateWith(state, { hosts: state.hosts.with(changed) });
}

/** A host as known, or new. */
export function hostOf(state: GuardianState, host: HostName): HostState {
  return state.hosts.get(host) ?? newHostState(host);
}
