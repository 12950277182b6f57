/**
 * The records of a datagram of a probe: liveness, and parts of its list of servers. Pure: values to
 * bytes and back. A record may be longer than known here: what stands behind is of a later release.
 */
import { serverId, type ServerId } from "./names.ts";
import {
  codeOf,
  directoryStates,
  libvirtStates,
  networkStates,
  noticeKinds,
  serverStates,
  startGuardStates,
  stateOf,
  type HostChecks,
  type ServerState,
  type StartGuardState,
} from "./telemetry.ts";
import { LastHex, readHex, readUint16, readUint32, writeHex } from "./wire-numbers.ts";
import {
  encodeSamples,
  encodeSightings,
  type SamplesRecord,
  type SightingsRecord,
} from "./wire-samples.ts";

/** Type and length of each record. */
export const recordHeaderBytes = 3;
const livenessBytes = 50;
/** With the GUID of its BMC behind it: hosts that know it, and collectors that ask for it. */
const livenessWithBmcBytes = 66;
/** With what the probe hears from its collectors behind that; the echoes follow. */
const livenessWithLinkBytes = 72;
const nonceBytes = 8;
/** Behind the echoes, in a report that left late. */
const lateBytes = 4;
/** More collectors than a probe can have. */
export const echoesMax = 16;
export const serversHeaderBytes = 8;
export const serverBytes = 17;
const uint32Max = 0xffff_ffff;

/** Record types of version 1. */
export const recordTypes = { liveness: 1, servers: 2, samples: 3, sightings: 4 } as const;

/** What a probe hears from its collectors. */
export interface LinkStatus {
  /** Of the settings that it goes by; 0: those of its own configuration. */
  readonly settingsVersion: number;
  /** Bit n: no collector was heard for too long on the path of code n. */
  readonly cutOff: number;
  /** Nonces of collectors that do not know yet whether this life is one, 16 hex digits each. */
  readonly echoes: readonly string[];
}

export const noLink: LinkStatus = { settingsVersion: 0, cutOff: 0, echoes: [] };

export interface LivenessRecord {
  readonly kind: "liveness";
  readonly checks: HostChecks;
  /** Left out: there is nothing to say of it. */
  readonly link?: LinkStatus;
  /** How much later than due this report left; left out: it was in time. */
  readonly lateMs?: number;
  /** What the start guard of this boot came to; left out: there is none. */
  readonly startGuard?: Exclude<StartGuardState, "none">;
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

export type WireRecord = LivenessRecord | ServersRecord | SamplesRecord | SightingsRecord;

/** The value of a record, without type and length. */
export function encodeRecord(record: WireRecord): Uint8Array {
  switch (record.kind) {
    case "liveness":
      return encodeLiveness(record);
    case "servers":
      return encodeServers(record);
    case "samples":
      return encodeSamples(record);
    case "sightings":
      return encodeSightings(record);
    default:
      return record satisfies never;
  }
}

function encodeLiveness(record: LivenessRecord): Uint8Array {
  const { checks, link = noLink, lateMs = 0, startGuard = "none" } = record;
  const echoes = link.echoes.slice(0, echoesMax);
  const isLinked = link.settingsVersion > 0 || link.cutOff > 0 || echoes.length > 0 || lateMs > 0;
  const withoutLink = checks.bmcGuid === "" ? livenessBytes : livenessWithBmcBytes;
  const linkedBytes = livenessWithLinkBytes + nonceBytes * echoes.length;
  const length = isLinked ? linkedBytes + (lateMs > 0 ? lateBytes : 0) : withoutLink;
  const bytes = new Uint8Array(length);
  bytes[0] = codeOf(networkStates, checks.storage);
  bytes[1] = codeOf(networkStates, checks.business);
  bytes[2] = codeOf(directoryStates, checks.directory);
  bytes[3] = codeOf(libvirtStates, checks.libvirt);
  bytes[4] = codeOf(noticeKinds, checks.notice);
  bytes[5] = codeOf(startGuardStates, startGuard);
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
  writeUuid(bytes, 34, checks.hardwareUuid);
  if (length > livenessBytes) writeUuid(bytes, 50, checks.bmcGuid);
  if (!isLinked) return bytes;
  view.setUint32(66, toUint32(link.settingsVersion));
  bytes[70] = link.cutOff;
  bytes[71] = echoes.length;
  for (const [index, nonce] of echoes.entries()) {
    writeHex(bytes, livenessWithLinkBytes + nonceBytes * index, nonce);
  }
  if (lateMs > 0) view.setUint32(linkedBytes, toUint32(lateMs));
  return bytes;
}

function writeUuid(bytes: Uint8Array, offset: number, uuid: string): void {
  if (/^[0-9a-f]{32}$/.test(uuid)) writeHex(bytes, offset, uuid);
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
    writeHex(bytes, offset, server.replaceAll("-", ""));
    bytes[offset + 16] = codeOf(serverStates, state);
  }
  return bytes;
}

