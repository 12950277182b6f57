/**
 * What Nova knows of the cloud beyond its nova-computes: host aggregates, schedulers, and how much
 * memory each host has and uses. Read once a minute; a host that dies does not wait for it.
 */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Capacity, CapacityBy } from "../ports.ts";
import { mapWith } from "./copied-map.ts";
import { foldDomains } from "./domains.ts";
import type { Effect } from "./effects.ts";
import type { InventoryRead, Services } from "./events.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Words } from "./words.ts";

export interface Inventory {
  readonly askedAt: MonoMs | undefined;
  readonly readAt: MonoMs | undefined;
  /** When what is known of the capacity was asked for. */
  readonly countedAt: MonoMs | undefined;
  /** When a server was given its place last, by the host that it left; only what is not counted yet. */
  readonly placed: ReadonlyMap<HostName, MonoMs>;
  /** Why the last reading failed; "" when it did not. */
  readonly reason: string;
  /** Names of a host's aggregates. */
  readonly aggregates: ReadonlyMap<HostName, readonly string[]>;
  /** What its aggregates say, together. */
  readonly metadata: ReadonlyMap<HostName, Readonly<Record<string, string>>>;
  readonly capacity: ReadonlyMap<HostName, Capacity>;
  /** Who counted it; undefined until somebody did. */
  readonly capacityBy: CapacityBy | undefined;
  /** Undefined until Nova listed its services. */
  readonly schedulers: { readonly up: number; readonly total: number } | undefined;
}

export const noInventory: Inventory = {
  askedAt: undefined,
  readAt: undefined,
  countedAt: undefined,
  placed: new Map(),
  reason: "",
  aggregates: new Map(),
  metadata: new Map(),
  capacity: new Map(),
  capacityBy: undefined,
  schedulers: undefined,
};

/** Of a recording of a release that asked nobody else. */
const hypervisorsAlone: CapacityBy = { kind: "hypervisors", reason: "" };

const readEveryMs = 60_000;
/** Until the first answer, since gates wait for it. */
const firstReadEveryMs = 5000;
/** While a host waits for what is left to be counted anew. */
const overtakenEveryMs = 10_000;
/** What a host had free longer ago than this says nothing of now. */
const capacityAgeMsMax = 300_000;

/** Asks once a minute; sooner while somebody waits for it. */
export function dueInventory(state: GuardianState, out: Effect[]): GuardianState {
  const { askedAt } = state.inventory;
  const everyMs = askEveryMs(state);
  if (askedAt !== undefined && state.now - askedAt < everyMs) return state;
  out.push({ kind: "read-inventory" });
  return stateWith(state, { inventory: { ...state.inventory, askedAt: state.now } });
}

function askEveryMs(state: GuardianState): number {
  const { readAt, placed } = state.inventory;
  if (readAt === undefined) return firstReadEveryMs;
  return placed.size > 0 && isWaitedFor(state) ? overtakenEveryMs : readEveryMs;
}

/** A living host is held until its servers are known to fit elsewhere. */
function isWaitedFor({ memory, hosts }: GuardianState): boolean {
  for (const name of memory.incidents.keys()) {
    const gates = hosts.get(name)?.assessment?.gates ?? [];
    if (gates.some(({ gate, pass }) => gate === "capacity" && !pass)) return true;
  }
  return false;
}

/** A server of `source` gets a place elsewhere: what is left there was counted without it. */
export function withPlaced(state: GuardianState, source: HostName, at: MonoMs): GuardianState {
  const placed = mapWith(state.inventory.placed, source, at);
  return stateWith(state, { inventory: { ...state.inventory, placed } });
}

/** The host whose servers got places after what is left was counted, but for `own`; undefined: none. */
export function overtakenBy({ inventory }: GuardianState, own: HostName): HostName | undefined {
  for (const source of inventory.placed.keys()) if (source !== own) return source;
  return undefined;
}

export function foldInventory(state: GuardianState, event: InventoryRead): GuardianState {
  if (event.answer.kind === "failed") {
    return stateWith(state, { inventory: { ...state.inventory, reason: event.answer.reason } });
  }
  const aggregates = new Map<HostName, string[]>();
  const metadata = new Map<HostName, Readonly<Record<string, string>>>();
  for (const { name, hosts, metadata: said = {} } of event.answer.aggregates) {
    for (const host of hosts) {
      aggregates.set(host, [...(aggregates.get(host) ?? []), name]);
      if (Object.keys(said).length > 0) metadata.set(host, { ...metadata.get(host), ...said });
    }
  }
  const countedAt = event.askedAt ?? event.at;
  const placed = [...state.inventory.placed].filter(([, at]) => at >= countedAt);
  const capacity = new Map(event.answer.capacity.map((entry) => [entry.host, entry]));
  const inventory = {
    ...state.inventory,
    readAt: event.at,
    countedAt,
    placed: new Map(placed),
    reason: "",
    aggregates,
    metadata,
    capacity,
    capacityBy: event.answer.capacityBy ?? hypervisorsAlone,
  };
  return foldDomains(stateWith(state, { inventory }));
}

/** The schedulers of a list of services. */
export function foldSchedulers(state: GuardianState, event: Services): GuardianState {
  if (event.schedulers === undefined) return state;
  return stateWith(state, { inventory: { ...state.inventory, schedulers: event.schedulers } });
}

/** Why what hosts have left is not known. */
export function capacityUnknownWords({ inventory }: GuardianState): Words {
  const { reason } = inventory;
  return reason === ""
    ? words("value.capacity-hidden")
    : words("value.capacity-unread", { reason });
}

/** A host's memory as Nova showed it last; undefined when it is not known now. */
export function capacityOf(state: GuardianState, host: HostName): Capacity | undefined {
  const { capacity, readAt } = state.inventory;
  const known = readAt !== undefined && state.now - readAt <= capacityAgeMsMax;
  return known ? capacity.get(host) : undefined;
}

/** Memory that no server uses, without overcommit. */
export function freeMbOf({ memoryMb, memoryUsedMb }: Capacity): number {
  return Math.max(0, memoryMb - memoryUsedMb);
}
