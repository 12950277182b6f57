/**
 * Wire format v1: what a probe sends, byte by byte (docs/wire-format.md is the page for others).
 * Pure: bytes in, values out. Signing is in wire-auth.ts, refusal of replays in replay-window.ts.
 *
 * A datagram = header (64 bytes + host name) + records (type, length, value) + tag (32 bytes).
 * The header never changes within version 1; new facts become new record types, which an older
 * collector skips and counts, or bytes appended to a record, which it ignores.
 */
import { hostName, isHostName, serverId, type HostName, type ServerId } from "./names.ts";
import {
  codeOf,
  directoryStates,
  libvirtStates,
  networkNames,
  networkStates,
  noticeKinds,
  serverStates,
  stateOf,
  type HostChecks,
  type NetworkName,
  type ServerState,
} from "./telemetry.ts";
import { datagramBytesMax, tagBytes } from "./wire-limits.ts";

export const wireVersion = 1;
/** "GRDN" in ASCII. */
export const wireMagic = 0x4752444e;
const headerBytesFixed = 64;
const recordHeaderBytes = 3;
const livenessBytes = 50;
/** With the GUID of its BMC behind it: hosts that know it, and collectors that ask for it. */
const livenessWithBmcBytes = 66;
const serversHeaderBytes = 8;
const serverBytes = 17;
const uint32Max = 0xffff_ffff;

/** Record types of version 1. */
export const recordTypes = { liveness: 1, servers: 2 } as const;

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

/** One server in a servers record. */
export interface WireServer {
  readonly server: ServerId;
  readonly state: ServerState;
}

/** A part of the list of servers; `parts` datagrams make the whole list of that report. */
export interface ServersRecord {
  readonly kind: "servers";
  /** Sequence of the report's first datagram: parts with the same one belong together. */
  readonly reportSequence: number;
  readonly part: number;
  readonly parts: number;
  readonly servers: readonly WireServer[];
}

export type WireRecord = { readonly kind: "liveness"; readonly checks: HostChecks } | ServersRecord;

/** A whole datagram, understood. */
export interface Report {
  readonly header: DatagramHeader;
  readonly liveness: HostChecks | undefined;
  readonly servers: ServersRecord | undefined;
  /** Records of a type that this version does not know. */
  readonly unknownRecords: number;
}

