/** Opens the telemetry database for writing (libsql, synchronous). Knows the package, nothing else. */
import Database from "libsql";

export type SqliteValue = string | number;

export interface SqliteStatement {
  run(...values: readonly SqliteValue[]): void;
  all(): readonly Readonly<Record<string, unknown>>[];
}

export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  transaction(work: () => void): void;
  close(): void;
}

/** Opens or creates a database in WAL mode, so that a reader never waits for us nor we for it. */
export function openDatabase(path: string, timeoutMs: number): SqliteDatabase {
  const database = new Database(path, { timeout: timeoutMs });
  database.exec("PRAGMA journal_mode = WAL");
  // A crash of the machine may lose the last second of telemetry, which is stale by then anyway.
  database.exec("PRAGMA synchronous = NORMAL");
  return {
    exec: (sql) => void database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (...values) => void statement.run(...values),
        all: () => statement.all() as Readonly<Record<string, unknown>>[],
      };
    },
    transaction: (work) => database.transaction(work)(),
    close: () => void database.close(),
  };
}
