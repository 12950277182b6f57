/**
 * What a collector answers: an acknowledgement, signed with the key of the host that it is for. It
 * tells a probe that it is heard, asks a new life to prove itself by echoing a nonce, carries
 * settings, and gives a start guard its word. Never a command: whoever holds the master key can slow a probe down within its bounds,
 * and nothing else. Pure; docs/wire-format.md has it to the byte.
 */
import { collectorId, hostName, isHostName, type CollectorId, type HostName } from "./names.ts";
import { codeOf, networkNames, stateOf, type NetworkName } from "./telemetry.ts";
import { datagramBytesMax, tagBytes } from "./wire-limits.ts";
import {
  readAscii,
  readHex,
  readUint16,
  readUint32,
  readUint64,
  writeAscii,
  writeHex,
} from "./wire-numbers.ts";
import { readWord, wordBytes, writeWord, type StartAnswer } from "./wire-question.ts";
import { recordHeaderBytes } from "./wire-records.ts";

/** "GRDA" in ASCII: no datagram of a probe can be taken for one of these, nor the other way round. */
export const ackMagic = 0x47524441;
const ackVersion = 1;
const fixedBytes = 64;
const settingsBytes = 28;
const noNonce = "0".repeat(16);
export const ackRecordTypes = { settings: 1, peers: 2, startAnswer: 3 } as const;

/** Intervals that probes go by instead of their own configuration's; 0 leaves one as it is. */
export interface ProbeSettings {
  /** A higher one replaces a lower one, whichever collector sends it. */
  readonly version: number;
  readonly reportEveryMs: number;
  readonly serversEveryMs: number;
  readonly storageEveryMs: number;
  readonly businessEveryMs: number;
  readonly directoryEveryMs: number;
  readonly libvirtEveryMs: number;
}

/** Another host that this one may ping, to be its witness. */
export interface RingPeer {
  readonly host: HostName;
  readonly network: NetworkName;
  readonly address: string;
}

export interface Acknowledgement {
  readonly keyId: number;
  /** Path, host, life and sequence of the datagram that it answers. */
  readonly path: NetworkName;
  readonly host: HostName;
  readonly bootId: string;
  readonly probeEpoch: number;
  readonly sequence: number;
  readonly collector: CollectorId;
  readonly collectorEpoch: number;
  /** 16 hex digits to echo; "" once this life is confirmed. */
  readonly nonce: string;
  /** Datagrams of this life that came by this path. */
  readonly received: number;
  /** One of so many is acknowledged. */
  readonly every: number;
  readonly settings: ProbeSettings | undefined;
  readonly peers: readonly RingPeer[];
  /** To the question of a start guard; left out: a report is answered. */
  readonly startAnswer?: StartAnswer;
}

const settingsFields = [
  "version",
  "reportEveryMs",
  "serversEveryMs",
  "storageEveryMs",
  "businessEveryMs",
  "directoryEveryMs",
  "libvirtEveryMs",
] as const;

/** The bytes before the tag. Peers that do not fit are left out. */
export function encodeAcknowledgement(ack: Acknowledgement): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(datagramBytesMax - tagBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ackMagic);
  bytes[4] = ackVersion;
  bytes[5] = ack.keyId;
  bytes[6] = codeOf(networkNames, ack.path);
  bytes[7] = ack.host.length;
  writeHex(bytes, 8, ack.bootId);
  view.setBigUint64(16, BigInt(ack.probeEpoch));
  view.setBigUint64(24, BigInt(ack.sequence));
  view.setBigUint64(32, BigInt(ack.collectorEpoch));
  writeHex(bytes, 40, ack.nonce === "" ? noNonce : ack.nonce);
  view.setBigUint64(48, BigInt(ack.received));
  view.setUint16(56, ack.every);
  bytes[58] = ack.collector.length;
  writeAscii(bytes, fixedBytes, ack.host);
  writeAscii(bytes, fixedBytes + ack.host.length, ack.collector);
  let end = fixedBytes + ack.host.length + ack.collector.length;
  if (ack.settings !== undefined) end = writeSettings(view, end, ack.settings);
  if (ack.startAnswer !== undefined) end = writeStartAnswer(bytes, end, ack.startAnswer);
  end = writePeers(bytes, end, ack.peers);
  return bytes.slice(0, end);
}

function writeSettings(view: DataView, at: number, settings: ProbeSettings): number {
  view.setUint8(at, ackRecordTypes.settings);
  view.setUint16(at + 1, settingsBytes);
  for (const [index, field] of settingsFields.entries()) {
    view.setUint32(at + recordHeaderBytes + 4 * index, settings[field]);
  }
  return at + recordHeaderBytes + settingsBytes;
}

