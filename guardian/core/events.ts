/**
 * Everything the guardian can see. With `effects.ts` this is the whole contract between the core
 * and the world. Every event carries `at`, the guardian's own monotonic time when it took it in.
 */
import type { CollectorId, HostName, ServerId } from "../../shared/names.ts";
import type { LivenessRow, NetworkName, PeerSighting, Watermark } from "../../shared/telemetry.ts";
import type { MonoMs, WallMs } from "../../shared/time.ts";
import type {
  ApiAnswer,
  ComputeServer,
  ComputeService,
  EvacuationRecord,
  InventoryAnswer,
  MoveAnswer,
  PingResult,
  PowerOffAnswer,
  PowerOnAnswer,
  PowerReading,
} from "../ports.ts";
import type { LimitWish } from "./changed-limits.ts";
import type { Memory } from "./memory.ts";

/** The process began (or began again): what it remembers, and how often it began lately. */
export interface Started {
  readonly kind: "started";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly epoch: number;
  readonly memory: Memory | undefined;
  /** Wall times of the latest starts, this one last. */
  readonly starts: readonly number[];
}

/** The beat of the decision loop: the only event on which anything is decided. */
export interface Tick {
  readonly kind: "tick";
  readonly at: MonoMs;
  readonly wall: WallMs;
  /** The `disarmed` file exists. */
  readonly disarmed: boolean;
}

/** Newest rows from the store or from a collector's live view. */
export interface Telemetry {
  readonly kind: "telemetry";
  readonly at: MonoMs;
  readonly source: "store" | "live";
  readonly watermarks: readonly Watermark[];
  readonly liveness: readonly LivenessRow[];
  /** What probes say of other hosts; absent until they say anything: then it is unknown. */
  readonly sightings?: readonly PeerSighting[] | undefined;
}

export interface TelemetryFailed {
  readonly kind: "telemetry-failed";
  readonly at: MonoMs;
  readonly source: "store" | "live";
  readonly collector: CollectorId | undefined;
  readonly reason: string;
}

/** Nova's list of nova-compute services, asked for at `askedAt`. */
export interface Services {
  readonly kind: "services";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly services: readonly ComputeService[];
  /** Hosts whose record Nova could not read (their cell is down): they are not gone. */
  readonly unreadable: readonly HostName[];
  readonly schedulers?: { readonly up: number; readonly total: number } | undefined;
}

/** Nova's host aggregates and free memory, or why they cannot be had. */
export interface InventoryRead {
  readonly kind: "inventory";
  readonly at: MonoMs;
  /** Missing in recordings of earlier releases. */
  readonly askedAt?: MonoMs;
  readonly answer: InventoryAnswer;
}

export interface NovaFailed {
  readonly kind: "nova-failed";
  readonly at: MonoMs;
  readonly reason: string;
}

/** One echo request to a host came to an end. */
export interface Pinged {
  readonly kind: "pinged";
  readonly at: MonoMs;
  readonly sentAt: MonoMs;
  readonly host: HostName;
  readonly network: NetworkName;
  readonly result: PingResult;
}

/** One echo request to an anchor came to an end. */
export interface AnchorPinged {
  readonly kind: "anchor-pinged";
  readonly at: MonoMs;
  readonly sentAt: MonoMs;
  readonly network: NetworkName;
  readonly address: string;
  readonly result: PingResult;
}

export interface PowerRead {
  readonly kind: "power-read";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly host: HostName;
  readonly device: string;
  readonly reading: PowerReading;
}

export interface PowerOffAnswered {
  readonly kind: "power-off-answered";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly host: HostName;
  readonly device: string;
  readonly answer: PowerOffAnswer;
}

export interface PowerOnAnswered {
  readonly kind: "power-on-answered";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly host: HostName;
  readonly device: string;
  readonly answer: PowerOnAnswer;
}

/** Nova answered an order about a nova-compute service. */
export interface ServiceOrderAnswered {
  readonly kind: "service-order-answered";
  readonly at: MonoMs;
  /** Of the order that it answers; recordings of earlier releases have none. */
  readonly id?: string;
  readonly host: HostName;
  readonly order: "force-down" | "force-up" | "disable" | "enable";
  readonly answer: ApiAnswer;
}

/** All servers of a host with the evacuation records whose source it is: one consistent look. */
export interface ServersSeen {
  readonly kind: "servers-seen";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly host: HostName;
  readonly servers: readonly ComputeServer[];
  readonly records: readonly EvacuationRecord[];
}

/** A look at the moves under way: the records, and the servers that they name. */
export interface MovesSeen {
  readonly kind: "moves-seen";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly host: HostName;
  readonly records: readonly EvacuationRecord[];
  readonly servers: readonly ComputeServer[];
  readonly gone: readonly ServerId[];
}

export interface LookFailed {
  readonly kind: "look-failed";
  readonly at: MonoMs;
  readonly host: HostName;
  readonly reason: string;
}

