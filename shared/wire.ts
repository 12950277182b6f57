/**
 * Wire format v1: what a probe sends, byte by byte (docs/wire-format.md is the page for others).
 * Pure: bytes in, values out. Signing is in wire-auth.ts, refusal of replays in replay-window.ts.
 *
 * A datagram = header (64 bytes + host name) + records (type, length, value) + tag (32 bytes).
 * The header never changes within version 1; new facts become new record types, which an older
 * collector skips and counts, or bytes appended to a record, which it ignores.
 */
import { hostName, isHostName, type HostName } from "./names.ts";
import { codeOf, networkNames, stateOf, type NetworkName } from "./telemetry.ts";
import { datagramBytesMax, tagBytes } from "./wire-limits.ts";
import { bootIdAt, type KnownName, type WireNames } from "./wire-names.ts";
import { readAscii, readUint16, readUint32, readUint64, writeAscii } from "./wire-numbers.ts";
import {
  decodeLiveness,
  decodeServers,
  encodeRecord,
  recordHeaderBytes,
  recordTypes,
  serverBytes,
  serversHeaderBytes,
  type LivenessRecord,
  type ServersRecord,
  type WireRecord,
} from "./wire-records.ts";
import {
  decodeSamples,
  decodeSightings,
  type SamplesRecord,
  type SightingsRecord,
} from "./wire-samples.ts";

export const wireVersion = 1;
/** "GRDN" in ASCII. */
export const wireMagic = 0x4752444e;
const headerBytesFixed = 64;

/** What every datagram says about its sender. All of it is covered by the tag. */
export interface DatagramHeader {
  readonly keyId: number;
  readonly path: NetworkName;
  readonly host: HostName;
  /** 16 hex digits: the first 8 bytes of the kernel's boot id. */
  readonly bootId: string;
  /** When the probe started, in ms on the host's monotonic clock: a restart is always higher. */
  readonly probeEpoch: number;
  /** One more with each datagram of the epoch, from 1; the same report has it on every path. */
  readonly sequence: number;
  readonly sentWallMs: number;
  readonly sentMonoMs: number;
  /** Datagrams sent on this path in this epoch, this one included, and how many failed to leave. */
  readonly sent: number;
  readonly sendErrors: number;
}

/** A whole datagram, understood. */
export interface Report {
  readonly header: DatagramHeader;
  readonly liveness: LivenessRecord | undefined;
  readonly servers: ServersRecord | undefined;
  /** Most reports have none. */
  readonly more: readonly (SamplesRecord | SightingsRecord)[];
  /** Records of a type that this version does not know. */
  readonly unknownRecords: number;
}

/** How many servers fit into one datagram of this host. */
export function serversPerDatagram(host: HostName): number {
  const room = datagramBytesMax - tagBytes - headerBytesFixed - host.length - recordHeaderBytes;
  return Math.floor((room - serversHeaderBytes) / serverBytes);
}

/** Bytes for the values of records in a datagram of this host that has nothing else. */
export function recordBytesMax(host: HostName): number {
  return datagramBytesMax - tagBytes - headerBytesFixed - host.length;
}

/** Header and records, without the tag. Throws when they do not fit: a bug of the caller. */
export function encodeDatagram(
  header: DatagramHeader,
  records: readonly WireRecord[],
): Uint8Array<ArrayBuffer> {
  const bodies = records.map(encodeRecord);
  const headerBytes = headerBytesFixed + header.host.length;
  const total = bodies.reduce((sum, body) => sum + recordHeaderBytes + body.length, headerBytes);
  if (total + tagBytes > datagramBytesMax || !isHostName(header.host)) {
    throw new RangeError(`a datagram of ${total} bytes for host "${header.host}" cannot be sent`);
  }
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  writeHeader(view, header);
  writeAscii(bytes, headerBytesFixed, header.host);
  let offset = headerBytes;
  for (const [index, body] of bodies.entries()) {
    const record = records[index];
    bytes[offset] = record === undefined ? 0 : recordTypes[record.kind];
    view.setUint16(offset + 1, body.length);
    bytes.set(body, offset + recordHeaderBytes);
    offset += recordHeaderBytes + body.length;
  }
  return bytes;
}

