/**
 * Which servers of a host will find a place, before their moves begin. Nova chooses where each goes;
 * here each goes to the host with most memory left, in the order of the moves, after what other
 * evacuations still have to move. That a server fits nowhere does not depend on that choice.
 */
import type { HostName } from "../../shared/names.ts";
import type { CapacityBy, ServerSize } from "../ports.ts";
import { isFit } from "./census.ts";
import { isOpen } from "./drains.ts";
import { capacityOf, freeMbOf } from "./inventory.ts";
import type { Move } from "./move.ts";
import { isUnderWay } from "./moves-under-way.ts";
import { compareMoves } from "./selection.ts";
import type { GuardianState } from "./state.ts";
import { words, type Said, type Words } from "./words.ts";

/** A server that will not find a place, and what it takes. */
export interface Unplaced extends ServerSize {
  readonly server: string;
  readonly name: string;
  /** `nowhere`: no single host has so much left; `full`: those before it take it. */
  readonly why: "nowhere" | "full";
}

export interface Forecast {
  readonly by: CapacityBy;
  /** How many each host is expected to take. */
  readonly places: readonly { readonly host: HostName; readonly count: number }[];
  readonly unplaced: readonly Unplaced[];
  /** Servers whose size Nova did not show: nothing is said of them. */
  readonly unsized: number;
  /** The host with most memory left before any of them. */
  readonly roomiest: { readonly host: HostName; readonly memoryMb: number };
}

/** A server to find a place for. */
export type ToPlace = Pick<Move, "server" | "name" | "size" | "rank">;

/** What is left on a host; processors only where they are counted. */
export interface Room {
  readonly host: HostName;
  readonly memoryMb: number;
  readonly vcpus: number | undefined;
}

/** Rooms of all hosts that could take servers now, but one. */
export function roomsBut(state: GuardianState, source: HostName): readonly Room[] {
  const rooms: Room[] = [];
  for (const host of state.hosts.values()) {
    if (host.host === source || !isFit(state, host)) continue;
    const room = roomOf(state, host.host);
    if (room !== undefined) rooms.push(room);
  }
  return rooms;
}

/** What a host has left; undefined when that is not known. */
export function roomOf(state: GuardianState, host: HostName): Room | undefined {
  const capacity = capacityOf(state, host);
  if (capacity === undefined) return undefined;
  const { vcpus, vcpusUsed = 0 } = capacity;
  const taken = state.inventory.taken.get(host)?.vcpus ?? 0;
  const left = vcpus === undefined ? undefined : Math.max(0, vcpus - vcpusUsed - taken);
  return { host, memoryMb: freeMbOf(state, capacity), vcpus: left };
}

/** Undefined when nothing is known of what hosts have left. */
export function forecast(
  state: GuardianState,
  source: HostName,
  wanted: readonly ToPlace[],
  rooms: readonly Room[] = roomsBut(state, source),
): Forecast | undefined {
  const { capacityBy } = state.inventory;
  const roomiest = mostRoom(rooms);
  if (roomiest === undefined || capacityBy === undefined) return undefined;
  const left = new Map(rooms.map((room) => [room.host, room]));
  for (const { size } of toPlaceFirst(state, source)) if (size !== undefined) place(left, size);
  const counts = new Map<HostName, number>();
  const unplaced: Unplaced[] = [];
  let unsized = 0;
  for (const { server, name, size } of wanted.toSorted(compareMoves)) {
    if (size === undefined) {
      unsized += 1;
      continue;
    }
    const host = place(left, size);
    if (host !== undefined) counts.set(host, (counts.get(host) ?? 0) + 1);
    else {
      const why = rooms.some((room) => fits(room, size)) ? "full" : "nowhere";
      unplaced.push({ server, name, ...size, why });
    }
  }
  const places = [...counts].map(([host, count]) => ({ host, count }));
  const { host, memoryMb } = roomiest;
  return { by: capacityBy, places, unplaced, unsized, roomiest: { host, memoryMb } };
}

/** What is called for other hosts and Nova has not placed, or will be called: it is taken first. */
export function toPlaceFirst(
  state: GuardianState,
  source: HostName,
): readonly { readonly size?: ServerSize }[] {
  const found: { readonly size?: ServerSize }[] = [];
  for (const { host, phase } of state.memory.incidents.values()) {
    if (host === source || phase.kind !== "evacuating") continue;
    for (const move of Object.values(phase.moves ?? {})) {
      // Where Nova takes it is shown once it has its place there.
      const isPlaced = move.to !== undefined && isUnderWay(move);
      if (!isPlaced && (move.state.kind === "planned" || isUnderWay(move))) found.push(move);
    }
  }
  for (const [host, { moves = {} }] of state.memory.drains) {
    if (host === source) continue;
    for (const move of Object.values(moves)) {
      const mayGoOn = isOpen(move) || (move.state.kind === "failed" && move.state.open);
      if (mayGoOn && move.to === undefined) found.push(move);
    }
  }
  return found;
}

/** Takes its part of the host with most memory left that has enough; undefined where none has. */
function place(left: Map<HostName, Room>, size: ServerSize): HostName | undefined {
  const room = mostRoom([...left.values()].filter((one) => fits(one, size)));
  if (room === undefined) return undefined;
  const vcpus = room.vcpus === undefined ? undefined : room.vcpus - size.vcpus;
  left.set(room.host, { ...room, memoryMb: room.memoryMb - size.memoryMb, vcpus });
  return room.host;
}

function fits({ memoryMb, vcpus }: Room, size: ServerSize): boolean {
  return memoryMb >= size.memoryMb && (vcpus === undefined || vcpus >= size.vcpus);
}

function mostRoom(rooms: readonly Room[]): Room | undefined {
  let most: Room | undefined;
  for (const room of rooms) if (most === undefined || room.memoryMb > most.memoryMb) most = room;
  return most;
}

/** "all fit (2 on compute-2, 1 on compute-4)", or who does not and why; and who counted. */
export function forecastWords({ by, places, unplaced, unsized }: Forecast): Words {
  const where = places.map(({ host, count }) => words("room.on", { count, host }));
  const count = places.reduce((sum, one) => sum + one.count, 0);
  const fit: Said[] = count === 0 ? [] : [words("room.fit", { count, where })];
  const lacking = unplaced.length === 0 ? [] : [words("room.lacking", { count: unplaced.length })];
  const silent = unsized === 0 ? [] : [words("room.unsized", { count: unsized })];
  return words("room.forecast", { parts: [...fit, ...lacking, ...silent], by: byWords(by) });
}

/** A server that will not find a place, what it takes, and why not. */
export function unplacedWords(
  { roomiest }: Forecast,
  { name, memoryMb, vcpus, why }: Unplaced,
): Words {
  const needs = { server: name, memory: memoryMb, vcpus };
  if (why === "full") return words("room.full", needs);
  return words("room.nowhere", { ...needs, host: roomiest.host, most: roomiest.memoryMb });
}

export function byWords(by: CapacityBy): Words {
  if (by.kind === "placement") return words("room.by-placement");
  if (by.reason === "") return words("room.by-hypervisors-alone");
  return words("room.by-hypervisors", { reason: by.reason });
}
