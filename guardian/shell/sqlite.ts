/**
 * Opens SQLite databases (libsql, synchronous): telemetry read-only, the journal exclusively. The
 * only file of the guardian that knows the package; everything else sees the small types below.
 */
import { existsSync } from "node:fs";
import Database from "libsql";

export type SqliteValue = string | number | null;
export type SqliteRow = Readonly<Record<string, unknown>>;

export interface SqliteStatement {
  run(...values: readonly SqliteValue[]): void;
  get(...values: readonly SqliteValue[]): SqliteRow | undefined;
  all(...values: readonly SqliteValue[]): readonly SqliteRow[];
}

export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  /** Runs `work` in one transaction: all of it or, when it throws, nothing. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface OpenDatabaseOptions {
  /** The file must exist, and nothing can be written through this handle. */
  readonly readonly?: boolean;
  /** Nobody else may open the file meanwhile; throws when another process has it. */
  readonly exclusive?: boolean;
  /** How long to wait for another process's lock. */
  readonly timeoutMs: number;
}

/** Opens a database in WAL mode. Throws when it cannot be opened. */
export function openDatabase(path: string, options: OpenDatabaseOptions): SqliteDatabase {
  // The package ignores its readonly option and would create an empty file instead.
  if (options.readonly === true && !existsSync(path)) throw new Error(`${path} does not exist`);
  const database = new Database(path, { timeout: options.timeoutMs });
  try {
    if (options.readonly === true) {
      database.exec("PRAGMA query_only = 1");
    } else {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    }
    if (options.exclusive === true) {
      // After entering WAL, so that `close` can leave it again; the lock itself is only taken at the
      // first write, so write nothing now: a second opener must fail here and not later.
      database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    }
    return adapt(database, options.readonly === true);
  } catch (error) {
    database.close();
    throw error;
  }
}

function adapt(database: Database.Database, readonly: boolean): SqliteDatabase {
  return {
    exec: (sql) => void database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (...values) => void statement.run(...values),
        get: (...values) => statement.get(...values) as SqliteRow | undefined,
        all: (...values) => statement.all(...values) as SqliteRow[],
      };
    },
    transaction: (work) => database.transaction(work)(),
    close() {
      // A prepared statement keeps the connection, and with it the lock, until it is collected.
      try {
        if (!readonly) database.exec("PRAGMA locking_mode = NORMAL; SELECT 1 FROM sqlite_schema");
      } finally {
        database.close();
      }
    },
  };
}
