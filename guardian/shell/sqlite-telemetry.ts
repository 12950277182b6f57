/** Reads newest telemetry from the embedded store: the collector's SQLite file, on the same node. */
import { statSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import { measurements, readLiveness, readWatermark } from "../../shared/telemetry-fields.ts";
import type { TelemetryStore } from "../ports.ts";
import { openDatabase, type Database, type Statement } from "./sqlite.ts";

interface Opened {
  /** Which file it is: one that takes its place is another one. */
  readonly inode: string;
  readonly database: Database;
  readonly watermarks: Statement;
  readonly liveness: Statement;
}

const lockTimeoutMs = 200;

/** The file may appear later than the guardian, so it is opened at the first read that finds it. */
export function createSqliteTelemetry(file: string): TelemetryStore {
  let opened: Opened | undefined;

  function drop(): void {
    try {
      opened?.database.close();
    } finally {
      opened = undefined;
    }
  }

  return {
    name: "store",
    async read() {
      try {
        if (opened !== undefined && opened.inode !== inodeOf(file)) drop();
        const { database, watermarks, liveness } = (opened ??= open(file));
        // One transaction: a watermark newer than the rows beside it would make every row old.
        return database.transaction(() => ({
          kind: "read" as const,
          watermarks: watermarks.all().flatMap((row) => readWatermark((name) => row[name]) ?? []),
          liveness: liveness.all().flatMap((row) => readLiveness((name) => row[name]) ?? []),
        }));
      } catch (error) {
        drop();
        return { kind: "failed", reason: `telemetry ${file}: ${describeError(error)}` };
      }
    },
    async close() {
      drop();
    },
  };
}

/** A file that was removed goes on being read by whoever has it open, and shows nothing new for ever. */
function inodeOf(file: string): string {
  const { dev, ino } = statSync(file, { bigint: true });
  return `${dev} ${ino}`;
}

function open(file: string): Opened {
  const inode = inodeOf(file);
  const database = openDatabase(file, { readonly: true, timeoutMs: lockTimeoutMs });
  return {
    inode,
    database,
    watermarks: database.prepare(`SELECT * FROM ${measurements.watermark}`),
    liveness: database.prepare(`SELECT * FROM ${measurements.liveness}`),
  };
}
