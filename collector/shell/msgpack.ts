/**
 * Decodes a msgpack map and keeps what JavaScript would lose: whether a number was a float, integers beyond 2^53, bytes
 * beside texts, the order of a map. Strict: one map, its keys are texts, none twice, nothing after it, no extensions. A library
 * does not tell 10 from 10.0, and Ceilometer's signature covers the difference.
 */
import { MessageMap } from "../core/ceilometer-signed-text.ts";
import { PythonFloat } from "../core/python-text.ts";

/** Deeper is no sample, and would use up our stack. */
const depthMax = 16;

/** One for all: a stack trace for each would cost more than the datagram does. */
const malformed = new Error("not a message");

/** The message, or undefined when the bytes are not exactly one. */
export function decodeMessage(bytes: Buffer): MessageMap | undefined {
  try {
    const reader = new Reader(bytes);
    const message = reader.value(0);
    return message instanceof MessageMap && reader.at === bytes.length ? message : undefined;
  } catch (error) {
    if (error === malformed) return undefined;
    throw error;
  }
}

class Reader {
  readonly #bytes: Buffer;
  /** The same bytes as one text: a piece of it costs less than decoding each text by itself. */
  readonly #text: string;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString("latin1");
  }

  value(depth: number): unknown {
    const type = this.#uint(1);
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type >= 0xa0 && type < 0xc0) return this.#string(type & 0x1f);
    if (type < 0x90) return this.#map(type & 0x0f, depth);
    if (type < 0xa0) return this.#list(type & 0x0f, depth);
    return this.#long(type, depth);
  }

  #long(type: number, depth: number): unknown {
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#take(this.#uint(1 << (type - 0xc4)));
      case 0xca:
        return new PythonFloat(this.#bytes.readFloatBE(this.#step(4)));
      case 0xcb:
        return new PythonFloat(this.#bytes.readDoubleBE(this.#step(8)));
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (type - 0xcc));
      case 0xcf:
        return plain(this.#bytes.readBigUInt64BE(this.#step(8)));
      case 0xd0:
        return this.#bytes.readInt8(this.#step(1));
      case 0xd1:
        return this.#bytes.readInt16BE(this.#step(2));
      case 0xd2:
        return this.#bytes.readInt32BE(this.#step(4));
      case 0xd3:
        return plain(this.#bytes.readBigInt64BE(this.#step(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#uint(1 << (type - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(type === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(type === 0xde ? 2 : 4), depth);
      default:
        throw malformed;
    }
  }

  #step(count: number): number {
    const from = this.at;
    this.at += count;
    if (this.at > this.#bytes.length) throw malformed;
    return from;
  }

  #uint(size: number): number {
    const from = this.#step(size);
    if (size === 1) return this.#bytes[from] ?? 0;
    return this.#bytes.readUIntBE(from, size);
  }

  #take(size: number): Uint8Array {
    const from = this.#step(size);
    return this.#bytes.subarray(from, this.at);
  }

  #string(size: number): string {
    const from = this.#step(size);
    const bytes = this.#bytes;
    for (let at = from; at < this.at; at += 1) {
      if ((bytes[at] ?? 0) >= 0x80) return wellFormed(bytes, from, this.at);
    }
    return this.#text.slice(from, this.at);
  }

  #list(count: number, depth: number): readonly unknown[] {
    this.#descend(count, depth);
    const list: unknown[] = [];
    for (let one = 0; one < count; one += 1) list.push(this.value(depth + 1));
    return list;
  }

  #map(count: number, depth: number): MessageMap {
    this.#descend(2 * count, depth);
    const [names, values]: [string[], unknown[]] = [[], []];
    for (let one = 0; one < count; one += 1) {
      const name = this.value(depth + 1);
      if (typeof name !== "string") throw malformed;
      names.push(name);
      values.push(this.value(depth + 1));
    }
    const map = new MessageMap(names, values);
    if (map.shape.hasTwice) throw malformed;
    return map;
  }

  /** Each value is a byte at least: a length beyond what is there is a lie, and costs nothing. */
  #descend(values: number, depth: number): void {
    if (depth >= depthMax || values > this.#bytes.length - this.at) throw malformed;
  }
}

function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function wellFormed(bytes: Buffer, from: number, to: number): string {
  try {
    return decoder.decode(bytes.subarray(from, to));
  } catch {
    throw malformed;
  }
}
