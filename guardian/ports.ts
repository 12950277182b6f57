/**
 * The guardian's ports: each has a real adapter in `shell/` and a behaving fake. Adapters never
 * throw for what the outside world does; they return it as a value, and "could not see" is a value
 * of its own, never "down" and never "off".
 */
import type { HostName, ServerId } from "../shared/names.ts";
import type { NetworkName, TelemetrySnapshot } from "../shared/telemetry.ts";

/** A thing that was asked and could not be answered. */
export interface Failure {
  readonly kind: "failed";
  /** One sentence that names what was asked, the value and the limit; no secrets. */
  readonly reason: string;
}

/** Newest telemetry: the store, or one collector's live view. */
export interface TelemetryStore {
  /** "store" or "live:<collector>"; shown to people. */
  readonly name: string;
  read(deadlineMs: number): Promise<({ readonly kind: "read" } & TelemetrySnapshot) | Failure>;
  close(): Promise<void>;
}

export type PingResult =
  | { readonly kind: "echo"; readonly rttMs: number }
  | { readonly kind: "no-echo" }
  /** Our own fault (network unreachable, own link down): never held against the peer. */
  | { readonly kind: "local-fault"; readonly reason: string };

export interface PingTarget {
  readonly network: NetworkName;
  readonly address: string;
  /** Our own address on that network; undefined lets the kernel choose. */
  readonly sourceAddress: string | undefined;
}

export interface Pinger {
  /** "net-ping", "fping" or "udp-echo"; shown to people. */
  readonly name: string;
  /** One echo request with our nonce; settles within `timeoutMs` plus 100 ms. */
  ping(target: PingTarget, timeoutMs: number): Promise<PingResult>;
  close(): Promise<void>;
}

/** What a power device says of itself; values lower case, no separators. Empty: nothing to show. */
export interface DeviceIdentity {
  readonly guid: string | undefined;
  readonly uuid: string | undefined;
  readonly serial: string | undefined;
}

/** What a chassis does by itself when its mains come back. */
export type PowerRestore = "always-on" | "always-off" | "last-state";

/** One reading, identity taken in the same session. A timeout is `unknown`, never `off`. */
export type PowerReading =
  | {
      readonly power: "on" | "off";
      readonly identity: DeviceIdentity;
      /** Left out where the device does not tell, or was not asked this time. */
      readonly restore?: PowerRestore;
    }
  | { readonly power: "unknown"; readonly reason: string };

/** How a device answered an off command. `done` says only that it accepted it. */
export type PowerOffAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "already-off" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "no-answer"; readonly reason: string };

/** How a device answered an on command. `done` says only that it accepted it. */
export type PowerOnAnswer = Exclude<PowerOffAnswer, { readonly kind: "already-off" }>;

export interface PowerController {
  /** "ipmi 10.77.4.11" and the like; no secrets. */
  readonly name: string;
  read(deadlineMs: number): Promise<PowerReading>;
  /**
   * Reads the identity and, in the same session and only if it equals `expected` (when given),
   * orders off. Never repeats the order by itself. `objection` is asked in the moment before: with one, or once
   * `deadlineMs` is over, nothing is sent.
   */
  powerOff(
    expected: DeviceIdentity | undefined,
    deadlineMs: number,
    objection?: Objection,
  ): Promise<PowerOffAnswer>;
  /** The same for on; what is on already stays on, and is `done` or refused. */
  powerOn(expected: DeviceIdentity | undefined, deadlineMs: number): Promise<PowerOnAnswer>;
}

/** Nova's record of one nova-compute. */
export interface ComputeService {
  readonly serviceId: string;
  readonly host: HostName;
  readonly zone: string;
  readonly status: "enabled" | "disabled";
  readonly state: "up" | "down";
  readonly forcedDown: boolean;
  readonly disabledReason: string | undefined;
  /** Nova's own time stamp, compared for change only. */
  readonly updatedAt: string | undefined;
}

/** A server as Nova shows it. */
export interface ComputeServer {
  readonly server: ServerId;
  readonly name: string;
  readonly host: HostName | undefined;
  /** ACTIVE, SHUTOFF, ERROR, REBUILD, PAUSED … */
  readonly status: string;
  readonly vmState: string;
  readonly taskState: string | undefined;
  readonly powerState: number;
  readonly project: string;
  readonly locked: boolean;
  /** True when the root disk is a volume: no image on the server record, and a volume attached. */
  readonly volumeBacked: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /** Plain labels, as people set them. */
  readonly tags?: readonly string[] | undefined;
  readonly flavorSpecs?: Readonly<Record<string, string>> | undefined;
  /** What its flavor has it take; undefined where Nova does not show it. */
  readonly size?: ServerSize | undefined;
  /** Undefined: it has none, or nobody asked for it. */
  readonly image?: ImageProperties | undefined;
  readonly fault: string | undefined;
}

