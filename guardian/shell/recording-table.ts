/**
 * The recording in the journal's file: a table of pieces, capped by age and by size, oldest dropped
 * first. Written by the guardian that holds the journal; read by it, or from a copy of the file.
 */
import { inflateRawSync } from "node:zlib";
import type {
  RecordedChunk,
  RecordedIncident,
  RecordedStart,
  Recording,
  StoredChunk,
} from "../ports.ts";
import { asRecord, numberOf, parseJson, textOf } from "./json.ts";
import type { Database, SqlRow } from "./sqlite.ts";

export interface RecordingCaps {
  readonly keepMs: number;
  readonly bytesMax: number;
}

/** Dropped at most this many pieces at a time, so that no round waits long for it. */
const pruneChunk = 500;
/** Pieces read at a time. */
const readChunk = 32;
/** A replay begins with the newest snapshot that is this much older than its incident. */
const leadMs = 120_000;

export const recordingSchema = `
  CREATE TABLE IF NOT EXISTS recording (
    id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, kind TEXT NOT NULL, sequence INTEGER NOT NULL,
    part INTEGER NOT NULL, count INTEGER NOT NULL, mono_ms REAL NOT NULL, wall_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE INDEX IF NOT EXISTS recording_pieces
    ON recording (kind, epoch, sequence, part, count, mono_ms, wall_ms, bytes);
`;

