/**
 * Every liveness row, not only the newest, on its way to a store that is elsewhere: rows that the store has not
 * acknowledged within `graceMs` go to the spool on the disk, and from there, in order, to the store when it answers
 * again. They carry the time and the instant of their arrival, so that they are older than what is written meanwhile.
 */
import { runLoop } from "../../shared/loop.ts";
import type { Clock } from "../../shared/clock.ts";
import { monoMs } from "../../shared/time.ts";
import { createUnacknowledged } from "../core/unacknowledged.ts";
import type { LineWriter, SpoolClass, StoreLine, TimedRow } from "../ports.ts";
import type { PatientWrite } from "./patient-write.ts";
import type { Spool } from "./spool.ts";

export interface History {
  put(rows: readonly TimedRow[]): void;
  /** The store has these already; how many of them are not counted as spooled. */
  acknowledged(rows: readonly TimedRow[]): number;
  /** Bulk that the store did not take. */
  keep(lines: readonly StoreLine[]): Promise<void>;
  /** Rows in memory that neither the store nor the disk has. */
  waiting(): number;
  run(signal: AbortSignal): Promise<void>;
  /** Puts all that waits on the disk, for the next process. */
  flush(): Promise<void>;
}

export interface HistoryOptions {
  readonly lines: LineWriter;
  readonly spool: Spool;
  readonly clock: Clock;
  /** Whether the store took the last thing it was offered: there is no point in offering it more. */
  readonly storeAnswers: () => boolean;
  readonly lane: () => PatientWrite;
  readonly onStored: (stored: number, poisoned: number) => void;
}

const graceMs = 250;
const everyMs = 250;
/** 5000 lines are some 3 MB, one request; a store that does not answer in time is offered less. */
const chunkLines = { max: 5000, min: 100 };
/** So much waits in memory while a disk hangs; some 400 MB. */
const rowsMax = 500_000;

export function createHistory(options: HistoryOptions): History {
  const { lines, spool, clock } = options;
  const waiting = createUnacknowledged(rowsMax);
  const linesMax = { liveness: chunkLines.max, bulk: chunkLines.max };

  async function spoolBefore(arrivalMs: number): Promise<void> {
    const overdue = waiting.takeBefore(monoMs(arrivalMs));
    const givenUp = waiting.takeGivenUp();
    if (givenUp > 0) spool.giveUp(givenUp);
    if (overdue.length > 0)
      await spool.append(
        "liveness",
        overdue.map((row) => lines.ofLiveness(row)),
      );
  }

  async function drain(
    spoolClass: SpoolClass,
    write: PatientWrite,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted && options.storeAnswers()) {
      const count = Math.min(linesMax[spoolClass], lines.linesMax(spoolClass));
      const chunk = await spool.next(spoolClass, count);
      if (chunk === undefined) return;
      const result = await write(lines.write(spoolClass, chunk.lines), signal);
      if (result.kind === "kept") {
        linesMax[spoolClass] = Math.max(chunkLines.min, Math.floor(chunk.lines.length / 2));
        return;
      }
      linesMax[spoolClass] = Math.min(chunkLines.max, linesMax[spoolClass] * 2);
      await spool.acknowledge(chunk);
      if (spoolClass === "liveness") {
        options.onStored(chunk.lines.length - result.poisoned, result.poisoned);
      }
    }
  }

  return {
    put: (rows) => waiting.put(rows),
    acknowledged: (rows) => waiting.acknowledged(rows),
    keep: async (rows) => void (await spool.append("bulk", rows)),
    waiting: () => waiting.size(),
    async run(signal) {
      const [writeLiveness, writeBulk] = [options.lane(), options.lane()];
      await Promise.all([
        runLoop(clock, everyMs, signal, () => spoolBefore(clock.monoMs() - graceMs)),
        runLoop(clock, everyMs, signal, () => drain("liveness", writeLiveness, signal)),
        runLoop(clock, everyMs, signal, () => drain("bulk", writeBulk, signal)),
      ]);
    },
    flush: () => spoolBefore(Number.POSITIVE_INFINITY),
  };
}
