/**
 * What collectd's network plugin sends: nine gauges of one host in one packet, signed with HMAC-SHA256 (SecurityLevel
 * Sign). Each packet is later than the one before, or collectd drops its values.
 */
import { HmacKey } from "../../shared/hmac.ts";

export const collectdUser = "bench";
export const collectdPassword = "a password for the bench";

const parts = { host: 0, values: 6, timeHr: 8, plugin: 2, type: 4, detail: 5, sign: 0x200 };
const key = new HmacKey(Buffer.from(collectdPassword));

/** Packet number `at` of a run that began at `fromMs` (wall clock): one millisecond after the other. */
export function collectdPacket(
  values: Readonly<Record<string, number>>,
  fromMs: number,
  at: number,
): Buffer {
  const time = Buffer.alloc(8);
  // Units of 2^-30 s.
  time.writeBigUInt64BE((BigInt(Math.floor(fromMs) + at) << 30n) / 1000n);
  const body = Buffer.concat([
    text(parts.host, "compute-1"),
    part(parts.timeHr, time),
    text(parts.plugin, "guardian"),
    text(parts.type, "gauge"),
    ...Object.entries(values).flatMap(([name, value]) => [text(parts.detail, name), gauge(value)]),
  ]);
  const signed = Buffer.concat([Buffer.from(collectdUser), body]);
  const tag = Buffer.from(key.digest(signed), "binary");
  return Buffer.concat([part(parts.sign, Buffer.concat([tag, Buffer.from(collectdUser)])), body]);
}

function part(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(4 + content.length, 2);
  return Buffer.concat([head, content]);
}

function text(type: number, content: string): Buffer {
  return part(type, Buffer.from(`${content}\0`));
}

/** One value, a gauge; the only number of the format that is little-endian. */
function gauge(value: number): Buffer {
  const content = Buffer.alloc(11);
  content.writeUInt16BE(1, 0);
  content[2] = 1;
  content.writeDoubleLE(value, 3);
  return part(parts.values, content);
}
