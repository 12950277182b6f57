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
    if (options.exclusive === true) {
      database.exec("PRAGMA locking_mode = EXCLUSIVE");
    }
    if (options.readonly === true) {
      database.exec("PRAGMA query_only = 1");
    } else {
      database.prepare("PRAGMA journal_mode = WAL").get();
      database.exec("PRAGMA synchronous = FULL");
    }
    // The lock is only taken at the first write; take it now, so that a second opener fails here.
    if (options.exclusive === true) database.exec("BEGIN EXCLUSIVE; COMMIT");
    return adapt(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function adapt(database: Database.Database): SqliteDatabase {
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
    close: () => void database.close(),
  };
}