export interface EvacuateAnswered {
  readonly kind: "evacuate-answered";
  readonly at: MonoMs;
  /** Of the order that it answers; recordings of earlier releases have none. */
  readonly id?: string;
  readonly host: HostName;
  readonly server: ServerId;
  /** `not-made`: the shell refused to call (proof lapsed, journal not writable): nothing was sent. */
  readonly answer: MoveAnswer;
}

/** Nova answered an order to put a server in error. */
export interface ResetAnswered {
  readonly kind: "reset-answered";
  readonly at: MonoMs;
  readonly id?: string;
  readonly host: HostName;
  readonly server: ServerId;
  readonly answer: EvacuateAnswered["answer"];
}

/** Nova answered a call for a live migration. */
export interface LiveMigrateAnswered {
  readonly kind: "live-migrate-answered";
  readonly at: MonoMs;
  readonly id: string;
  readonly host: HostName;
  readonly server: ServerId;
  readonly answer: EvacuateAnswered["answer"];
}

/** A look at live migrations: the records whose source the host is, and the servers that were asked for. */
export interface MigrationsSeen {
  readonly kind: "migrations-seen";
  readonly at: MonoMs;
  readonly askedAt: MonoMs;
  readonly host: HostName;
  /** Newest first. */
  readonly records: readonly EvacuationRecord[];
  readonly servers: readonly ComputeServer[];
  readonly gone: readonly ServerId[];
}

/** The journal took, or refused, what it was given. */
export interface JournalState {
  readonly kind: "journal";
  readonly at: MonoMs;
  readonly writable: boolean;
  readonly reason: string;
}

/** A person vouches that a device is this host's, with the identity that was read. */
export interface Vouched {
  readonly kind: "vouched";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  readonly by: string;
  readonly reason: string;
}

/** A person wants an empty host's power to be cycled, to see whose its power devices are. */
export interface RehearsalAsked {
  readonly kind: "rehearsal-asked";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  /** From 0. */
  readonly level: number;
  readonly by: string;
  readonly reason: string;
}

/** A person says that a host is off, having made sure of it. */
export interface Confirmed {
  readonly kind: "confirmed";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  /** Its id: the word is for this incident and no later one. */
  readonly incident: string;
  /** By the kernel's word: two people are two uids. */
  readonly uid: number;
  readonly by: string;
  readonly reason: string;
}

/** A person releases a fenced host: it is theirs again. */
export interface Released {
  readonly kind: "released";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  readonly by: string;
  readonly reason: string;
}

/** A person calls a fence off: no further move, and the host comes home when those called have ended. */
export interface UndoAsked {
  readonly kind: "undo-asked";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  readonly by: string;
  readonly reason: string;
}

/** A person arms or disarms the guardian. */
export interface Arming {
  readonly kind: "arming";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly armed: boolean;
  readonly by: string;
  readonly reason: string;
}

/** A person answers an incident: go on, stop, or "not a failure". */
export interface IncidentAnswered {
  readonly kind: "incident-answered";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  /** Its id: the answer is for this incident and no later one. */
  readonly incident: string;
  readonly answer: "approved" | "held" | "dismissed";
  readonly by: string;
  readonly reason: string;
}

/** A person has taken note of what fires: of a host, or of the guardian itself. */
export interface Acknowledged {
  readonly kind: "acknowledged";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName | undefined;
  readonly by: string;
  readonly reason: string;
}

export interface MaintenanceSet {
  readonly kind: "maintenance-set";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly host: HostName;
  readonly reason: string;
  readonly owner: string;
  /** Undefined: until it is cleared. */
  readonly untilWall: WallMs | undefined;
  readonly by: string;
}

export interface MaintenanceCleared extends Omit<Released, "kind"> {
  readonly kind: "maintenance-cleared";
}

/** A person changes limits while the guardian runs, or gives them back to the configuration. */
export interface LimitsSet {
  readonly kind: "limits-set";
  readonly at: MonoMs;
  readonly wall: WallMs;
  readonly wishes: readonly LimitWish[];
  readonly by: string;
  readonly reason: string;
}

export type GuardianEvent =
  | Started
  | Tick
  | Telemetry
  | TelemetryFailed
  | Services
  | InventoryRead
  | NovaFailed
  | Pinged
  | AnchorPinged
  | PowerRead
  | PowerOffAnswered
  | PowerOnAnswered
  | ServiceOrderAnswered
  | ServersSeen
  | MovesSeen
  | LookFailed
  | EvacuateAnswered
  | ResetAnswered
  | LiveMigrateAnswered
  | MigrationsSeen
  | JournalState
  | Vouched
  | RehearsalAsked
  | Confirmed
  | Released
  | UndoAsked
  | Arming
  | IncidentAnswered
  | Acknowledged
  | MaintenanceSet
  | MaintenanceCleared
  | LimitsSet;