/** What a server takes of the host that it runs on. */
export interface ServerSize {
  readonly memoryMb: number;
  readonly vcpus: number;
}

/** What Glance keeps with the image that a server was booted from. */
export type ImageProperties =
  | { readonly kind: "read"; readonly properties: Readonly<Record<string, string>> }
  | { readonly kind: "unread"; readonly reason: string };

/** One of Nova's migration records of type evacuation. */
export interface EvacuationRecord {
  readonly id: number;
  readonly server: ServerId;
  readonly source: HostName;
  readonly destination: HostName | undefined;
  /** accepted, pre-migrating, done, completed, error, failed … */
  readonly status: string;
  readonly createdAt: string;
}

export type ApiAnswer =
  | { readonly kind: "accepted"; readonly requestId: string }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** It may or may not have been done: look before doing anything again. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Why an order may not be sent any more, asked in the moment before it is; undefined when it may. */
export type Objection = () => string | undefined;

/** Of an order that is never repeated blindly. `not-made`: nothing was sent, so nothing was begun. */
export type MoveAnswer = ApiAnswer | { readonly kind: "not-made"; readonly reason: string };

/** What a host has and uses, as whoever was asked counts it. */
export interface Capacity {
  readonly host: HostName;
  /** Placement: with overcommit and without what is reserved. A hypervisor: all of it. */
  readonly memoryMb: number;
  /** By its servers; a hypervisor counts what is reserved for the host itself, too. */
  readonly memoryUsedMb: number;
  /** Shown by Placement alone: a hypervisor does not say how often one is given away. */
  readonly vcpus?: number;
  readonly vcpusUsed?: number;
}

/** Who counted. Hypervisors alone know nothing of overcommit, nor of processors: why not Placement. */
export type CapacityBy =
  { readonly kind: "placement" } | { readonly kind: "hypervisors"; readonly reason: string };

