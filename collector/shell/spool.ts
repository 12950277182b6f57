/**
 * What the store does not take waits here, on the disk: append-only segments of two classes, each appended batch synced
 * before it counts, read back in order, removed when acknowledged. Full: the oldest bulk goes first; liveness that is
 * on the disk is never given up, and when it alone fills the spool, what comes then is refused and counted.
 */
import { mkdirSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { SpoolClass, StoreLine } from "../ports.ts";
import {
  acknowledge,
  appendTo,
  evictOldest,
  openQueue,
  readOn,
  seal,
  segmentsOf,
  type SegmentQueue,
} from "./spool-queue.ts";
import { encodeRecords, segmentMark } from "./spool-segment.ts";

export interface SpoolFigures {
  readonly bytes: number;
  /** Records on the disk that the store has not acknowledged. */
  readonly liveness: number;
  readonly bulk: number;
  /** Bulk given up because the spool was full. */
  readonly evicted: number;
  /** Liveness that could not be put on the disk: full of liveness, or the disk failed. */
  readonly unspooled: number;
  /** Records that were altered on the disk. */
  readonly damaged: number;
  /** Why it takes nothing at the moment. */
  readonly trouble: string | undefined;
}

export interface SpoolChunk {
  readonly spoolClass: SpoolClass;
  readonly lines: readonly StoreLine[];
}

export interface Spool {
  /** True once all of it is on the disk; false when it was given up and counted. */
  append(spoolClass: SpoolClass, lines: readonly StoreLine[]): Promise<boolean>;
  /** The oldest lines that are not acknowledged. The same ones until `acknowledge`. */
  next(spoolClass: SpoolClass, linesMax: number): Promise<SpoolChunk | undefined>;
  acknowledge(chunk: SpoolChunk): Promise<void>;
  /** Liveness that never got here, as counted by the caller. */
  giveUp(rows: number): void;
  figures(): SpoolFigures;
  close(): Promise<void>;
}

export interface SpoolOptions {
  readonly directory: string;
  readonly bytesMax: number;
  readonly segmentBytes: number;
  readonly log: Logger;
}

/** Opens the directory, and what a former run left in it. Throws when it cannot be used. */
export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { directory, log } = options;
  mkdirSync(directory, { recursive: true, mode: 0o750 });
  const counts = { evicted: 0, unspooled: 0, damaged: 0 };
  let trouble: string | undefined;
  const queues = {
    liveness: await openQueue(directory, "liveness"),
    bulk: await openQueue(directory, "bulk"),
  };
  // Appending, sealing, evicting and reading all change the same lists.
  const inTurn = createTurns();

  const complain = (reason: string): void => {
    if (trouble !== reason) log.error({ event: "spool-trouble", directory, reason }, "not spooled");
    trouble = reason;
  };
  const draining = createDraining(directory, log);
  const makeRoom = async (bytes: number): Promise<boolean> => {
    while (bytesOf(queues) + bytes > options.bytesMax) {
      const evicted = await evictOldest(directory, queues.bulk);
      if (evicted === undefined) return false;
      counts.evicted += evicted;
    }
    return true;
  };

  async function append(spoolClass: SpoolClass, lines: readonly StoreLine[]): Promise<boolean> {
    const bytes = encodeRecords(lines);
    const given = (): false => {
      if (spoolClass === "bulk") counts.evicted += lines.length;
      else counts.unspooled += lines.length;
      return false;
    };
    try {
      if (!(await makeRoom(bytes.length + segmentMark.length))) {
        complain(`full: liveness alone takes ${bytesOf(queues)} of ${options.bytesMax} bytes`);
        return given();
      }
      await appendTo(directory, queues[spoolClass], bytes, lines.length);
      if ((queues[spoolClass].active?.segment.bytes ?? 0) >= options.segmentBytes) {
        await seal(directory, queues[spoolClass]);
      }
      trouble = undefined;
      return true;
    } catch (error) {
      complain(describeError(error));
      return given();
    }
  }

  return {
    append: (spoolClass, lines) => inTurn(() => append(spoolClass, lines)),
    next: (spoolClass, linesMax) =>
      inTurn(async () => {
        // A disk that fails keeps history from going on, never liveness: it is told, and tried again.
        const read = readOn(directory, queues[spoolClass], counts, log);
        const reading = await draining.attempt(`read ${spoolClass}`, read);
        const lines = reading?.lines.slice(reading.at, reading.at + linesMax);
        return lines && { spoolClass, lines };
      }),
    acknowledge: (chunk) =>
      inTurn(() => {
        const { spoolClass, lines } = chunk;
        const noted = acknowledge(directory, queues[spoolClass], lines);
        return draining.attempt(`note ${spoolClass}`, noted);
      }),
    giveUp: (rows) => void (counts.unspooled += rows),
    figures: () => ({ ...sizesOf(queues), ...counts, trouble: trouble ?? draining.trouble() }),
    close: () =>
      inTurn(async () => {
        for (const queue of Object.values(queues)) await seal(directory, queue);
      }),
  };
}

/** What fails while the spool is read goes on failing beside writes that work: each is told once, until it succeeds. */
function createDraining(directory: string, log: Logger) {
  const troubles = new Map<string, string>();
  return {
    trouble: (): string | undefined => [...troubles.values()][0],
    async attempt<T>(what: string, work: Promise<T>): Promise<T | undefined> {
      try {
        const result = await work;
        troubles.delete(what);
        return result;
      } catch (error) {
        const reason = describeError(error);
        if (troubles.get(what) !== reason) {
          log.error(
            { event: "spool-stuck", directory, what, reason },
            "history stays in the spool",
          );
        }
        troubles.set(what, reason);
        return undefined;
      }
    },
  };
}

/** One thing at a time, in the order in which they were asked for. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

function sizesOf(queues: Readonly<Record<SpoolClass, SegmentQueue>>) {
  const { liveness, bulk } = queues;
  return { bytes: bytesOf(queues), liveness: recordsOf(liveness), bulk: recordsOf(bulk) };
}

function bytesOf(queues: Readonly<Record<SpoolClass, SegmentQueue>>): number {
  const all = [...segmentsOf(queues.liveness), ...segmentsOf(queues.bulk)];
  return all.reduce((sum, { bytes }) => sum + bytes, 0);
}

function recordsOf(queue: SegmentQueue): number {
  return segmentsOf(queue).reduce((sum, { records }) => sum + records, 0);
}