/** How many servers fit into one datagram of this host. */
export function serversPerDatagram(host: HostName): number {
  const room = datagramBytesMax - tagBytes - headerBytesFixed - host.length - recordHeaderBytes;
  return Math.floor((room - serversHeaderBytes) / serverBytes);
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
  writeHeader(new DataView(bytes.buffer), header);
  for (let index = 0; index < header.host.length; index += 1) {
    bytes[headerBytesFixed + index] = header.host.charCodeAt(index);
  }
  let offset = headerBytes;
  for (const [index, body] of bodies.entries()) {
    const record = records[index];
    bytes[offset] = record === undefined ? 0 : recordTypes[record.kind];
    new DataView(bytes.buffer).setUint16(offset + 1, body.length);
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

function encodeRecord(record: WireRecord): Uint8Array {
  return record.kind === "liveness" ? encodeLiveness(record.checks) : encodeServers(record);
}

function encodeLiveness(checks: HostChecks): Uint8Array {
  const bytes = new Uint8Array(checks.bmcGuid === "" ? livenessBytes : livenessWithBmcBytes);
  bytes[0] = codeOf(networkStates, checks.storage);
  bytes[1] = codeOf(networkStates, checks.business);
  bytes[2] = codeOf(directoryStates, checks.directory);
  bytes[3] = codeOf(libvirtStates, checks.libvirt);
  bytes[4] = codeOf(noticeKinds, checks.notice);
  const numbers = [
    checks.storageAgeMs,
    checks.businessAgeMs,
    checks.directoryAgeMs,
    checks.directoryLatencyMs,
    checks.libvirtAgeMs,
    checks.serversTotal,
    checks.serversRunning,
  ];
  const view = new DataView(bytes.buffer);
  for (const [index, value] of numbers.entries()) view.setUint32(6 + 4 * index, toUint32(value));
  writeUuid(view, 34, checks.hardwareUuid);
  if (checks.bmcGuid !== "") writeUuid(view, 50, checks.bmcGuid);
  return bytes;
}

function writeUuid(view: DataView, offset: number, uuid: string): void {
  if (!/^[0-9a-f]{32}$/.test(uuid)) return;
  view.setBigUint64(offset, BigInt(`0x${uuid.slice(0, 16)}`));
  view.setBigUint64(offset + 8, BigInt(`0x${uuid.slice(16)}`));
}

/** Whole and within 32 bits; an age of more than 49 days says 49 days. */
function toUint32(value: number): number {
  return Math.min(uint32Max, Math.max(0, Math.floor(value)));
}

function encodeServers(record: ServersRecord): Uint8Array {
  const bytes = new Uint8Array(serversHeaderBytes + record.servers.length * serverBytes);
  const view = new DataView(bytes.buffer);
  // The low 32 bits are enough to tell one report's parts from the next one's.
  view.setUint32(0, record.reportSequence % (uint32Max + 1));
  view.setUint16(4, record.part);
  view.setUint16(6, record.parts);
  for (const [index, { server, state }] of record.servers.entries()) {
    const offset = serversHeaderBytes + index * serverBytes;
    const digits = server.replaceAll("-", "");
    for (let byte = 0; byte < 16; byte += 1) {
      bytes[offset + byte] = Number.parseInt(digits.slice(2 * byte, 2 * byte + 2), 16);
    }
    bytes[offset + 16] = codeOf(serverStates, state);
  }
  return bytes;
}

export type HeaderProblem = "too-short" | "too-long" | "magic" | "version" | "header";

/** Reads the header alone: enough to find the key. Nothing in it is to be believed before the tag. */
export function decodeHeader(bytes: Uint8Array): DatagramHeader | HeaderProblem {
  if (bytes.length > datagramBytesMax) return "too-long";
  if (bytes.length < headerBytesFixed + 1 + tagBytes) return "too-short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== wireMagic) return "magic";
  if (view.getUint8(4) !== wireVersion) return "version";
  const hostLength = view.getUint8(7);
  if (bytes.length < headerBytesFixed + hostLength + tagBytes) return "too-short";
  const host = String.fromCharCode(
    ...bytes.subarray(headerBytesFixed, headerBytesFixed + hostLength),
  );
  const path = stateOf(networkNames, view.getUint8(6));
  const numbers = [16, 24, 32, 48, 56].map((offset) => Number(view.getBigUint64(offset)));
  const [probeEpoch = 0, sequence = 0, sentWallMs = 0, sent = 0, sendErrors = 0] = numbers;
  if (!isHostName(host) || path === "unknown" || sequence < 1) return "header";
  if (!numbers.every(Number.isSafeInteger)) return "header";
  return {
    keyId: view.getUint8(5),
    path,
    host: hostName(host),
    bootId: view.getBigUint64(8).toString(16).padStart(16, "0"),
    probeEpoch,
    sequence,
    sentWallMs,
    sentMonoMs: Number(view.getBigUint64(40)) / 1e6,
    sent,
    sendErrors,
  };
}

/** Reads the records behind a header whose tag was right; undefined when they make no sense. */
export function decodeRecords(header: DatagramHeader, bytes: Uint8Array): Report | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - tagBytes;
  let liveness: HostChecks | undefined;
  let servers: ServersRecord | undefined;
  let unknownRecords = 0;
  let offset = headerBytesFixed + header.host.length;
  while (offset < end) {
    if (offset + recordHeaderBytes > end) return undefined;
    const type = view.getUint8(offset);
    const length = view.getUint16(offset + 1);
    const start = offset + recordHeaderBytes;
    if (start + length > end) return undefined;
    const body = new DataView(bytes.buffer, bytes.byteOffset + start, length);
    if (type === recordTypes.liveness) {
      if (liveness !== undefined || length < livenessBytes) return undefined;
      liveness = decodeLiveness(body);
    } else if (type === recordTypes.servers) {
      servers = servers === undefined ? decodeServers(body) : undefined;
      if (servers === undefined) return undefined;
    } else {
      unknownRecords += 1;
    }
    offset = start + length;
  }
  return { header, liveness, servers, unknownRecords };
}

function decodeLiveness(body: DataView): HostChecks {
  return {
    storage: stateOf(networkStates, body.getUint8(0)),
    business: stateOf(networkStates, body.getUint8(1)),
    directory: stateOf(directoryStates, body.getUint8(2)),
    libvirt: stateOf(libvirtStates, body.getUint8(3)),
    notice: stateOf(noticeKinds, body.getUint8(4)),
    storageAgeMs: body.getUint32(6),
    businessAgeMs: body.getUint32(10),
    directoryAgeMs: body.getUint32(14),
    directoryLatencyMs: body.getUint32(18),
    libvirtAgeMs: body.getUint32(22),
    serversTotal: body.getUint32(26),
    serversRunning: body.getUint32(30),
    hardwareUuid: readSixteen(body, 34),
    bmcGuid: body.byteLength < livenessWithBmcBytes ? "" : readSixteen(body, 50),
  };
}

/** Sixteen bytes as 32 hex digits; all zero stands for "could not be read". */
function readSixteen(body: DataView, offset: number): string {
  const high = body.getBigUint64(offset).toString(16).padStart(16, "0");
  const low = body.getBigUint64(offset + 8);
  const text = high + low.toString(16).padStart(16, "0");
  return /^0+$/.test(text) ? "" : text;
}

function decodeServers(body: DataView): ServersRecord | undefined {
  if (body.byteLength < serversHeaderBytes) return undefined;
  if ((body.byteLength - serversHeaderBytes) % serverBytes !== 0) return undefined;
  const servers: WireServer[] = [];
  for (let at = serversHeaderBytes; at < body.byteLength; at += serverBytes) {
    servers.push({
      server: readUuid(body, at),
      state: stateOf(serverStates, body.getUint8(at + 16)),
    });
  }
  return {
    kind: "servers",
    reportSequence: body.getUint32(0),
    part: body.getUint16(4),
    parts: body.getUint16(6),
    servers,
  };
}

function readUuid(body: DataView, offset: number): ServerId {
  const high = body.getBigUint64(offset).toString(16).padStart(16, "0");
  const low = body
    .getBigUint64(offset + 8)
    .toString(16)
    .padStart(16, "0");
  return serverId(
    `${high.slice(0, 8)}-${high.slice(8, 12)}-${high.slice(12)}-${low.slice(0, 4)}-${low.slice(4)}`,
  );
}
