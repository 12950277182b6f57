/** Makes datagrams as Ceilometer's UDP publisher does: a msgpack map with its signature. */
import { createHmac } from "node:crypto";
import { MessageMap, signedText } from "../../collector/core/ceilometer-signed-text.ts";
import { PythonFloat } from "../../collector/core/python-text.ts";

export type Entries = readonly (readonly [string, unknown])[];

export function mapOf(entries: Entries): MessageMap {
  return new MessageMap(
    entries.map(([name]) => name),
    entries.map(([, value]) => value),
  );
}

/** The keys of a sample in Ceilometer's order, with what the test cares about changed or, as undefined, left out. */
export function sampleEntries(changes: Readonly<Record<string, unknown>> = {}): Entries {
  const whole: Record<string, unknown> = {
    source: "openstack",
    counter_name: "cpu",
    counter_type: "cumulative",
    counter_unit: "ns",
    counter_volume: 123_456,
    user_id: "u1",
    project_id: "p1",
    resource_id: "r1",
    timestamp: "2026-11-22T10:00:00.123456",
    resource_metadata: mapOf([["display_name", "vm-1"]]),
    message_id: "00000000-0000-11f0-8000-000000000001",
    monotonic_time: new PythonFloat(12.5),
    ...changes,
  };
  return Object.entries(whole).filter(([, value]) => value !== undefined);
}

/** The signed datagram. */
export function signedSample(secret: string, entries: Entries): Buffer {
  const text = signedText(mapOf(entries));
  const signature = createHmac("sha256", secret).update(text).digest("hex");
  return encode(mapOf([...entries, ["message_signature", signature]]));
}

/** Msgpack of a value, in the shortest forms that Python's packer uses, long ones where they are needed. */
export function encode(value: unknown): Buffer {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === "boolean") return Buffer.from([value ? 0xc3 : 0xc2]);
  if (value instanceof PythonFloat) {
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value.value, 1);
    return bytes;
  }
  if (typeof value === "number" || typeof value === "bigint") return integer(BigInt(value));
  if (typeof value === "string") return withLength(0xda, Buffer.from(value, "utf8"));
  if (value instanceof Uint8Array) return withLength(0xc5, Buffer.from(value));
  if (Array.isArray(value)) {
    return Buffer.concat([counted(0xdc, value.length), ...value.map(encode)]);
  }
  if (!(value instanceof MessageMap)) throw new Error("not a value that Ceilometer sends");
  const { names, values } = value;
  const pairs = names.flatMap((name, at) => [encode(name), encode(values[at])]);
  return Buffer.concat([counted(0xde, names.length), ...pairs]);
}

function integer(value: bigint): Buffer {
  if (value >= 0n && value < 128n) return Buffer.from([Number(value)]);
  const bytes = Buffer.alloc(9, value < 0n ? 0xd3 : 0xcf);
  if (value < 0n) bytes.writeBigInt64BE(value, 1);
  else bytes.writeBigUInt64BE(value, 1);
  return bytes;
}

function counted(type: number, count: number): Buffer {
  return Buffer.from([type, count >> 8, count & 0xff]);
}

function withLength(type: number, bytes: Buffer): Buffer {
  return Buffer.concat([counted(type, bytes.length), bytes]);
}