function writeStartAnswer(bytes: Uint8Array, at: number, answer: StartAnswer): number {
  bytes[at] = ackRecordTypes.startAnswer;
  new DataView(bytes.buffer).setUint16(at + 1, wordBytes);
  writeWord(bytes, at + recordHeaderBytes, answer);
  return at + recordHeaderBytes + wordBytes;
}

function writePeers(bytes: Uint8Array, at: number, peers: readonly RingPeer[]): number {
  if (peers.length === 0) return at;
  let end = at + recordHeaderBytes;
  for (const { host, network, address } of peers) {
    if (end + 3 + host.length + address.length > bytes.length) break;
    bytes[end] = codeOf(networkNames, network);
    bytes[end + 1] = host.length;
    bytes[end + 2] = address.length;
    writeAscii(bytes, end + 3, host);
    writeAscii(bytes, end + 3 + host.length, address);
    end += 3 + host.length + address.length;
  }
  bytes[at] = ackRecordTypes.peers;
  new DataView(bytes.buffer).setUint16(at + 1, end - at - recordHeaderBytes);
  return end;
}

/** What is written there; undefined when it is no acknowledgement. Believe nothing before the tag. */
export function decodeAcknowledgement(bytes: Uint8Array): Acknowledgement | undefined {
  if (bytes.length > datagramBytesMax || bytes.length < fixedBytes + tagBytes) return undefined;
  if (readUint32(bytes, 0) !== ackMagic || bytes[4] !== ackVersion) return undefined;
  const [hostLength, collectorLength] = [bytes[7] ?? 0, bytes[58] ?? 0];
  const start = fixedBytes + hostLength + collectorLength;
  if (start + tagBytes > bytes.length) return undefined;
  const host = readAscii(bytes, fixedBytes, hostLength);
  const collector = readAscii(bytes, fixedBytes + hostLength, collectorLength);
  const path = stateOf(networkNames, bytes[6] ?? 0);
  if (path === "unknown" || !isHostName(host) || !isHostName(collector)) return undefined;
  const records = decodeAckRecords(bytes, start);
  if (records === undefined) return undefined;
  const nonce = readHex(bytes, 40, 8);
  return {
    keyId: bytes[5] ?? 0,
    path,
    host: hostName(host),
    bootId: readHex(bytes, 8, 8),
    probeEpoch: readUint64(bytes, 16),
    sequence: readUint64(bytes, 24),
    collector: collectorId(collector),
    collectorEpoch: readUint64(bytes, 32),
    nonce: nonce === noNonce ? "" : nonce,
    received: readUint64(bytes, 48),
    every: readUint16(bytes, 56),
    ...records,
  };
}

function decodeAckRecords(
  bytes: Uint8Array,
  start: number,
): Pick<Acknowledgement, "settings" | "peers" | "startAnswer"> | undefined {
  const end = bytes.length - tagBytes;
  let settings: ProbeSettings | undefined;
  let peers: readonly RingPeer[] = [];
  let startAnswer: StartAnswer | undefined;
  for (let at = start; at < end;) {
    const length = readUint16(bytes, at + 1);
    const value = at + recordHeaderBytes;
    if (value + length > end) return undefined;
    if (bytes[at] === ackRecordTypes.settings) {
      if (length < settingsBytes) return undefined;
      settings = readSettings(bytes, value);
    } else if (bytes[at] === ackRecordTypes.peers) {
      const read = readPeers(bytes, value, value + length);
      if (read === undefined) return undefined;
      peers = read;
    } else if (bytes[at] === ackRecordTypes.startAnswer) {
      if (length < wordBytes) return undefined;
      startAnswer = readWord(bytes, value);
    }
    at = value + length;
  }
  return { settings, peers, ...(startAnswer === undefined ? {} : { startAnswer }) };
}

function readSettings(bytes: Uint8Array, at: number): ProbeSettings {
  const numbers = settingsFields.map((_, index) => readUint32(bytes, at + 4 * index));
  return Object.fromEntries(
    settingsFields.map((field, index) => [field, numbers[index] ?? 0]),
  ) as Record<keyof ProbeSettings, number>;
}

function readPeers(bytes: Uint8Array, start: number, end: number): RingPeer[] | undefined {
  const peers: RingPeer[] = [];
  for (let at = start; at < end;) {
    const network = stateOf(networkNames, bytes[at] ?? 0);
    const [hostLength, addressLength] = [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
    const next = at + 3 + hostLength + addressLength;
    if (next > end) return undefined;
    const host = readAscii(bytes, at + 3, hostLength);
    if (network === "unknown" || !isHostName(host)) return undefined;
    const address = readAscii(bytes, at + 3 + hostLength, addressLength);
    peers.push({ host: hostName(host), network, address });
    at = next;
  }
  return peers;
}
