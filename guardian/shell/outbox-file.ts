/**
 * What the dispatcher must not forget, in one SQLite file beside the journal: messages that wait, what each
 * channel was told, silences. What `save` returned for survives a kill at any instant, and a power cut.
 */
import { renameSync } from "node:fs";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { isKeptEntry, type KeptChanges, type KeptEntry } from "../dispatch/kept.ts";
import { textOf } from "./json.ts";
import { openDatabase, type Database } from "./sqlite.ts";

export interface OutboxFile {
  readonly entries: readonly KeptEntry[];
  /** One synced transaction. Throws when it cannot be written. */
  save(changes: KeptChanges): void;
  close(): void;
}

const schemaVersion = 1;
const schema = `
  CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

/**
 * Opens or creates it. People must be told of alerts whatever became of this file: one that is damaged is set
 * aside, and where none can be opened at all nothing is kept, which `save` then says each time.
 */
export function openOutboxFile(path: string, log: Logger, wallMs: number): OutboxFile {
  try {
    return opened(path);
  } catch (error) {
    const reason = describeError(error);
    log.error({ event: "outbox-unreadable", path, reason }, "the outbox cannot be read");
    return isDamaged(reason) ? replaced(path, log, wallMs, reason) : unkept(path, reason);
  }
}

function isDamaged(reason: string): boolean {
  return /malformed|not a database|corrupt|JSON/i.test(reason);
}

function replaced(path: string, log: Logger, wallMs: number, reason: string): OutboxFile {
  try {
    renameSync(path, `${path}.damaged-${wallMs}`);
    log.error({ event: "outbox-replaced", path, reason }, "a new outbox was begun");
    return opened(path);
  } catch (error) {
    return unkept(path, describeError(error));
  }
}

function unkept(path: string, reason: string): OutboxFile {
  return {
    entries: [],
    save: () => {
      throw new Error(`the outbox ${path} cannot be opened: ${reason}; restart once it is mended`);
    },
    close: () => undefined,
  };
}

function opened(path: string): OutboxFile {
  const database = openDatabase(path, { exclusive: true });
  try {
    return prepared(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepared(database: Database, path: string): OutboxFile {
  const version = Number(database.prepare("PRAGMA user_version").all()[0]?.["user_version"] ?? 0);
  if (version > schemaVersion) {
    throw new Error(
      `the outbox ${path} is of version ${version}, this guardian knows up to ${schemaVersion}`,
    );
  }
  database.exec("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL");
  database.exec(schema);
  const entries = database
    .prepare("SELECT key, body FROM kept")
    .all()
    .map((row) => ({ key: textOf(row["key"]) ?? "", body: textOf(row["body"]) ?? "" }));
  const strange = entries.find((one) => !isKeptEntry(one));
  if (strange !== undefined) {
    throw new Error(`the outbox ${path} holds what no guardian wrote: ${strange.key}`);
  }
  const set = database.prepare("INSERT OR REPLACE INTO kept (key, body) VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM kept WHERE key = ?");
  return {
    entries,
    save: (changes) => {
      try {
        database.transaction(() => {
          for (const { key, body } of changes.set) set.run(key, body);
          for (const key of changes.gone) remove.run(key);
        });
      } catch (error) {
        throw new Error(`the outbox ${path} cannot be written`, { cause: error });
      }
    },
    close: () => database.close(),
  };
}
