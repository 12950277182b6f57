/**
 * The embedded store: a table of newest rows for the guardian, and a thin history for people. One
 * transaction per write; an error means that nothing of it was stored.
 */
import { describeError } from "../../shared/errors.ts";
import {
  livenessFields,
  livenessNumbers,
  measurements,
  watermarkFields,
  watermarkNumbers,
} from "../../shared/telemetry-fields.ts";
import { codeOf, serverStates, type LivenessRow } from "../../shared/telemetry.ts";
import type { StoreWriter, WriteResult } from "../ports.ts";
import { openDatabase, type SqliteDatabase, type SqliteStatement } from "./sqlite.ts";

export interface SqliteWriterOptions {
  readonly file: string;
  /** History of a host and path is kept this long … */
  readonly historyForMs: number;
  /** … with a row this often, and whenever a state changed. */
  readonly historyEveryMs: number;
  /** Of file; beyond it the oldest history goes although it is young. */
  readonly bytesMax: number;
}

const timeoutMs = 1000;
/** Few enough that deleting never holds up a write noticeably. */
const forgottenRowsMax = 2000;
/** A server that nobody mentioned for so long is gone. */
const serverForMs = 3_600_000;

export function createSqliteWriter(options: SqliteWriterOptions): StoreWriter {
  const database = openDatabase(options.file, timeoutMs);
  createTables(database);
  const statements = prepareStatements(database);
  const history = createHistoryFilter(options.historyEveryMs);

  function attempt(work: () => void): Promise<WriteResult> {
    try {
      database.transaction(work);
      return Promise.resolve({ kind: "stored", poisoned: 0 });
    } catch (error) {
      const reason = describeError(error);
      return Promise.resolve({ kind: "kept", reason, retryAfterMs: undefined });
    }
  }

  return {
    name: `sqlite ${options.file}`,
    writeLiveness: (rows) =>
      attempt(() => {
        for (const { row, wallMs } of rows) {
          const numbers = livenessNumbers(row);
          const values = livenessFields.map((field) => numbers[field]);
          const all = [wallMs, row.collector, row.host, row.path, ...values] as const;
          statements.liveness.run(...all);
          if (history.isDue(row, wallMs)) statements.livenessHistory.run(...all);
        }
      }),
    writeServers: (rows, wallMs) =>
      attempt(() => {
        for (const row of rows) {
          const state = codeOf(serverStates, row.state);
          statements.server.run(wallMs, row.collector, row.host, row.server, state);
        }
      }),
    writeSamples: (rows) =>
      attempt(() => {
        for (const row of rows) {
          const { collector, name, type, unit, volume, resourceId, projectId, source } = row;
          const tags = [name, resourceId, projectId, source, type, unit] as const;
          statements.sample.run(row.wallMs, collector, ...tags, volume);
        }
      }),
    writeWatermark: (watermark, wallMs) =>
      attempt(() => {
        const numbers = watermarkNumbers(watermark);
        const values = watermarkFields.map((field) => numbers[field]);
        statements.watermark.run(wallMs, watermark.collector, ...values);
      }),
    async forgetOld(wallMs) {
      await attempt(() => {
        statements.forgetHistory.run(wallMs - options.historyForMs, forgottenRowsMax);
        statements.forgetServers.run(wallMs - serverForMs, forgottenRowsMax);
        statements.forgetSamples.run(wallMs - options.historyForMs, forgottenRowsMax);
        if (bytesInUse(database) <= options.bytesMax) return;
        // Too large although young: the oldest history goes first, then samples; what the guardian reads stays.
        statements.forgetHistory.run(Number.MAX_VALUE, forgottenRowsMax);
        statements.forgetSamples.run(Number.MAX_VALUE, forgottenRowsMax);
      });
    },
    lines: undefined,
    close: () => database.close(),
  };
}

/** Pages that hold something: a file never shrinks, its free pages are used again. */
function bytesInUse(database: SqliteDatabase): number {
  const number = (pragma: string): number =>
    Number(Object.values(database.prepare(`PRAGMA ${pragma}`).all()[0] ?? {})[0] ?? 0);
  return (number("page_count") - number("freelist_count")) * number("page_size");
}

