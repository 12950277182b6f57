/**
 * What the start guard of a compute host asks a collector, and the word that it gets: whether the guardian has this
 * host fenced. A question belongs to no life and changes nothing at the collector; its nonce binds the word to it, so
 * that no recording of an earlier word is taken for one. Pure; docs/wire-format.md has it to the byte.
 */
import { hostName, isHostName, type HostName } from "./names.ts";
import { codeOf, networkNames, stateOf, type NetworkName } from "./telemetry.ts";
import { datagramBytesMax, tagBytes } from "./wire-limits.ts";
import {
  readAscii,
  readHex,
  readUint32,
  readUint64,
  writeAscii,
  writeHex,
} from "./wire-numbers.ts";

/** "GRDQ" in ASCII: neither a report nor an answer can be taken for one. */
export const questionMagic = 0x47524451;
const questionVersion = 1;
const fixedBytes = 64;
export const wordBytes = 13;

/** What a collector knows of a host: `unknown` when no guardian has told it lately. */
export const startWords = ["unknown", "not-fenced", "fenced"] as const;
export type StartWord = (typeof startWords)[number];

export interface StartQuestion {
  readonly keyId: number;
  readonly path: NetworkName;
  readonly host: HostName;
  readonly bootId: string;
  /** When this start guard began, ms on the host's monotonic clock. */
  readonly epoch: number;
  /** From 1, one more with each question. */
  readonly sequence: number;
  /** 16 hex digits, new for each question. */
  readonly nonce: string;
}

/** A collector's word, in an acknowledgement that is bound to host, boot and epoch. */
export interface StartAnswer {
  /** Of the question. */
  readonly nonce: string;
  readonly word: StartWord;
  /** How long ago the guardian's list reached the collector; 0 when it has none. */
  readonly listAgeMs: number;
}

/** The bytes before the tag. */
export function encodeQuestion(question: StartQuestion): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fixedBytes + question.host.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, questionMagic);
  bytes[4] = questionVersion;
  bytes[5] = question.keyId;
  bytes[6] = codeOf(networkNames, question.path);
  bytes[7] = question.host.length;
  writeHex(bytes, 8, question.bootId);
  view.setBigUint64(16, BigInt(question.epoch));
  view.setBigUint64(24, BigInt(question.sequence));
  writeHex(bytes, 32, question.nonce);
  writeAscii(bytes, fixedBytes, question.host);
  return bytes;
}

/** Whether these bytes claim to be a question. */
export function isQuestion(bytes: Uint8Array): boolean {
  return readUint32(bytes, 0) === questionMagic;
}

/** What is written there; undefined when it is no question. Believe nothing before the tag. */
export function decodeQuestion(bytes: Uint8Array): StartQuestion | undefined {
  if (bytes.length > datagramBytesMax || bytes.length < fixedBytes + 1 + tagBytes) return undefined;
  if (!isQuestion(bytes) || bytes[4] !== questionVersion) return undefined;
  const hostLength = bytes[7] ?? 0;
  if (bytes.length < fixedBytes + hostLength + tagBytes) return undefined;
  const host = readAscii(bytes, fixedBytes, hostLength);
  const path = stateOf(networkNames, bytes[6] ?? 0);
  const [epoch, sequence] = [readUint64(bytes, 16), readUint64(bytes, 24)];
  if (path === "unknown" || !isHostName(host) || sequence < 1) return undefined;
  if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(sequence)) return undefined;
  return {
    keyId: bytes[5] ?? 0,
    path,
    host: hostName(host),
    bootId: readHex(bytes, 8, 8),
    epoch,
    sequence,
    nonce: readHex(bytes, 32, 8),
  };
}

/** Writes the value of the record; `wordBytes` of it. */
export function writeWord(bytes: Uint8Array, at: number, answer: StartAnswer): void {
  writeHex(bytes, at, answer.nonce);
  bytes[at + 8] = codeOf(startWords, answer.word);
  const age = Math.min(0xffff_ffff, Math.max(0, Math.floor(answer.listAgeMs)));
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at + 9, age);
}

export function readWord(bytes: Uint8Array, at: number): StartAnswer {
  return {
    nonce: readHex(bytes, at, 8),
    word: stateOf(startWords, bytes[at + 8] ?? 0),
    listAgeMs: readUint32(bytes, at + 9),
  };
}
