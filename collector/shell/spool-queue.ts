/** One class's part of a spool: its segments, which one is appended to, and which one is being read. */
import { open, readFile, rename, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../../shared/log.ts";
import type { SpoolClass, StoreLine } from "../ports.ts";
import { findSegments, saveCursor, segmentName, type Segment } from "./spool-directory.ts";
import { decodeRecords, segmentMark, type SpooledLine } from "./spool-segment.ts";

interface Active {
  readonly segment: Segment;
  readonly handle: FileHandle;
}

interface Reading {
  readonly segment: Segment;
  readonly lines: readonly SpooledLine[];
  at: number;
  /** As of the cursor's file. */
  savedAt: number;
}

/** So many acknowledged records may be written again after a kill: a file for each would cost more than they do. */
const recordsPerCursor = 1000;

/** One class's segments; `sealed` are oldest first, and only these are read. */
export interface SegmentQueue {
  readonly spoolClass: SpoolClass;
  readonly sealed: Segment[];
  active: Active | undefined;
  reading: Reading | undefined;
  nextNumber: number;
}

/** Finds what a former run left of a class. */
export async function openQueue(directory: string, spoolClass: SpoolClass): Promise<SegmentQueue> {
  const { sealed, nextNumber } = await findSegments(directory, spoolClass);
  return { spoolClass, sealed: [...sealed], nextNumber, active: undefined, reading: undefined };
}

/** All segments, oldest first. */
export function segmentsOf({ sealed, active }: SegmentQueue): readonly Segment[] {
  return active === undefined ? sealed : [...sealed, active.segment];
}

/** Appends and syncs; throws when the disk fails. */
export async function appendTo(
  directory: string,
  queue: SegmentQueue,
  bytes: Buffer,
  records: number,
): Promise<void> {
  queue.active ??= await begin(directory, queue);
  const { segment, handle } = queue.active;
  try {
    await handle.write(bytes, 0, bytes.length, segment.bytes);
    await handle.datasync();
  } catch (error) {
    // Half of it may be there: a new segment begins, and what was whole before stays.
    await seal(directory, queue).catch(() => undefined);
    throw error;
  }
  segment.bytes += bytes.length;
  segment.records += records;
}

async function begin(directory: string, queue: SegmentQueue): Promise<Active> {
  const number = queue.nextNumber;
  const path = join(directory, segmentName(queue.spoolClass, number, undefined));
  const handle = await open(path, "wx", 0o640);
  queue.nextNumber += 1;
  await handle.write(segmentMark, 0, segmentMark.length, 0);
  // The name must survive a crash of the machine as well as the bytes do.
  const folder = await open(directory, "r");
  await folder.sync();
  await folder.close();
  return { handle, segment: { number, path, bytes: segmentMark.length, records: 0, from: 0 } };
}

/** Ends the active segment; only then it can be read. Its name tells how many records it has. */
export async function seal(directory: string, queue: SegmentQueue): Promise<void> {
  const { active } = queue;
  if (active === undefined) return;
  queue.active = undefined;
  await active.handle.close();
  const { segment } = active;
  const path = join(directory, segmentName(queue.spoolClass, segment.number, segment.records));
  await rename(segment.path, path);
  queue.sealed.push({ ...segment, path });
}

/** The oldest segment with something left to read; segments that turn out to have nothing are removed. */
export async function readOn(
  directory: string,
  queue: SegmentQueue,
  counts: { damaged: number },
  log: Logger,
): Promise<Reading | undefined> {
  for (;;) {
    if (queue.reading !== undefined) return queue.reading;
    if (queue.sealed.length === 0) await seal(directory, queue);
    const segment = queue.sealed[0];
    if (segment === undefined) return undefined;
    const { lines } = decodeRecords(await readFile(segment.path), segment.from);
    const damaged = segment.records - lines.length;
    if (damaged > 0) {
      counts.damaged += damaged;
      log.error({ event: "spool-damaged", path: segment.path, damaged }, "records were altered");
    }
    segment.records = lines.length;
    if (lines.length > 0) queue.reading = { segment, lines, at: 0, savedAt: 0 };
    else await finish(directory, queue, segment);
  }
}

/** The store has these, which were read last. */
export async function acknowledge(
  directory: string,
  queue: SegmentQueue,
  taken: readonly StoreLine[],
): Promise<void> {
  const { reading } = queue;
  // Evicted while it was on its way: nothing of it is left to acknowledge.
  if (reading === undefined || reading.lines[reading.at] !== taken[0]) return;
  reading.at += taken.length;
  const { segment } = reading;
  segment.records = reading.lines.length - reading.at;
  segment.from = reading.lines[reading.at - 1]?.end ?? segment.from;
  if (segment.records === 0) await finish(directory, queue, segment);
  else if (reading.at - reading.savedAt >= recordsPerCursor) {
    reading.savedAt = reading.at;
    await saveCursor(directory, queue.spoolClass, segment.number, segment.from);
  }
}

async function finish(directory: string, queue: SegmentQueue, segment: Segment): Promise<void> {
  queue.reading = undefined;
  queue.sealed.shift();
  // First: on a full disk the cursor cannot be written before something was removed.
  await unlink(segment.path);
  await saveCursor(directory, queue.spoolClass, segment.number + 1, 0);
}

/** Removes the oldest segment and says how many records that costs; undefined when there is none. */
export async function evictOldest(
  directory: string,
  queue: SegmentQueue,
): Promise<number | undefined> {
  if (queue.sealed.length === 0) await seal(directory, queue);
  const oldest = queue.sealed.shift();
  if (oldest === undefined) return undefined;
  if (queue.reading?.segment === oldest) queue.reading = undefined;
  await unlink(oldest.path);
  return oldest.records;
}
