/** Unsigned big-endian numbers in bytes, without a DataView: one for each datagram costs too much. */

export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((readUint16(bytes, at) << 16) | readUint16(bytes, at + 2)) >>> 0;
}

/** Rounded beyond 2^53, where no number of the format but the monotonic clock may be. */
export function readUint64(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * 0x1_0000_0000 + readUint32(bytes, at + 4);
}

/** Hex digits of `length` bytes. */
export function readHex(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("hex");
}

/** Sixteen bytes as hex digits, made anew only when they have changed: a host's own ones never do. All zero: "". */
export class LastHex {
  #words = [0, 0, 0, 0];
  #text = "";

  read(bytes: Uint8Array, at: number): string {
    const words = this.#words;
    let isSame = true;
    for (let word = 0; word < 4; word += 1) {
      isSame &&= words[word] === readUint32(bytes, at + 4 * word);
    }
    if (isSame) return this.#text;
    this.#words = [0, 4, 8, 12].map((offset) => readUint32(bytes, at + offset));
    this.#text = this.#words.every((word) => word === 0) ? "" : readHex(bytes, at, 16);
    return this.#text;
  }
}

export function readAscii(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
}

/** Writes as many bytes as there are pairs of digits. */
export function writeHex(bytes: Uint8Array, at: number, digits: string): void {
  bytes.set(Buffer.from(digits, "hex"), at);
}

export function writeAscii(bytes: Uint8Array, at: number, text: string): void {
  bytes.set(Buffer.from(text, "latin1"), at);
}