/** Writes pieces inside the caller's transaction and keeps the table within its caps. */
export function createRecordingWriter(
  database: Database,
  epoch: number,
  caps: RecordingCaps,
): (chunks: readonly RecordedChunk[], nowWallMs: number) => void {
  const insert = database.prepare(
    `INSERT INTO recording (epoch, kind, sequence, part, count, mono_ms, wall_ms, bytes, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const oldest = database.prepare(
    `SELECT id, wall_ms, bytes FROM recording ORDER BY id LIMIT ${pruneChunk}`,
  );
  const drop = database.prepare("DELETE FROM recording WHERE id <= ?");
  // Counted once, then kept: adding up a large table takes longer than a round may.
  let bytes = Number(
    database.prepare("SELECT SUM(bytes) AS n FROM recording").all()[0]?.["n"] ?? 0,
  );
  let written = 0;

  /** By id from the oldest on: a wall clock that was once wrong delays pruning, no more. */
  function prune(nowWallMs: number): void {
    let upTo: number | undefined;
    for (const row of oldest.all()) {
      const old = Number(row["wall_ms"]) < nowWallMs - caps.keepMs;
      if (!old && bytes <= caps.bytesMax) break;
      bytes -= Number(row["bytes"]);
      upTo = Number(row["id"]);
    }
    if (upTo !== undefined) drop.run(upTo);
  }

  return (chunks, nowWallMs) => {
    for (const { kind, sequence, part, count, monoMs, wallMs, body } of chunks) {
      const size = body.byteLength;
      insert.run(epoch, kind, sequence, part, count, monoMs, Math.round(wallMs), size, body);
      bytes += size;
      written += 1;
    }
    if (written < 100 && bytes <= caps.bytesMax) return;
    written = 0;
    prune(nowWallMs);
  };
}

/** Reads the recording of an open journal, our own or a copy. */
export function createRecordingReader(database: Database): Recording {
  const marks = database.prepare("SELECT * FROM recording WHERE kind = 'incident' ORDER BY id");
  const following = database.prepare(
    `SELECT * FROM recording WHERE id > ? ORDER BY id LIMIT ${readChunk}`,
  );
  const totals = database.prepare(
    `SELECT SUM(bytes) AS bytes, SUM(CASE kind WHEN 'inputs' THEN count ELSE 0 END) AS inputs,
     MIN(wall_ms) AS first, MAX(wall_ms) AS last FROM recording`,
  );

  const heads = database.prepare(
    `SELECT * FROM recording WHERE id =
     (SELECT MAX(id) FROM recording WHERE kind = 'snapshot' AND part = 0)`,
  );

  function markOf(row: SqlRow): Mark {
    const body = asRecord(parseJson(inflated(row)));
    const { id, epoch, sequence, monoMs, wallMs } = chunkOf(row);
    const [incident, host] = [textOf(body["id"]) ?? "", textOf(body["host"]) ?? ""];
    return { id, epoch, sequence, monoMs, wallMs, incident, host, opened: body["opened"] === true };
  }

  return {
    size() {
      const row = totals.all()[0] ?? {};
      const [head] = heads.all();
      const line = head === undefined ? "" : (inflated(head).split("\n", 1)[0] ?? "");
      return {
        bytes: Number(row["bytes"] ?? 0),
        hosts: numberOf(asRecord(parseJson(line))["hosts"]) ?? 0,
        inputs: Number(row["inputs"] ?? 0),
        fromWallMs: Number(row["first"] ?? 0),
        toWallMs: Number(row["last"] ?? 0),
      };
    },
    incidents: () => incidentsOf(marks.all().map(markOf)),
    startOf(incident) {
      const all = marks.all().map(markOf);
      const opened = all.find((mark) => mark.opened && mark.incident === incident);
      return opened === undefined ? undefined : startOf(database, opened);
    },
    after: (id) => following.all(id).map(chunkOf),
  };
}

interface Mark {
  readonly id: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly monoMs: number;
  readonly wallMs: number;
  readonly incident: string;
  readonly host: string;
  readonly opened: boolean;
}

/** After a restart an incident that was open is marked again: the first time counts. */
function incidentsOf(marks: readonly Mark[]): readonly RecordedIncident[] {
  const found = new Map<string, RecordedIncident>();
  for (const { incident, host, opened, wallMs } of marks) {
    const known = found.get(incident);
    if (known === undefined) {
      const closedWallMs = opened ? undefined : wallMs;
      found.set(incident, { incident, host, openedWallMs: wallMs, closedWallMs });
    } else found.set(incident, { ...known, closedWallMs: opened ? undefined : wallMs });
  }
  return [...found.values()];
}

/** From a whole snapshot before the incident, with time to spare where there is one. */
function startOf(database: Database, opened: Mark): RecordedStart | undefined {
  const snapshots = database
    .prepare(
      `SELECT sequence, MIN(mono_ms) AS mono_ms FROM recording
       WHERE kind = 'snapshot' AND epoch = ? AND sequence <= ?
       GROUP BY sequence HAVING COUNT(*) = MAX(count) ORDER BY sequence`,
    )
    .all(opened.epoch, opened.sequence);
  const early = snapshots.findLast((row) => Number(row["mono_ms"]) <= opened.monoMs - leadMs);
  const sequence = (early ?? snapshots[0])?.["sequence"];
  if (sequence === undefined) return undefined;
  const first = database
    .prepare(
      "SELECT MIN(id) AS id FROM recording WHERE kind = 'inputs' AND epoch = ? AND sequence = ?",
    )
    .all(opened.epoch, sequence)[0]?.["id"];
  if (typeof first !== "number") return undefined;
  return { after: first - 1, openedMonoMs: opened.monoMs, openedWallMs: opened.wallMs };
}

function inflated(row: SqlRow): string {
  return inflateRawSync(new Uint8Array(row["body"] as ArrayBuffer)).toString("utf8");
}

function chunkOf(row: SqlRow): StoredChunk {
  const number = (name: string): number => Number(row[name]);
  return {
    id: number("id"),
    epoch: number("epoch"),
    kind: row["kind"] as StoredChunk["kind"],
    sequence: number("sequence"),
    part: number("part"),
    count: number("count"),
    monoMs: number("mono_ms"),
    wallMs: number("wall_ms"),
    body: new Uint8Array(row["body"] as ArrayBuffer),
  };
}
