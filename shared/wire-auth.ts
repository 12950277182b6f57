/**
 * Who may speak for a host: each host has its own key, derived from the collector's master, so that
 * a stolen compute host can speak for itself alone. The tag covers raw bytes, never re-serialised
 * values. Order of receiving: length, magic, version -> key -> tag -> replay window -> records;
 * nothing before the tag changes any state.
 */
import { hkdfSync } from "node:crypto";
import { HmacKey } from "./hmac.ts";
import type { HostName } from "./names.ts";
import type { HostLives, Life, ReplayTable } from "./replay-window.ts";
import { refuse } from "./sequence-window.ts";
import {
  decodeHeader,
  decodeRecords,
  encodeDatagram,
  senderOf,
  type DatagramHeader,
  type Report,
} from "./wire.ts";
import { decodeAcknowledgement, encodeAcknowledgement, type Acknowledgement } from "./wire-ack.ts";
import { tagBytes } from "./wire-limits.ts";
import { decodeQuestion, encodeQuestion, type StartQuestion } from "./wire-question.ts";
import { createWireNames } from "./wire-names.ts";
import type { WireRecord } from "./wire-records.ts";

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
  "too-old",
  "stale-epoch",
  "retired-boot",
  "table-full",
  "decode",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

export type Received =
  /** `life.confirmed`: the probe of this report lives now; else it may be a recording. */
  | { readonly kind: "accepted"; readonly report: Report; readonly life: Life }
  | { readonly kind: "refused"; readonly reason: RefusalReason };

/** A host's key: HKDF-SHA256(master, info "guardian v1 host " + host), 32 bytes. */
export function deriveHostKey(master: Uint8Array, host: HostName): Uint8Array {
  const info = `guardian v1 host ${host}`;
  return new Uint8Array(hkdfSync("sha256", master, new Uint8Array(0), info, 32));
}

/** Makes a key ready for use: once, not with each datagram. */
export function importKey(key: Uint8Array): HmacKey {
  return new HmacKey(key);
}

/** Header, records and tag: the bytes to send. */
export function signDatagram(
  key: HmacKey,
  header: DatagramHeader,
  records: readonly WireRecord[],
): Uint8Array {
  return withTag(key, encodeDatagram(header, records));
}

/** The bytes of an acknowledgement, with its tag. */
export function signAcknowledgement(key: HmacKey, ack: Acknowledgement): Uint8Array {
  return withTag(key, encodeAcknowledgement(ack));
}

/** An acknowledgement under this key; undefined when the bytes are anything else. */
export function openAcknowledgement(key: HmacKey, bytes: Uint8Array): Acknowledgement | undefined {
  const ack = decodeAcknowledgement(bytes);
  return ack !== undefined && verifyTag(key, bytes) ? ack : undefined;
}

/** The bytes of a start guard's question, with its tag. */
export function signQuestion(key: HmacKey, question: StartQuestion): Uint8Array {
  return withTag(key, encodeQuestion(question));
}

/** A question that is authentic for its host, with that host's key to answer it; nothing else is told of one. */
export function openQuestion(
  keys: HostKeys,
  bytes: Uint8Array,
): { readonly question: StartQuestion; readonly key: HmacKey } | undefined {
  const question = decodeQuestion(bytes);
  const key = question && keys.find(question.keyId, question.host);
  if (question === undefined || key === undefined || !verifyTag(key, bytes)) return undefined;
  return { question, key };
}

function withTag(key: HmacKey, body: Uint8Array): Uint8Array {
  const signed = new Uint8Array(body.length + tagBytes);
  signed.set(body);
  signed.set(Buffer.from(key.digest(body), "binary"), body.length);
  return signed;
}

/** Whether the last 32 bytes are the tag of the rest under `key`. */
export function verifyTag(key: HmacKey, bytes: Uint8Array): boolean {
  const end = bytes.length - tagBytes;
  // As text: cheaper than a buffer. Every byte is compared, so time tells nothing.
  const expected = key.digest(bytes, end);
  let difference = 0;
  for (let at = 0; at < tagBytes; at += 1) {
    difference |= expected.charCodeAt(at) ^ (bytes[end + at] ?? 0);
  }
  return difference === 0;
}

/** Finds the key of a host under a key id. */
export interface HostKeys {
  find(keyId: number, host: HostName): HmacKey | undefined;
  /** The tag was right: the key is worth remembering. */
  proven(keyId: number, host: HostName, key: HmacKey): void;
}

/**
 * Host keys from master keys by id (two of them while a rotation lasts). Only keys that verified a
 * datagram are kept, so that made-up host names cost some time but no memory.
 */
export function createHostKeys(masters: ReadonlyMap<number, Uint8Array>): HostKeys {
  const known = new Map([...masters.keys()].map((id) => [id, new Map<HostName, HmacKey>()]));
  return {
    find(keyId, host) {
      const key = known.get(keyId)?.get(host);
      if (key !== undefined) return key;
      const master = masters.get(keyId);
      return master === undefined ? undefined : importKey(deriveHostKey(master, host));
    },
    proven(keyId, host, key) {
      const ofId = known.get(keyId);
      if (ofId?.has(host) === false) ofId.set(host, key);
    },
  };
}

export interface Receiver {
  /** `upMs`: for how long we have listened. */
  receive(bytes: Uint8Array, upMs: number): Received;
}

/** What is kept of a host whose tag was right, so that nothing is looked up twice for its next datagram. */
interface KnownSender {
  readonly keyId: number;
  readonly key: HmacKey;
  readonly lives: HostLives | undefined;
}

/** The one way in for a datagram. Never throws, whatever the bytes. */
export function createReceiver(options: {
  readonly keys: HostKeys;
  readonly replays: ReplayTable;
  /** Hosts whose keys are no longer honoured. */
  readonly revokedHosts: ReadonlySet<string>;
}): Receiver {
  const { keys, replays, revokedHosts } = options;
  const names = createWireNames<KnownSender>();
  const refused = (reason: RefusalReason): Received => ({ kind: "refused", reason });
  return {
    receive(bytes, upMs) {
      const known = senderOf(bytes, names);
      const header = decodeHeader(bytes, known);
      if (typeof header === "string") return refused(header);
      const { keyId, host, bootId } = header;
      if (revokedHosts.size > 0 && revokedHosts.has(host)) return refused("wrong-host");
      const isSameKey = known?.kept.keyId === keyId;
      const key = isSameKey ? known.kept.key : keys.find(keyId, host);
      if (key === undefined) return refused("unknown-key");
      if (!verifyTag(key, bytes)) return refused("mac");
      let lives = known?.kept.lives;
      if (!isSameKey || known.bootId !== bootId) {
        keys.proven(keyId, host, key);
        lives ??= replays.placeOf(host);
        names.learn(host, bootId, { keyId, key, lives });
      }
      const admitted = replays.admit(header, upMs, lives);
      if (admitted.admission !== "newest") return refused(admitted.admission);
      const { life, window } = admitted;
      const report = decodeRecords(header, bytes, known);
      if (report === undefined) {
        refuse(window);
        return refused("decode");
      }
      if (!life.confirmed) replays.confirm(life, report.liveness?.link?.echoes ?? []);
      return { kind: "accepted", report, life };
    },
  };
}
