/** What the simulated Nova keeps. */
import type { HostName } from "../../shared/names.ts";
import type { SimulatedHost } from "./simulated-host.ts";

export interface SimulatedNovaOptions {
  readonly hosts: readonly SimulatedHost[];
  readonly reportIntervalMs?: number;
  readonly serviceDownMs?: number;
  /** From an accepted evacuation to the server running elsewhere. */
  readonly rebuildMs?: number;
  /** How much longer each rebuild takes than the one before it from the same host. */
  readonly rebuildStepMs?: number;
  /** How long Nova blocks when it disables a dead service that is not forced down. */
  readonly rpcTimeoutMs?: number;
  /** How long a host that was enabled while down stays out of scheduling. */
  readonly resourceUpdateMs?: number;
}

export interface NovaServiceState {
  readonly id: string;
  readonly host: SimulatedHost;
  status: "enabled" | "disabled";
  disabledReason: string | null;
  forcedDown: boolean;
  reporting: boolean;
  /** Start of the present run of reports, or the last report of the run that ended. */
  reportMs: number;
  /** An API call that changed the record. */
  touchedMs: number;
  schedulableFromMs: number;
}

export interface NovaServerState {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly volumeBacked: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly flavorSpecs: Readonly<Record<string, string>>;
  readonly imageId: string;
  host: HostName;
  status: string;
  vmState: string;
  taskState: string | null;
  /** Whether the server ran when it was last in order. */
  runs: boolean;
  locked: boolean;
  fault: string | undefined;
  wrecked: boolean;
}

export interface NovaMigrationState {
  readonly id: number;
  readonly server: NovaServerState;
  readonly source: HostName;
  readonly acceptedMs: number;
  readonly rebuildMs: number;
  readonly target: HostName | undefined;
  destination: HostName | null;
  status: "accepted" | "pre-migrating" | "done" | "completed" | "error" | "failed";
  /** Never ends: what a second evacuate call, or a lost destination, leaves behind. */
  stuck: boolean;
  doubleStart: boolean;
}

export interface NovaLiveMigration {
  readonly id: number;
  readonly server: NovaServerState;
  readonly source: HostName;
  readonly acceptedMs: number;
  destination: HostName | null;
  status: "queued" | "completed" | "error";
}

export interface NovaRefusal {
  readonly status: number;
  readonly kind: string;
  readonly message: string;
}

export interface AddServer {
  readonly host: string;
  readonly name?: string;
  readonly status?: "ACTIVE" | "SHUTOFF" | "PAUSED" | "ERROR";
  readonly volumeBacked?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
  readonly flavorSpecs?: Readonly<Record<string, string>>;
  readonly imageId?: string;
}
