/**
 * The guardian's own memory in one SQLite file: what it saw, what it was about to order, and its
 * newest state. Opened exclusively: a second guardian on the same journal must not even start. What
 * `append` returned for survives the process being killed at any instant, and a power cut.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import { emptyMemory } from "../core/memory.ts";
import type { Journal, JournalEntry } from "../ports.ts";
import { asRecord, numberOf, parseJson, textOf } from "./json.ts";
import {
  createRecordingReader,
  createRecordingWriter,
  recordingSchema,
} from "./recording-table.ts";
import { createAuditLog, type AuditLog } from "./audit-table.ts";
import { openDatabase, type Database } from "./sqlite.ts";

export interface JournalOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Recorded inputs older than this are dropped; intents are kept five times as long. */
  readonly keepMs?: number;
  /** And the oldest recorded inputs beyond so many bytes. */
  readonly recordingBytesMax?: number;
  /** At most this many entries are kept, oldest dropped first. */
  readonly entriesMax?: number;
  /** Our process id, for the sentence that the next one reads. */
  readonly processId?: number;
}

/** Version of the tables below, in `user_version`. A newer file is refused, never reinterpreted. */
const schemaVersion = 1;
const startsShown = 10;
const keepMsByDefault = 86_400_000;
/** Pruning happens after so many appended entries, and removes at most this many at a time. */
const pruneEvery = 1000;
const pruneChunk = 5000;

const schema = `
  CREATE TABLE IF NOT EXISTS starts (epoch INTEGER PRIMARY KEY, wall_ms INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS state (
    id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, mono_ms REAL NOT NULL, wall_ms INTEGER NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL);
  ${recordingSchema}
  PRAGMA user_version = ${schemaVersion};
`;

/** The journal, and what people had done beside it in the same file. */
export interface OpenJournal extends Journal {
  readonly audit: AuditLog;
}

/** Another process has it open. */
export class JournalHeldError extends Error {
  /** By the file beside it; undefined when that does not say. */
  readonly processId: number | undefined;
  constructor(message: string, processId: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.processId = processId;
  }
}

/** Opens the journal and begins a new epoch. Throws with a sentence for people when it cannot, and counts no start then. */
export function openJournal(options: JournalOptions): OpenJournal {
  const { path, clock, processId = process.pid } = options;
  const database = openOwn(path);
  try {
    refuseNewer(database, path);
    // FULL: a commit has reached the disk when it returns, also when the machine loses power.
    database.exec("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL");
    database.exec(schema);
    const nowMs = clock.wallMs();
    const lastState = database.prepare("SELECT body FROM state").all()[0]?.["body"];
    refuseUnreadable(lastState, path);
    writeHolder(path, processId, nowMs);
    const known = typeof lastState === "string" ? lastState : undefined;
    // All of it or no start: one that failed would count towards those that begin disarmed.
    return database.transaction(() =>
      createJournal(options, database, begin(database, nowMs, known)),
    );
  } catch (error) {
    database.close();
    throw isOurs(error)
      ? error
      : new Error(`the journal ${path} cannot be opened`, { cause: error });
  }
}

/** A new epoch. */
function begin(
  database: Database,
  nowMs: number,
  lastState: string | undefined,
): Pick<Journal, "epoch" | "lastState" | "starts" | "began"> {
  database.prepare("INSERT INTO starts (wall_ms) VALUES (?)").run(nowMs);
  const newest = database
    .prepare("SELECT epoch, wall_ms FROM starts ORDER BY epoch DESC LIMIT ?")
    .all(startsShown);
  const [first] = database.prepare("SELECT wall_ms FROM starts ORDER BY epoch LIMIT 1").all();
  return {
    epoch: Number(newest[0]?.["epoch"]),
    lastState,
    starts: newest.map((row) => Number(row["wall_ms"])).reverse(),
    began: Number(first?.["wall_ms"]),
  };
}

/** It names the journal already. */
function isOurs(error: unknown): boolean {
  return describeError(error).startsWith("the journal ");
}

/** A memory that is not read would be one in which nobody is fenced and nothing is held. */
function refuseUnreadable(lastState: unknown, path: string): void {
  if (lastState === undefined) return;
  const version = numberOf(asRecord(parseJson(textOf(lastState) ?? ""))["version"]);
  if (version === emptyMemory.version) return;
  const found = version === undefined ? "none that can be read" : `of version ${version}`;
  throw new Error(
    `the journal ${path} holds a memory, but ${found}; this guardian knows ${emptyMemory.version}: put back a copy of it, or the guardian that wrote it`,
  );
}