function writeHeader(view: DataView, header: DatagramHeader): void {
  view.setUint32(0, wireMagic);
  view.setUint8(4, wireVersion);
  view.setUint8(5, header.keyId);
  view.setUint8(6, codeOf(networkNames, header.path));
  view.setUint8(7, header.host.length);
  view.setBigUint64(8, BigInt(`0x${header.bootId}`));
  view.setBigUint64(16, BigInt(Math.floor(header.probeEpoch)));
  view.setBigUint64(24, BigInt(header.sequence));
  view.setBigUint64(32, BigInt(Math.floor(header.sentWallMs)));
  view.setBigUint64(40, BigInt(Math.floor(header.sentMonoMs * 1e6)));
  view.setBigUint64(48, BigInt(header.sent));
  view.setBigUint64(56, BigInt(header.sendErrors));
}

export type HeaderProblem = "too-short" | "too-long" | "magic" | "version" | "header";

/** The host that a datagram names, when it is one of `names`. Any bytes may be asked about. */
export function senderOf<Kept>(
  bytes: Uint8Array,
  names: WireNames<Kept>,
): KnownName<Kept> | undefined {
  const hostLength = bytes[7] ?? 0;
  if (bytes.length < headerBytesFixed + hostLength + tagBytes) return undefined;
  return names.find(bytes, headerBytesFixed, hostLength);
}

/** Reads the header alone: enough to find the key. Nothing in it is to be believed before the tag. */
export function decodeHeader(bytes: Uint8Array, known?: KnownName): DatagramHeader | HeaderProblem {
  if (bytes.length > datagramBytesMax) return "too-long";
  if (bytes.length < headerBytesFixed + 1 + tagBytes) return "too-short";
  if (readUint32(bytes, 0) !== wireMagic) return "magic";
  if (bytes[4] !== wireVersion) return "version";
  const hostLength = bytes[7] ?? 0;
  if (bytes.length < headerBytesFixed + hostLength + tagBytes) return "too-short";
  const host = known?.host ?? readAscii(bytes, headerBytesFixed, hostLength);
  const path = stateOf(networkNames, bytes[6] ?? 0);
  const sequence = readUint64(bytes, 24);
  if (known === undefined && !isHostName(host)) return "header";
  if (path === "unknown" || sequence < 1) return "header";
  const header: DatagramHeader = {
    keyId: bytes[5] ?? 0,
    path,
    host: hostName(host),
    bootId: bootIdAt(bytes, 8, known),
    probeEpoch: readUint64(bytes, 16),
    sequence,
    sentWallMs: readUint64(bytes, 32),
    sentMonoMs: readUint64(bytes, 40) / 1e6,
    sent: readUint64(bytes, 48),
    sendErrors: readUint64(bytes, 56),
  };
  return isSafe(header) ? header : "header";
}

/** Whether all numbers but the monotonic clock are below 2^53. */
function isSafe({ probeEpoch, sequence, sentWallMs, sent, sendErrors }: DatagramHeader): boolean {
  return (
    Number.isSafeInteger(probeEpoch) &&
    Number.isSafeInteger(sequence) &&
    Number.isSafeInteger(sentWallMs) &&
    Number.isSafeInteger(sent) &&
    Number.isSafeInteger(sendErrors)
  );
}

const noMore: readonly never[] = [];

/** Reads the records behind a header whose tag was right; undefined when they make no sense. */
export function decodeRecords(
  header: DatagramHeader,
  bytes: Uint8Array,
  known?: KnownName,
): Report | undefined {
  const end = bytes.length - tagBytes;
  let liveness: LivenessRecord | undefined;
  let servers: ServersRecord | undefined;
  let more: readonly (SamplesRecord | SightingsRecord)[] = noMore;
  let unknownRecords = 0;
  let offset = headerBytesFixed + header.host.length;
  while (offset < end) {
    if (offset + recordHeaderBytes > end) return undefined;
    const type = bytes[offset];
    const length = readUint16(bytes, offset + 1);
    const start = offset + recordHeaderBytes;
    if (start + length > end) return undefined;
    if (type === recordTypes.liveness) {
      liveness = liveness === undefined ? decodeLiveness(bytes, start, length, known) : undefined;
      if (liveness === undefined) return undefined;
    } else if (type === recordTypes.servers) {
      servers = servers === undefined ? decodeServers(bytes, start, length) : undefined;
      if (servers === undefined) return undefined;
    } else if (type === recordTypes.samples || type === recordTypes.sightings) {
      const decode = type === recordTypes.samples ? decodeSamples : decodeSightings;
      const record = decode(bytes, start, length);
      if (record === undefined) return undefined;
      more = [...more, record];
    } else {
      unknownRecords += 1;
    }
    offset = start + length;
  }
  return { header, liveness, servers, more, unknownRecords };
}
