/**
 * The bytes of a spool's segment: a mark, then records of length, CRC-32 and payload, each number 32 bits little-endian.
 * A payload is one letter for its retention policy and the line itself, in UTF-8. A process that is killed while it
 * appends leaves half a record at the end; that one never counted as spooled.
 */
import { crc32 } from "node:zlib";
import type { StoreLine } from "../ports.ts";

/** First bytes of every segment. */
export const segmentMark = Buffer.from("GSPOOL1\n", "latin1");

const headBytes = 8;
/** No line of ours comes near; a length beyond it is damage. */
const payloadBytesMax = 1_048_576;
const policies = { main: "m", servers: "s" } as const;

/** The records of these lines, ready to be appended. */
export function encodeRecords(lines: readonly StoreLine[]): Buffer {
  const sizes = lines.map(({ line }) => Buffer.byteLength(line) + 1);
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + headBytes + size, 0));
  let at = 0;
  for (const [index, { policy, line }] of lines.entries()) {
    const end = at + headBytes + (sizes[index] ?? 0);
    bytes.write(policies[policy], at + headBytes, "latin1");
    bytes.write(line, at + headBytes + 1, "utf8");
    bytes.writeUInt32LE(end - at - headBytes, at);
    bytes.writeUInt32LE(crc32(bytes.subarray(at + headBytes, end)), at + 4);
    at = end;
  }
  return bytes;
}

export interface SpooledLine extends StoreLine {
  /** Where the record after it begins. */
  readonly end: number;
}

export interface SegmentContent {
  readonly lines: readonly SpooledLine[];
  /** Up to here the segment is records; what follows is half of one, or damage. */
  readonly end: number;
  /** Records whose checksum was wrong. */
  readonly damaged: number;
}

/** What a segment holds from an offset on; 0 is its beginning. A record that was altered is left out and counted. */
export function decodeRecords(bytes: Buffer, from: number): SegmentContent {
  const lines: SpooledLine[] = [];
  let damaged = 0;
  if (!bytes.subarray(0, segmentMark.length).equals(segmentMark)) {
    return { lines, end: 0, damaged: bytes.length < segmentMark.length ? 0 : 1 };
  }
  let at = Math.max(from, segmentMark.length);
  while (at + headBytes <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    const end = at + headBytes + size;
    if (size < 1 || size > payloadBytesMax || end > bytes.length) break;
    const payload = bytes.subarray(at + headBytes, end);
    if (crc32(payload) === bytes.readUInt32LE(at + 4)) {
      const policy = payload[0] === 0x73 ? "servers" : "main";
      lines.push({ policy, line: payload.toString("utf8", 1), end });
    } else {
      damaged += 1;
    }
    at = end;
  }
  return { lines, end: at, damaged };
}