function createJournal(
  options: JournalOptions,
  database: Database,
  begun: Pick<Journal, "epoch" | "lastState" | "starts" | "began">,
): OpenJournal {
  const insert = database.prepare(
    "INSERT INTO entries (epoch, mono_ms, wall_ms, kind, body) VALUES (?, ?, ?, ?, ?)",
  );
  const replace = database.prepare(
    "INSERT OR REPLACE INTO state (id, epoch, body) VALUES (1, ?, ?)",
  );
  const { keepMs = keepMsByDefault, recordingBytesMax: bytesMax = 1e9 } = options;
  const writeChunks = createRecordingWriter(database, begun.epoch, { keepMs, bytesMax });
  let sincePruned = 0;

  function write(entries: readonly JournalEntry[]): void {
    for (const { monoMs, wallMs, kind, body } of entries) {
      if (kind === "state") replace.run(begun.epoch, body);
      else insert.run(begun.epoch, monoMs, Math.round(wallMs), kind, body);
    }
    sincePruned += entries.length;
    if (sincePruned < pruneEvery) return;
    sincePruned = 0;
    prune(options, database);
  }

  function guarded(work: () => void): void {
    try {
      database.transaction(work);
    } catch (error) {
      throw new Error(`the journal ${options.path} cannot be written`, { cause: error });
    }
  }

  return {
    ...begun,
    append: (entries) => guarded(() => write(entries)),
    saveState: (state, entries) =>
      guarded(() => {
        replace.run(begun.epoch, state);
        write(entries);
      }),
    record: (chunks) => guarded(() => writeChunks(chunks, options.clock.wallMs())),
    recording: createRecordingReader(database),
    audit: createAuditLog(database),
    close: () => database.close(),
  };
}

/** Drops what is old, a bounded piece at a time, so that no round waits long for it. */
function prune(options: JournalOptions, database: Database): void {
  const { keepMs = keepMsByDefault, entriesMax = 2_000_000, clock } = options;
  const nowMs = clock.wallMs();
  const newest = Number(
    database.prepare("SELECT MAX(id) AS id FROM entries").all()[0]?.["id"] ?? 0,
  );
  // By id from the oldest on: a wall clock that was once wrong can delay pruning, not empty the file.
  database
    .prepare(
      `DELETE FROM entries WHERE id IN (SELECT id FROM entries ORDER BY id LIMIT ${pruneChunk})
       AND (id <= ? OR wall_ms < (CASE kind WHEN 'intent' THEN ? ELSE ? END))`,
    )
    .run(newest - entriesMax, Math.round(nowMs - 5 * keepMs), Math.round(nowMs - keepMs));
}

function openOwn(path: string): Database {
  try {
    return openDatabase(path, { exclusive: true });
  } catch (error) {
    if (/locked|SQLITE_BUSY/i.test(describeError(error))) {
      const holder = readHolder(path);
      const who =
        holder === undefined ? "" : ` (pid ${holder.pid ?? "?"}, since ${holder.since ?? "?"})`;
      const says = `another guardian${who} holds the journal ${path}`;
      throw new JournalHeldError(says, holder?.pid, error);
    }
    throw new Error(`the journal ${path} cannot be opened`, { cause: error });
  }
}

function refuseNewer(database: Database, path: string): void {
  const version = Number(database.prepare("PRAGMA user_version").all()[0]?.["user_version"] ?? 0);
  if (version <= schemaVersion) return;
  throw new Error(
    `the journal ${path} is of version ${version}, this guardian knows up to ${schemaVersion}: it was written by a newer guardian`,
  );
}

/** Who holds the journal, beside it: the file itself cannot be read while it is held. */
function writeHolder(path: string, processId: number, wallMs: number): void {
  const since = new Date(wallMs).toISOString();
  writeFileSync(`${path}.holder`, `${JSON.stringify({ pid: processId, since })}\n`, {
    mode: 0o600,
  });
}

function readHolder(
  path: string,
): { readonly pid: number | undefined; readonly since: string | undefined } | undefined {
  try {
    const holder = asRecord(parseJson(readFileSync(`${path}.holder`, "utf8")));
    return { pid: numberOf(holder["pid"]), since: textOf(holder["since"]) };
  } catch {
    return undefined;
  }
}
