/**
 * The files of a spool: `liveness-000000012.open` is being appended to, `liveness-000000011-8123.seg` has its 8,123
 * records, and `liveness.cursor` holds the segment and the offset up to which the store has acknowledged.
 */
import { readFileSync } from "node:fs";
import { readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SpoolClass } from "../ports.ts";
import { decodeRecords } from "./spool-segment.ts";

export interface Segment {
  readonly number: number;
  readonly path: string;
  bytes: number;
  /** Not acknowledged. */
  records: number;
  /** Offset up to which it is acknowledged. */
  from: number;
}

const digits = 9;

/** A segment's name; without a number of records it is being appended to. */
export function segmentName(
  spoolClass: SpoolClass,
  number: number,
  records: number | undefined,
): string {
  const stem = `${spoolClass}-${String(number).padStart(digits, "0")}`;
  return records === undefined ? `${stem}.open` : `${stem}-${records}.seg`;
}

/** What a former run left, oldest first, sealed where it was not. */
export async function findSegments(
  directory: string,
  spoolClass: SpoolClass,
): Promise<{ readonly sealed: readonly Segment[]; readonly nextNumber: number }> {
  const cursor = readCursor(directory, spoolClass);
  const pattern = new RegExp(`^${spoolClass}-(\\d{${digits}})(?:-(\\d+)\\.seg|\\.open)$`);
  const sealed: Segment[] = [];
  let nextNumber = cursor.number;
  for (const name of (await readdir(directory)).toSorted()) {
    const match = pattern.exec(name);
    if (match === null) continue;
    const number = Number(match[1]);
    nextNumber = Math.max(nextNumber, number + 1);
    const path = join(directory, name);
    // Acknowledged to its end, and the process died before it was removed.
    if (number < cursor.number) await unlink(path);
    else sealed.push(await sealedSegment(directory, spoolClass, { number, path, name, cursor }));
  }
  return { sealed, nextNumber };
}

async function sealedSegment(
  directory: string,
  spoolClass: SpoolClass,
  found: { number: number; path: string; name: string; cursor: Cursor },
): Promise<Segment> {
  const { number, cursor } = found;
  const from = number === cursor.number ? cursor.offset : 0;
  let { path } = found;
  let records = Number(/-(\d+)\.seg$/.exec(found.name)?.[1] ?? Number.NaN);
  if (Number.isNaN(records) || from > 0) {
    const bytes = await readFile(path);
    const all = decodeRecords(bytes, 0).lines.length;
    records = decodeRecords(bytes, from).lines.length;
    const name = join(directory, segmentName(spoolClass, number, all));
    if (name !== path) await rename(path, name);
    path = name;
  }
  return { number, path, bytes: (await stat(path)).size, records, from };
}

interface Cursor {
  readonly number: number;
  readonly offset: number;
}

function readCursor(directory: string, spoolClass: SpoolClass): Cursor {
  try {
    const text = readFileSync(join(directory, `${spoolClass}.cursor`), "utf8");
    const match = /^(\d{1,15}) (\d{1,15})\n$/.exec(text);
    if (match !== null) return { number: Number(match[1]), offset: Number(match[2]) };
  } catch {
    // None yet, or unreadable: everything is sent again, and a point that is written twice is one point.
  }
  return { number: 0, offset: 0 };
}

/** Whole or not at all; losing it means that some points are written again. */
export async function saveCursor(
  directory: string,
  spoolClass: SpoolClass,
  number: number,
  offset: number,
): Promise<void> {
  const path = join(directory, `${spoolClass}.cursor`);
  await writeFile(`${path}.new`, `${number} ${offset}\n`, { mode: 0o640 });
  await rename(`${path}.new`, path);
}
