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
  /** The key's block. Its buffer is not asked for, so that it stays in one piece: keys are read in turn by the thousand. */
  readonly #block = new Uint32Array(blockWords);

  constructor(key: Uint8Array) {
    const block = new Uint8Array(blockBytes);
    block.set(key.length > blockBytes ? hash("sha256", key, "buffer") : key);
    this.#block.set(new Uint32Array(block.buffer));
  }

  /** The 32 bytes over the first `length` ones, as a text with one character for each. */
  digest(bytes: Uint8Array, length = bytes.length): string {
    if (blockBytes + bytes.length > inner.bytes.length) {
      inner = createScratch(2 * (blockBytes + bytes.length));
    }
    const block = this.#block;
    // Word by word: to set so few is dearer.
    for (let at = 0; at < blockWords; at += 1) {
      const word = block[at] ?? 0;
      inner.words[at] = word ^ 0x3636_3636;
      outer.words[at] = word ^ 0x5c5c_5c5c;
    }
    // Whole, and the rest is not looked at: cheaper than a view of a part.
    inner.bytes.set(bytes, blockBytes);
    const first = hash("sha256", beginningOf(inner, blockBytes + length), "binary");
    for (let at = 0; at < digestBytes; at += 1) {
      outer.bytes[blockBytes + at] = first.charCodeAt(at);
    }
    return hash("sha256", beginningOf(outer, blockBytes + digestBytes), "binary");
  }
}

/** A key's block with bytes behind it. */
interface Scratch {
  readonly bytes: Buffer;
  /** Of the block. */
  readonly words: Uint32Array;
  /** The first so many bytes, made once for each number. */
  readonly beginnings: Buffer[];
}

function createScratch(length: number): Scratch {
  const bytes = Buffer.from(new ArrayBuffer(length));
  return { bytes, words: new Uint32Array(bytes.buffer, 0, blockWords), beginnings: [] };
}

function beginningOf({ bytes, beginnings }: Scratch, length: number): Buffer {
  return (beginnings[length] ??= bytes.subarray(0, length));
}

/** Synchronous from the first byte to the digest, so one of each serves all keys. */
const outer = createScratch(blockBytes + digestBytes);
let inner = createScratch(2048);
