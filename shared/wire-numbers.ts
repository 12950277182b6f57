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
  // Four small numbers, not a list: all in one piece.
  #first = 0;
  #second = 0;
  #third = 0;
  #fourth = 0;
  #text = "";

  read(bytes: Uint8Array, at: number): string {
    const first = readUint32(bytes, at) | 0;
    const second = readUint32(bytes, at + 4) | 0;
    const third = readUint32(bytes, at + 8) | 0;
    const fourth = readUint32(bytes, at + 12) | 0;
    const isFirstHalf = first === this.#first && second === this.#second;
    if (isFirstHalf && third === this.#third && fourth === this.#fourth) return this.#text;
    [this.#first, this.#second, this.#third, this.#fourth] = [first, second, third, fourth];
    this.#text = (first | second | third | fourth) === 0 ? "" : readHex(bytes, at, 16);
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
