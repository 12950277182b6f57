/**
 * HMAC-SHA256 (RFC 2104) by two one-shot hashes: half of what node's Hmac object costs for so few bytes, and nothing
 * that the garbage collector has to look after. Tests hold it against node's own and against RFC 4231.
 */
import { hash } from "node:crypto";

const blockBytes = 64;
const blockWords = blockBytes / 4;
const digestBytes = 32;

/** A key, ready for use. Nothing prints it: its fields are private. */
export class HmacKey {
  readonly #inner: Uint32Array;
  readonly #outer: Uint32Array;

  constructor(key: Uint8Array) {
    const block = new Uint8Array(blockBytes);
    block.set(key.length > blockBytes ? hash("sha256", key, "buffer") : key);
    this.#inner = new Uint32Array(block.map((byte) => byte ^ 0x36).buffer);
    this.#outer = new Uint32Array(block.map((byte) => byte ^ 0x5c).buffer);
  }

  /** The 32 bytes over the first `length` ones, as a text with one character for each. */
  digest(bytes: Uint8Array, length = bytes.length): string {
    if (blockBytes + bytes.length > inner.bytes.length) {
      inner = createScratch(2 * (blockBytes + bytes.length));
    }
    // Whole, and the rest is not looked at: cheaper than a view of a part.
    inner.bytes.set(bytes, blockBytes);
    const first = hash("sha256", inner.beginning(this.#inner, blockBytes + length), "binary");
    for (let at = 0; at < digestBytes; at += 1) {
      outer.bytes[blockBytes + at] = first.charCodeAt(at);
    }
    return hash("sha256", outer.beginning(this.#outer, blockBytes + digestBytes), "binary");
  }
}

/** A key's block with bytes behind it. Views of its beginnings are made once for each length. */
interface Scratch {
  readonly bytes: Buffer;
  readonly beginning: (block: Uint32Array, length: number) => Buffer;
}

function createScratch(length: number): Scratch {
  const bytes = Buffer.from(new ArrayBuffer(length));
  const words = new Uint32Array(bytes.buffer, 0, blockWords);
  const views: Buffer[] = [];
  return {
    bytes,
    beginning(block, end) {
      // Word by word: to set so few is dearer.
      for (let at = 0; at < blockWords; at += 1) words[at] = block[at] ?? 0;
      return (views[end] ??= bytes.subarray(0, end));
    },
  };
}

/** Synchronous from the first byte to the digest, so one of each serves all keys. */
const outer = createScratch(blockBytes + digestBytes);
let inner = createScratch(2048);
