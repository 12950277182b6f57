/**
 * What Nova knows of the cloud beyond its nova-computes: host aggregates, schedulers, and how much
 * memory each host has and uses. Read once a minute; a host that dies does not wait for it.
 */
import type { HostName, ServerId } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Capacity, CapacityBy, ServerSize } from "../ports.ts";
import { mapWith } from "./copied-map.ts";
import { foldDomains } from "./domains.ts";
import type { Effect } from "./effects.ts";
import type { InventoryRead, Services } from "./events.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** A server's new place, when it was seen, and what it takes; undefined where Nova does not show that. */
export interface Placed {
  readonly at: MonoMs;
  readonly from: HostName;
  readonly to: HostName;
  readonly size: ServerSize | undefined;
}

export interface Inventory {
  readonly askedAt: MonoMs | undefined;
  readonly readAt: MonoMs | undefined;
  /** When what is known of the capacity was asked for. */
  readonly countedAt: MonoMs | undefined;
  /** Servers that were given a place after that: what is left is less by them. */
  readonly placed: ReadonlyMap<ServerId, Placed>;
  /** What they take, by host. */
  readonly taken: ReadonlyMap<HostName, ServerSize>;
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
  taken: new Map(),
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
/** What a host had free longer ago than this says nothing of now. */
const capacityAgeMsMax = 300_000;

/** Asks once a minute. */
export function dueInventory(state: GuardianState, out: Effect[]): GuardianState {
  const { askedAt, readAt } = state.inventory;
  const everyMs = readAt === undefined ? firstReadEveryMs : readEveryMs;
  if (askedAt !== undefined && state.now - askedAt < everyMs) return state;
  out.push({ kind: "read-inventory" });
  return stateWith(state, { inventory: { ...state.inventory, askedAt: state.now } });
}

/** A server was given a place: what was counted before does not show it. */
export function withPlaced(state: GuardianState, server: ServerId, placed: Placed): GuardianState {
  return withAllPlaced(state, mapWith(state.inventory.placed, server, placed));
}

function withAllPlaced(state: GuardianState, placed: Inventory["placed"]): GuardianState {
  const taken = new Map<HostName, ServerSize>();
  for (const { to, size } of placed.values()) {
    if (size === undefined) continue;
    const { memoryMb, vcpus } = taken.get(to) ?? { memoryMb: 0, vcpus: 0 };
    taken.set(to, { memoryMb: memoryMb + size.memoryMb, vcpus: vcpus + size.vcpus });
  }
  return stateWith(state, { inventory: { ...state.inventory, placed, taken } });
}

/**
 * A server of another host than `own` that was placed since the count, nobody knows how large; undefined: there is
 * none. What went from `own` is in the sum of what it uses still.
 */
export function unsizedPlaced({ inventory }: GuardianState, own: HostName): Placed | undefined {
  for (const placed of inventory.placed.values()) {
    if (placed.size === undefined && placed.from !== own) return placed;
  }
  return undefined;
}

/** What servers that went from a host since the count took there: what it uses is less by that, MB. */
export function leftMbOf({ inventory }: GuardianState, own: HostName): number {
  let sumMb = 0;
  for (const { from, size } of inventory.placed.values()) {
    if (from === own) sumMb += size?.memoryMb ?? 0;
  }
  return sumMb;
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
  // Asked for earlier and answered later: what is known is newer.
  if (countedAt < (state.inventory.countedAt ?? 0)) return state;
  const placed = [...state.inventory.placed].filter(([, { at }]) => at >= countedAt);
  const capacity = new Map(event.answer.capacity.map((entry) => [entry.host, entry]));
  const inventory = {
    ...state.inventory,
    readAt: event.at,
    countedAt,
    reason: "",
    aggregates,
    metadata,
    capacity,
    capacityBy: event.answer.capacityBy ?? hypervisorsAlone,
  };
  return foldDomains(withAllPlaced(stateWith(state, { inventory }), new Map(placed)));
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

/** Memory that no server uses, without overcommit, and no server that was placed since takes. */
export function freeMbOf(
  { inventory }: GuardianState,
  { host, memoryMb, memoryUsedMb }: Capacity,
): number {
  return Math.max(0, memoryMb - memoryUsedMb - (inventory.taken.get(host)?.memoryMb ?? 0));
}
