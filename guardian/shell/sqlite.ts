/** The one door to libsql: opening a SQLite file, with the few calls we use, typed. */
import { existsSync } from "node:fs";
import Libsql from "libsql";

/** Bytes go in as an Uint8Array and come out as an ArrayBuffer. */
export type SqlValue = string | number | bigint | null | Uint8Array | ArrayBuffer;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Statement {
  run(...values: readonly SqlValue[]): void;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  /** Runs `work` in one transaction; an exception rolls it back. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface OpenOptions {
  readonly readonly?: boolean;
  /** Nobody else may open the file while we have it; throws SQLITE_BUSY when somebody has. */
  readonly exclusive?: boolean;
  /** How long to wait for another process's lock. */
  readonly timeoutMs?: number;
}

/** Opens or creates a database file. Throws what SQLite throws. */
export function openDatabase(path: string, options: OpenOptions = {}): Database {
  // The package ignores its own readonly option and would create an empty file instead.
  if (options.readonly === true && !existsSync(path)) throw new Error(`${path} does not exist`);
  const native = new Libsql(path, { timeout: options.timeoutMs ?? 0 } as Libsql.Options);
  const exec = (sql: string): void => void native.exec(sql);
  try {
    if (options.readonly === true) exec("PRAGMA query_only=ON");
    // The lock is taken by the first write and then kept until the process ends, however it ends.
    if (options.exclusive === true) exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  } catch (error) {
    // Its lock would keep ourselves out at the next try.
    closeAll(native, exec, options);
    throw error;
  }
  return {
    exec,
    prepare: (sql) => {
      const statement = native.prepare(sql);
      return {
        // As one list: the package aborts the process when its first argument holds bytes.
        run: (...values) => void statement.run(values),
        all: (...values) => statement.all(...values) as readonly SqlRow[],
      };
    },
    transaction: (work) => {
      // A reader takes no lock that a writer would have to wait for.
      exec(options.readonly === true ? "BEGIN" : "BEGIN IMMEDIATE");
      try {
        const result = work();
        exec("COMMIT");
        return result;
      } catch (error) {
        // A full disk may have ended the transaction by itself.
        if (native.inTransaction) exec("ROLLBACK");
        throw error;
      }
    },
    close: () => closeAll(native, exec, options),
  };
}

/** Never throws: what cannot be read any more is closed all the same. */
function closeAll(
  native: Libsql.Database,
  exec: (sql: string) => void,
  { exclusive }: OpenOptions,
): void {
  try {
    if (exclusive === true) {
      // libsql keeps the file, and its lock, until the last statement is collected as garbage.
      exec("PRAGMA locking_mode=NORMAL");
      native.prepare("SELECT COUNT(*) FROM sqlite_master").get();
    }
  } catch {
    // A broken file, or one that another process holds.
  } finally {
    native.close();
  }
}