function createTables(database: SqliteDatabase): void {
  const columns = livenessFields.map((field) => `${field} REAL NOT NULL`).join(", ");
  const tags = "time_ms REAL NOT NULL, collector TEXT NOT NULL, host TEXT NOT NULL";
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${measurements.liveness} (
      ${tags}, path TEXT NOT NULL, ${columns}, PRIMARY KEY (collector, host, path)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${measurements.liveness}_history (
      ${tags}, path TEXT NOT NULL, ${columns});
    CREATE INDEX IF NOT EXISTS history_by_time ON ${measurements.liveness}_history (time_ms);
    CREATE TABLE IF NOT EXISTS ${measurements.watermark} (
      time_ms REAL NOT NULL, collector TEXT NOT NULL PRIMARY KEY,
      ${watermarkFields.map((field) => `${field} REAL NOT NULL`).join(", ")}) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS ${measurements.server} (
      ${tags}, server TEXT NOT NULL, state REAL NOT NULL,
      PRIMARY KEY (collector, server, host)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS server_by_time ON ${measurements.server} (time_ms);
    CREATE TABLE IF NOT EXISTS sample (
      time_ms REAL NOT NULL, collector TEXT NOT NULL, name TEXT NOT NULL, resource_id TEXT NOT NULL,
      project_id TEXT NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL, unit TEXT NOT NULL,
      volume REAL NOT NULL);
    CREATE INDEX IF NOT EXISTS sample_by_time ON sample (time_ms);
    CREATE INDEX IF NOT EXISTS sample_by_meter ON sample (name, resource_id, time_ms);
  `);
  for (const table of [measurements.liveness, `${measurements.liveness}_history`]) {
    addLaterColumns(database, table, livenessFields);
  }
  addLaterColumns(database, measurements.watermark, watermarkFields);
}

/** A file of an earlier release has fewer columns; fields are only ever added at the end. */
function addLaterColumns(database: SqliteDatabase, table: string, fields: readonly string[]): void {
  const rows = database.prepare(`PRAGMA table_info(${table})`).all();
  const known = new Set(rows.map((row) => row["name"]));
  for (const field of fields) {
    if (known.has(field)) continue;
    database.exec(`ALTER TABLE ${table} ADD COLUMN ${field} REAL NOT NULL DEFAULT 0`);
  }
}

function prepareStatements(
  database: SqliteDatabase,
): Record<
  | "liveness"
  | "livenessHistory"
  | "server"
  | "sample"
  | "watermark"
  | "forgetHistory"
  | "forgetServers"
  | "forgetSamples",
  SqliteStatement
> {
  const marks = (count: number): string => Array(count).fill("?").join(", ");
  const history = `${measurements.liveness}_history`;
  return {
    liveness: database.prepare(
      `INSERT OR REPLACE INTO ${measurements.liveness} VALUES (${marks(4 + livenessFields.length)})`,
    ),
    livenessHistory: database.prepare(
      `INSERT INTO ${history} VALUES (${marks(4 + livenessFields.length)})`,
    ),
    server: database.prepare(`INSERT OR REPLACE INTO ${measurements.server} VALUES (${marks(5)})`),
    sample: database.prepare(`INSERT INTO sample VALUES (${marks(9)})`),
    forgetSamples: database.prepare(
      `DELETE FROM sample WHERE rowid IN
       (SELECT rowid FROM sample WHERE time_ms < ? ORDER BY time_ms LIMIT ?)`,
    ),
    watermark: database.prepare(
      `INSERT OR REPLACE INTO ${measurements.watermark} VALUES (${marks(2 + watermarkFields.length)})`,
    ),
    forgetHistory: database.prepare(
      `DELETE FROM ${history} WHERE rowid IN
       (SELECT rowid FROM ${history} WHERE time_ms < ? ORDER BY time_ms LIMIT ?)`,
    ),
    forgetServers: database.prepare(
      `DELETE FROM ${measurements.server} WHERE (collector, server, host) IN
       (SELECT collector, server, host FROM ${measurements.server} WHERE time_ms < ? LIMIT ?)`,
    ),
  };
}

/** Whether a row belongs into the history: something changed, or the last one is old enough. */
function createHistoryFilter(everyMs: number): {
  isDue(row: LivenessRow, wallMs: number): boolean;
} {
  const kept = new Map<string, { readonly wallMs: number; readonly states: string }>();
  return {
    isDue(row, wallMs) {
      const { storage, business, directory, libvirt, notice } = row.checks;
      const states = [storage, business, directory, libvirt, notice, row.bootId].join(" ");
      const key = `${row.host}/${row.path}`;
      const last = kept.get(key);
      if (last !== undefined && last.states === states && wallMs - last.wallMs < everyMs) {
        return false;
      }
      kept.set(key, { wallMs, states });
      return true;
    },
  };
}
