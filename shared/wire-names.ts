/**
 * Host names and boot ids of datagrams as texts, made once: a host sends the same ones every second.
 * Only names whose tag was right are learned, so made-up ones cost some time but no memory.
 */
import type { HostName } from "./names.ts";
import { LastHex, readHex, readUint32 } from "./wire-numbers.ts";

/** A sender whose tag was right once. `Kept` is what its receiver keeps with it. */
export interface KnownName<Kept = unknown> {
  readonly host: HostName;
  readonly uuid: LastHex;
  readonly bmcGuid: LastHex;
  bootHigh: number;
  bootLow: number;
  bootId: string;
  kept: Kept;
}

export interface WireNames<Kept> {
  /** The host whose name these bytes are, when it is known. */
  find(bytes: Uint8Array, at: number, length: number): KnownName<Kept> | undefined;
  /** The tag was right: the name is worth remembering, with its newest boot id. */
  learn(host: HostName, bootId: string, kept: Kept): void;
}

/** 16 hex digits that lie there; the known text when the host still has that boot. */
export function bootIdAt(bytes: Uint8Array, at: number, known: KnownName | undefined): string {
  const high = readUint32(bytes, at);
  const low = readUint32(bytes, at + 4);
  if (known?.bootHigh === high && known.bootLow === low) return known.bootId;
  return readHex(bytes, at, 8);
}

export function createWireNames<Kept>(): WireNames<Kept> {
  const byHash = new Map<number, KnownName<Kept>[]>();
  const byHost = new Map<HostName, KnownName<Kept>>();
  return {
    find(bytes, at, length) {
      const bucket = byHash.get(hashOf(bytes, at, length));
      if (bucket === undefined) return undefined;
      for (const known of bucket) if (isName(known.host, bytes, at, length)) return known;
      return undefined;
    },
    learn(host, bootId, kept) {
      const known = byHost.get(host);
      const newest = {
        kept,
        bootHigh: Number.parseInt(bootId.slice(0, 8), 16),
        bootLow: Number.parseInt(bootId.slice(8), 16),
        bootId,
      };
      if (known !== undefined) {
        Object.assign(known, newest);
        return;
      }
      const added = { host, uuid: new LastHex(), bmcGuid: new LastHex(), ...newest };
      byHost.set(host, added);
      const name = Buffer.from(host, "latin1");
      const hash = hashOf(name, 0, name.length);
      byHash.set(hash, [...(byHash.get(hash) ?? []), added]);
    },
  };
}

function isName(host: string, bytes: Uint8Array, at: number, length: number): boolean {
  if (host.length !== length) return false;
  for (let index = 0; index < length; index += 1) {
    if (host.charCodeAt(index) !== bytes[at + index]) return false;
  }
  return true;
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c_9dc5;
  for (let index = at; index < at + length; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] ?? 0), 0x0100_0193);
  }
  return hash;
}