export interface Aggregate {
  readonly name: string;
  readonly hosts: readonly HostName[];
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export type InventoryAnswer =
  | {
      readonly kind: "inventory";
      readonly aggregates: readonly Aggregate[];
      readonly capacity: readonly Capacity[];
      /** Left out by earlier releases, which read hypervisors alone. */
      readonly capacityBy?: CapacityBy;
    }
  | Failure;

/** Keystone and Nova. Every call has its own deadline; reads may be repeated, orders never are. */
export interface ComputeApi {
  services(): Promise<
    | {
        readonly kind: "services";
        readonly services: readonly ComputeService[];
        /** Hosts whose record Nova could not fill in (their cell is down): nothing is known of them. */
        readonly unreadable?: readonly HostName[];
        /** nova-scheduler services, and how many of them are up. */
        readonly schedulers?: { readonly up: number; readonly total: number };
      }
    | Failure
  >;
  /** Host aggregates, and what each host has free. */
  inventory(): Promise<InventoryAnswer>;
  /** All servers of all projects on a host (paged through to the end). */
  serversOn(
    host: HostName,
  ): Promise<{ readonly kind: "servers"; readonly servers: readonly ComputeServer[] } | Failure>;
  /** One server; `gone` when Nova says 404. */
  server(
    server: ServerId,
  ): Promise<
    | { readonly kind: "server"; readonly server: ComputeServer }
    | { readonly kind: "gone" }
    | Failure
  >;
  /** Evacuation records whose source is `host`, newest first. */
  evacuations(
    host: HostName,
  ): Promise<{ readonly kind: "records"; readonly records: readonly EvacuationRecord[] } | Failure>;
  forceDown(serviceId: string): Promise<ApiAnswer>;
  disable(serviceId: string, reason: string): Promise<ApiAnswer>;
  /** Refuses (409) a service that is disabled already; with exactly this reason it is done. */
  disableEnabled(host: HostName, serviceId: string, reason: string): Promise<ApiAnswer>;
  /** Refuses (409) unless the service is disabled with exactly this reason. */
  enable(host: HostName, serviceId: string, reason: string): Promise<ApiAnswer>;
  /** Not forced down any more. Refuses (409) unless the service is disabled with exactly this reason. */
  forceUp(host: HostName, serviceId: string, reason: string): Promise<ApiAnswer>;
  /**
   * Looks at the server first. Refuses (409) one that is not on this host, or that is being rebuilt: a second
   * evacuation would wreck it. Without that look nothing is sent.
   */
  evacuate(host: HostName, server: ServerId, objection?: Objection): Promise<MoveAnswer>;
  /** Live migration records whose source is `host`, newest first. */
  liveMigrations(
    host: HostName,
  ): Promise<{ readonly kind: "records"; readonly records: readonly EvacuationRecord[] } | Failure>;
  /** Refuses (409) a server that is not on this host, does not run, or that something is done with. */
  liveMigrate(host: HostName, server: ServerId): Promise<MoveAnswer>;
  /**
   * Puts a server in error; refuses (409) one that is not on this host in this state: "paused", or
   * "active, powering-off" while a task hangs.
   */
  resetToError(
    host: HostName,
    server: ServerId,
    from: string,
    objection?: Objection,
  ): Promise<MoveAnswer>;
}

/** What is said to people; DESIGN.md words, no time in `dedupKey`. */
export interface AlertMessage {
  readonly id: string;
  /** Equal before and after a restart: guardian/<cloud>/<host or scope>/<kind>. */
  readonly dedupKey: string;
  readonly class: "page" | "notification" | "ticket" | "log";
  readonly status: "firing" | "resolved";
  readonly host: HostName | undefined;
  readonly incident: string | undefined;
  readonly kind: string;
  readonly title: string;
  /** Evidence lines with value, operator and limit. */
  readonly why: readonly string[];
  /** Servers down or left behind. */
  readonly impact: string;
  /** What will happen next, or what a person must do. */
  readonly next: string;
  readonly wallMs: number;
  /** How often a channel was told news under this key since it began: set by who sends it. */
  readonly generation?: number;
}

export type Delivery =
  | {
      readonly kind: "delivered";
      /** What the provider said, in a few words and without secrets. */
      readonly answer?: string;
    }
  | {
      readonly kind: "undelivered";
      readonly retryable: boolean;
      readonly reason: string;
      /** The provider asks for this pause before the next try. */
      readonly retryAfterMs?: number;
    };

/** What a provider takes: `burst` messages at once, `perMinute` over any length of time. */
export interface SendRate {
  readonly burst: number;
  readonly perMinute: number;
}

export interface Notifier {
  readonly name: string;
  /** The provider's own limit; left out where it has none that is known. */
  readonly rate?: SendRate;
  send(message: AlertMessage, deadlineMs: number): Promise<Delivery>;
}

/** One durable line of the guardian's own memory. */
export interface JournalEntry {
  readonly monoMs: number;
  readonly wallMs: number;
  /** "intent": an order about to be given; "state": the whole memory. */
  readonly kind: "intent" | "state";
  readonly body: string;
}

/** A piece of the recording of the reducer's inputs; docs/recording.md has its format. */
export interface RecordedChunk {
  /** "incident": one opened or closed here; an index, so that a replay need not read everything. */
  readonly kind: "inputs" | "snapshot" | "incident";
  /** Number of its first input in this process, or of the input that its snapshot precedes. */
  readonly sequence: number;
  /** Of a snapshot: which part of it this is, from 0. */
  readonly part: number;
  /** Inputs in it, or parts of its snapshot. */
  readonly count: number;
  readonly monoMs: number;
  readonly wallMs: number;
  /** Deflated text. */
  readonly body: Uint8Array;
}

/** A piece as the journal holds it, with the epoch of the process that wrote it. */
export interface StoredChunk extends RecordedChunk {
  readonly id: number;
  readonly epoch: number;
}

/** What was recorded, for replay. Reading is piece by piece, so that nobody waits for all of it. */
export interface Recording {
  size(): RecordingSize;
  incidents(): readonly RecordedIncident[];
  /** Where a replay of an incident begins; undefined when it is not, or no longer, recorded. */
  startOf(incident: string): RecordedStart | undefined;
  /** The next few pieces after `id`, in order; empty at the end. */
  after(id: number): readonly StoredChunk[];
}

export interface RecordedStart {
  /** The piece with the snapshot comes after this one. */
  readonly after: number;
  readonly openedMonoMs: number;
  readonly openedWallMs: number;
}

export interface RecordingSize {
  readonly bytes: number;
  /** In the newest snapshot; 0 before there is one. */
  readonly hosts: number;
  readonly inputs: number;
  /** Wall times of the first and the last piece; 0 when there is none. */
  readonly fromWallMs: number;
  readonly toWallMs: number;
}

export interface RecordedIncident {
  readonly incident: string;
  readonly host: string;
  readonly openedWallMs: number;
  /** Undefined while it is open. */
  readonly closedWallMs: number | undefined;
}

export interface Journal {
  /** One more at each start; carried by every action. */
  readonly epoch: number;
  /** The newest "state" entry of an earlier epoch, if any. */
  readonly lastState: string | undefined;
  /** Wall times of the latest starts (newest last, at most 10), this one included. */
  readonly starts: readonly number[];
  /** The first of them all: no other journal began then. */
  readonly began: number;
  /**
   * Writes all entries in one transaction, synced when it returns. Throws when the journal cannot
   * be written (full, read-only): the guardian is then blind and acts on nothing.
   */
  append(entries: readonly JournalEntry[]): void;
  /** Replaces the state snapshot and appends, in one synced transaction. */
  saveState(state: string, entries: readonly JournalEntry[]): void;
  /** Writes pieces of the recording, in one synced transaction. Throws as `append` does. */
  record(chunks: readonly RecordedChunk[]): void;
  readonly recording: Recording;
  close(): void;
}
