/**
 * Who may speak for a host: each host has its own key, derived from the collector's master, so that
 * a stolen compute host can speak for itself alone. The tag covers raw bytes, never re-serialised
 * values. Order of receiving: length, magic, version -> key -> tag -> replay window -> records;
 * nothing before the tag changes any state.
 */
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  timingSafeEqual,
  type KeyObject,
} from "node:crypto";
import type { HostName } from "./names.ts";
import type { ReplayTable } from "./replay-window.ts";
import {
  decodeHeader,
  decodeRecords,
  encodeDatagram,
  type DatagramHeader,
  type Report,
  type WireRecord,
} from "./wire.ts";
import { tagBytes } from "./wire-limits.ts";

/** Why a datagram was not taken; the names are labels in metrics, so they stay. */
export const refusalReasons = [
  "too-short",
  "too-long",
  "magic",
  "version",
  "header",
  "unknown-key",
  "wrong-host",
  "mac",
  "replayed",
  "late",
  "stale-epoch",
  "retired-boot",
  "table-full",
  "decode",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export type Received =
  | { readonly kind: "accepted"; readonly report: Report }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

/** A host's key: HKDF-SHA256(master, info "guardian v1 host " + host), 32 bytes. */
export function deriveHostKey(master: Uint8Array, host: HostName): Uint8Array {
  const info = `guardian v1 host ${host}`;
  return new Uint8Array(hkdfSync("sha256", master, new Uint8Array(0), info, 32));
}

/** Imports a key once; importing it per datagram costs six times as much on Node 24. */
export function importKey(key: Uint8Array): KeyObject {
  return createSecretKey(key);
}

/** Header, records and tag: the bytes to send. */
export function signDatagram(
  key: KeyObject,
  header: DatagramHeader,
  records: readonly WireRecord[],
): Uint8Array {
  const body = encodeDatagram(header, records);
  const signed = new Uint8Array(body.length + tagBytes);
  signed.set(body);
  signed.set(createHmac("sha256", key).update(body).digest(), body.length);
  return signed;
}

/** Whether the last 32 bytes are the tag of the rest under `key`. */
export function verifyTag(key: KeyObject, bytes: Uint8Array): boolean {
  const body = bytes.subarray(0, bytes.length - tagBytes);
  const expected = createHmac("sha256", key).update(body).digest();
  return timingSafeEqual(expected, bytes.subarray(bytes.length - tagBytes));
}

/** Finds the key of a host under a key id. */
export interface HostKeys {
  find(keyId: number, host: HostName): KeyObject | undefined;
  /** The tag was right: the key is worth remembering. */
  proven(keyId: number, host: HostName, key: KeyObject): void;
}

/**
 * Host keys from master keys by id (two of them while a rotation lasts). Only keys that verified a
 * datagram are kept, so that made-up host names cost some time but no memory.
 */
export function createHostKeys(masters: ReadonlyMap<number, Uint8Array>): HostKeys {
  const known = new Map<string, KeyObject>();
  const nameOf = (keyId: number, host: HostName): string => `${keyId}/${host}`;
  return {
    find(keyId, host) {
      const master = masters.get(keyId);
      if (master === undefined) return undefined;
      return known.get(nameOf(keyId, host)) ?? importKey(deriveHostKey(master, host));
    },
    proven: (keyId, host, key) => void known.set(nameOf(keyId, host), key),
  };
}

export interface Receiver {
  receive(bytes: Uint8Array): Received;
}

/** The one way in for a datagram. Never throws, whatever the bytes. */
export function createReceiver(options: {
  readonly keys: HostKeys;
  readonly replays: ReplayTable;
  /** Hosts whose keys are no longer honoured. */
  readonly revokedHosts: ReadonlySet<string>;
}): Receiver {
  const refused = (reason: RefusalReason): Received => ({ kind: "refused", reason });
  return {
    receive(bytes) {
      const header = decodeHeader(bytes);
      if (typeof header === "string") return refused(header);
      if (options.revokedHosts.has(header.host)) return refused("wrong-host");
      const key = options.keys.find(header.keyId, header.host);
      if (key === undefined) return refused("unknown-key");
      if (!verifyTag(key, bytes)) return refused("mac");
      options.keys.proven(header.keyId, header.host, key);
      const admission = options.replays.admit(header);
      if (admission !== "newest") return refused(admission);
      const report = decodeRecords(header, bytes);
      return report === undefined ? refused("decode") : { kind: "accepted", report };
    },
  };
}
