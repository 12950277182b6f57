/** The few XDR types that libvirt's RPC needs. Reading beyond the end throws RangeError. */

/** A growing message body. */
export class XdrWriter {
  readonly #parts: Buffer[] = [];

  uint(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  text(value: string): this {
    const bytes = Buffer.from(value, "utf8");
    this.uint(bytes.length);
    this.#parts.push(bytes, Buffer.alloc(paddingOf(bytes.length)));
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads a message body from front to back. */
export class XdrReader {
  readonly #body: Buffer;
  #offset = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  uint(): number {
    const value = this.#body.readUInt32BE(this.#offset);
    this.#offset += 4;
    return value;
  }

  int(): number {
    const value = this.#body.readInt32BE(this.#offset);
    this.#offset += 4;
    return value;
  }

  fixed(length: number): Buffer {
    const end = this.#offset + length + paddingOf(length);
    if (end > this.#body.length) throw new RangeError("the message ends within a field");
    const value = this.#body.subarray(this.#offset, this.#offset + length);
    this.#offset = end;
    return value;
  }

  text(): string {
    return this.fixed(this.uint()).toString("utf8");
  }

  optionalText(): string | undefined {
    return this.uint() === 0 ? undefined : this.text();
  }

  /** A virTypedParameter: its name, and its value when that is a number. Beyond 2^53 it is rounded. */
  typedParameter(): { readonly field: string; readonly value: number | undefined } {
    const field = this.text();
    const type = this.int();
    switch (type) {
      case 1:
        return { field, value: this.int() };
      case 2:
        return { field, value: this.uint() };
      case 3:
        return { field, value: Number(this.fixed(8).readBigInt64BE(0)) };
      case 4:
        return { field, value: Number(this.fixed(8).readBigUInt64BE(0)) };
      case 5:
        return { field, value: this.fixed(8).readDoubleBE(0) };
      case 6:
        return { field, value: this.int() };
      case 7:
        this.text();
        return { field, value: undefined };
      default:
        throw new RangeError(`typed parameter "${field}" has unknown type ${type}`);
    }
  }
}

function paddingOf(length: number): number {
  return (4 - (length % 4)) % 4;
}