/** The liveness record whose value lies there; undefined when it is too short. `sender`: it is known. */
export function decodeLiveness(
  bytes: Uint8Array,
  at: number,
  length: number,
  sender: { readonly uuid: LastHex; readonly bmcGuid: LastHex } | undefined,
): LivenessRecord | undefined {
  if (length < livenessBytes) return undefined;
  const checks: HostChecks = {
    storage: stateOf(networkStates, bytes[at] ?? 0),
    storageAgeMs: readUint32(bytes, at + 6),
    business: stateOf(networkStates, bytes[at + 1] ?? 0),
    businessAgeMs: readUint32(bytes, at + 10),
    directory: stateOf(directoryStates, bytes[at + 2] ?? 0),
    directoryAgeMs: readUint32(bytes, at + 14),
    directoryLatencyMs: readUint32(bytes, at + 18),
    libvirt: stateOf(libvirtStates, bytes[at + 3] ?? 0),
    libvirtAgeMs: readUint32(bytes, at + 22),
    serversTotal: readUint32(bytes, at + 26),
    serversRunning: readUint32(bytes, at + 30),
    notice: stateOf(noticeKinds, bytes[at + 4] ?? 0),
    hardwareUuid: (sender?.uuid ?? new LastHex()).read(bytes, at + 34),
    bmcGuid:
      length < livenessWithBmcBytes ? "" : (sender?.bmcGuid ?? new LastHex()).read(bytes, at + 50),
  };
  const startGuard = stateOf(startGuardStates, bytes[at + 5] ?? 0);
  const isLinked = length >= livenessWithLinkBytes;
  // Most reports: no spread for them.
  if (!isLinked && startGuard === "none") return { kind: "liveness", checks };
  const record = {
    kind: "liveness",
    checks,
    ...(startGuard === "none" ? {} : { startGuard }),
  } as const;
  if (!isLinked) return record;
  const link = decodeLink(bytes, at, length);
  if (link === undefined) return undefined;
  const linkedBytes = livenessWithLinkBytes + nonceBytes * link.echoes.length;
  const lateMs = length < linkedBytes + lateBytes ? 0 : readUint32(bytes, at + linkedBytes);
  return { ...record, link, ...(lateMs === 0 ? {} : { lateMs }) };
}

function decodeLink(bytes: Uint8Array, at: number, length: number): LinkStatus | undefined {
  const count = bytes[at + 71] ?? 0;
  if (count > echoesMax || livenessWithLinkBytes + nonceBytes * count > length) return undefined;
  const echoes: string[] = [];
  for (let index = 0; index < count; index += 1) {
    echoes.push(readHex(bytes, at + livenessWithLinkBytes + nonceBytes * index, nonceBytes));
  }
  return { settingsVersion: readUint32(bytes, at + 66), cutOff: bytes[at + 70] ?? 0, echoes };
}

/** The servers record whose value lies there; undefined when its length makes no sense. */
export function decodeServers(
  bytes: Uint8Array,
  at: number,
  length: number,
): ServersRecord | undefined {
  if (length < serversHeaderBytes) return undefined;
  if ((length - serversHeaderBytes) % serverBytes !== 0) return undefined;
  const servers: WireServer[] = [];
  const digits = readHex(bytes, at, length);
  for (let offset = serversHeaderBytes; offset < length; offset += serverBytes) {
    const server = uuidOf(digits, 2 * offset);
    servers.push({ server, state: stateOf(serverStates, bytes[at + offset + 16] ?? 0) });
  }
  return {
    kind: "servers",
    reportSequence: readUint32(bytes, at),
    part: readUint16(bytes, at + 4),
    parts: readUint16(bytes, at + 6),
    servers,
  };
}

/** A UUID as people write it, from 32 hex digits that begin at `from`. */
function uuidOf(digits: string, from: number): ServerId {
  const part = (start: number, end: number): string => digits.slice(from + start, from + end);
  return serverId(`${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`);
}
