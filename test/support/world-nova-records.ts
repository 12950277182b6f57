/** What the simulated world's Nova keeps, and the troubles it can be in. */
import type { ComputeServer, ServerSize } from "../../guardian/ports.ts";
import type { HostName, ServerId } from "../../shared/names.ts";

export interface NovaService {
  reportedAt: number;
  /** When its nova-compute reported last, whether that came to its record or not. */
  sentAt: number;
  /** How long it had stood still when it last moved on. */
  stoodStillMs: number;
  reports: number;
  forcedDown: boolean;
  status: "enabled" | "disabled";
  reason: string | undefined;
  /** When somebody changed its standing last. */
  changedAt: number;
}

export interface NovaServer {
  readonly id: ServerId;
  name: string;
  host: HostName;
  status: string;
  vmState: string;
  taskState: string | undefined;
  volumeBacked: boolean;
  metadata: Readonly<Record<string, string>>;
  tags: readonly string[];
  flavorSpecs: Readonly<Record<string, string>>;
  image: ComputeServer["image"];
  size: ServerSize;
  fault: string | undefined;
  moving: boolean;
}

export interface NovaMigration {
  readonly id: number;
  readonly server: ServerId;
  readonly source: HostName;
  destination: HostName | undefined;
  status: string;
}

export interface NovaWorld {
  readonly now: () => number;
  readonly later: (ms: number, run: () => void) => void;
  /** Starts the server's process on a host that is on; false when the host is off. */
  readonly startOn: (server: ServerId, host: HostName) => boolean;
  readonly carry: (server: ServerId, from: HostName, to: HostName) => boolean;
  readonly isRunning: (host: HostName) => boolean;
  readonly note: (text: string) => void;
}

/** What becomes of an evacuate call. */
export type EvacuateMode =
  | "normal"
  /** Accepted, and nothing moves until Nova is mended. */
  | "stalls"
  /** As it does, with the host that it has chosen shown: they lie in that host's queue. */
  | "stalls-at-destination"
  | "refuses"
  /** As releases did that take no server with a task. */
  | "refuses-tasks"
  /** Accepted, and no record is ever made. */
  | "loses-call"
  /** Done, and the answer does not come back. */
  | "loses-answer"
  /** Neither answered nor done, until much later. */
  | "done-late"
  /** No host takes it. */
  | "fails";

export type OrderMode = "normal" | "refuses" | "loses-call" | "loses-answer";

/** A server as Nova shows it. */
export function shown(server: NovaServer, sized = false): ComputeServer {
  return {
    server: server.id,
    name: server.name,
    host: server.host,
    status: server.status,
    vmState: server.vmState,
    taskState: server.taskState,
    powerState: server.vmState === "active" ? 1 : 4,
    project: "project-1",
    locked: false,
    volumeBacked: server.volumeBacked,
    metadata: server.metadata,
    tags: server.tags,
    flavorSpecs: server.flavorSpecs,
    image: server.image,
    ...(sized ? { size: server.size } : {}),
    fault: server.fault,
  };
}

/** What a host uses by itself. */
const hostMemoryMb = 512;
/** Of a server that nobody made larger. */
export const usualSize: ServerSize = { memoryMb: 2048, vcpus: 2 };

/** What servers and their host use. */
export function usedBy(servers: Iterable<{ readonly size: ServerSize }>): ServerSize {
  let memoryMb = hostMemoryMb;
  let vcpus = 0;
  for (const { size } of servers) {
    memoryMb += size.memoryMb;
    vcpus += size.vcpus;
  }
  return { memoryMb, vcpus };
}
