/**
 * What a probe says, what a collector stores and what the guardian reads: the rows both stores
 * share. Numbers only (a state is its documented code), one type per field for ever, so that every
 * InfluxDB and VictoriaMetrics can hold them; docs/telemetry.md lists measurements and codes.
 */
import type { CollectorId, HostName, ServerId } from "./names.ts";
import type { MonoMs } from "./time.ts";

/** State of a network as its host sees it. `unknown`: could not be checked, which is not "down". */
export const networkStates = ["unknown", "up", "down"] as const;
export type NetworkState = (typeof networkStates)[number];

/** Result of really writing to the instances directory. */
export const directoryStates = [
  "unknown",
  "ok",
  "slow",
  "read-only",
  "full",
  "missing",
  "io-error",
  "denied",
  "hung",
] as const;
export type DirectoryState = (typeof directoryStates)[number];

/** Whether libvirt answered on its socket. */
export const libvirtStates = ["unknown", "up", "down"] as const;
export type LibvirtState = (typeof libvirtStates)[number];

/** A planned notice that the probe gave with its last report. */
export const noticeKinds = ["none", "stopping", "rebooting", "powering-off"] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/**
 * What the start guard of a host came to in this boot. `none`: there is none. `held`: the guardian has it fenced.
 * `without-word`: no collector knew, and it was started all the same; `overridden`: by a person on the host.
 */
export const startGuardStates = [
  "none",
  "asking",
  "held",
  "not-fenced",
  "without-word",
  "overridden",
] as const;
export type StartGuardState = (typeof startGuardStates)[number];

/** libvirt's domain states, by libvirt's own numbers (virDomainState). */
export const serverStates = [
  "no-state",
  "running",
  "blocked",
  "paused",
  "shutdown",
  "shut-off",
  "crashed",
  "suspended",
] as const;
export type ServerState = (typeof serverStates)[number];

/** The networks a report can travel by and a host can be pinged on, by their path id on the wire. */
export const networkNames = ["unknown", "management", "storage", "business"] as const;
export type NetworkName = Exclude<(typeof networkNames)[number], "unknown">;

/** The number that stands for a state on the wire and in a store; its index in the list. */
export function codeOf<T extends string>(states: readonly T[], state: T): number {
  return Math.max(0, states.indexOf(state));
}

/** The state a number stands for; the list's first (unknown) for a number nobody defined. */
export function stateOf<T extends string>(states: readonly [T, ...T[]], code: number): T {
  return states[code] ?? states[0];
}

/** What a host found out about itself. Ages are the host's own, at sending. */
export interface HostChecks {
  readonly storage: NetworkState;
  readonly storageAgeMs: number;
  readonly business: NetworkState;
  readonly businessAgeMs: number;
  readonly directory: DirectoryState;
  readonly directoryAgeMs: number;
  /** How long the last completed write took; 0 when none completed. */
  readonly directoryLatencyMs: number;
  readonly libvirt: LibvirtState;
  readonly libvirtAgeMs: number;
  readonly serversTotal: number;
  readonly serversRunning: number;
  readonly notice: NoticeKind;
  /** 32 hex digits: the host's own UUID (libvirt's, else DMI's); "" when it could not be read. */
  readonly hardwareUuid: string;
  /** 32 hex digits: the GUID that its BMC shows it from inside, as the bytes came; "" when it is not known. */
  readonly bmcGuid: string;
}

/**
 * The newest report of one host over one path, as one collector received it.
 * `arrivalMs` is on that collector's monotonic clock and means nothing without its epoch.
 */
export interface LivenessRow {
  readonly collector: CollectorId;
  readonly collectorEpoch: number;
  readonly host: HostName;
  readonly path: NetworkName;
  readonly arrivalMs: MonoMs;
  /** 16 hex digits: the first 8 bytes of the kernel's boot id. */
  readonly bootId: string;
  readonly probeEpoch: number;
  readonly sequence: number;
  /** The host's wall clock at sending: shown, never subtracted. */
  readonly sentWallMs: number;
  /** Datagrams the probe sent on this path since its epoch began, and how many failed to leave. */
  readonly sent: number;
  readonly sendErrors: number;
  readonly checks: HostChecks;
  /**
   * Its life has not echoed a nonce yet, so it may be a recording of an earlier one: it might be
   * life, and makes nobody healthy. Left out: it is no such row.
   */
  readonly unconfirmed?: true;
  /** Version of the collectors' settings that the probe goes by; left out: its own configuration's. */
  readonly settingsVersion?: number;
  /** Bit n: the probe hears no collector on the path of code n; left out: it hears one on each. */
  readonly cutOff?: number;
  /** What its start guard came to; left out: it has none. */
  readonly startGuard?: Exclude<StartGuardState, "none">;
}

/** What one host's probe saw of another on one network, as one collector received it. */
export interface PeerSighting {
  readonly collector: CollectorId;
  readonly collectorEpoch: number;
  readonly arrivalMs: MonoMs;
  /** The host that was pinged, and the one that pinged it. */
  readonly host: HostName;
  readonly by: HostName;
  readonly network: NetworkName;
  readonly echoes: number;
  readonly sent: number;
  /** The time over which these were sent. */
  readonly overMs: number;
  /** An address on that network that is no compute host answered the peer meanwhile. */
  readonly anchorAnswered: boolean;
}

/** Totals since the collector's epoch began. */
export interface Ledger {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly refused: number;
  /** Datagrams our kernel socket dropped (own row of /proc/net/udp or udp6). */
  readonly dropped: number;
  readonly stored: number;
  /** Liveness rows given up; never by design, so anything above zero is a fault. */
  readonly shed: number;
  /** What the probes say that they sent us, lives that are not confirmed left out. */
  readonly expected: number;
  /** Of that, what never came, or too late to count: dropped here, or lost on the network. */
  readonly missing: number;
  /** Liveness rows taken in; = stored + spooled + superseded + shed. */
  readonly liveness: number;
  /** They wait for the store. */
  readonly spooled: number;
  /** A newer one of the same host and path came while they waited. */
  readonly superseded: number;
}

/**
 * A collector's own heartbeat: "everything that reached me before `monoMs` is stored".
 * It is written only after the store acknowledged every liveness row that arrived before it.
 */
export interface Watermark {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly monoMs: MonoMs;
  readonly ledger: Ledger;
}

/** One server (VM) as the host's libvirt sees it. Its id is a tag only in this measurement. */
export interface ServerRow {
  readonly collector: CollectorId;
  readonly host: HostName;
  readonly server: ServerId;
  readonly state: ServerState;
}

/** Everything the guardian reads in one look: newest rows only. */
export interface TelemetrySnapshot {
  readonly watermarks: readonly Watermark[];
  readonly liveness: readonly LivenessRow[];
  /** What peers say of quiet hosts; left out: this source has none. */
  readonly sightings?: readonly PeerSighting[];
}

export const noLedger: Ledger = {
  received: 0,
  accepted: 0,
  duplicate: 0,
  late: 0,
  refused: 0,
  dropped: 0,
  stored: 0,
  shed: 0,
  expected: 0,
  missing: 0,
  liveness: 0,
  spooled: 0,
  superseded: 0,
};
