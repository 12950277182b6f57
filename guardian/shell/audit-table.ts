/**
 * What people had done: who, what, why, and what came of it; one row before it is done, completed
 * afterwards, so that a crash in between is seen. The row also keeps the answer for a while, for who asks
 * again with the same Idempotency-Key. In the journal's file; bounded.
 */
import { textIn } from "./json.ts";
import type { Database } from "./sqlite.ts";

export interface AuditEntry {
  readonly wallMs: number;
  readonly by: string;
  readonly role: string;
  /** "incident approve". */
  readonly action: string;
  /** Whom it is about: a host, an incident, a server; "" for the guardian itself. */
  readonly target: string;
  readonly reason: string;
}

export interface AuditRow extends AuditEntry {
  readonly id: number;
  /** As HTTP has it; 0: begun, and its end is not known. */
  readonly status: number;
  readonly result: string;
}

/** A request that may be sent again: by whom under which key, and what it said. */
export interface Repeatable {
  readonly key: string;
  readonly request: string;
}

export interface Kept {
  readonly request: string;
  readonly status: number;
  /** Undefined: it was not kept. */
  readonly reply: string | undefined;
}

export interface AuditLog {
  /** Returns the row's id. Throws when it cannot be written. */
  begin(entry: AuditEntry, repeatable?: Repeatable): number;
  end(id: number, status: number, result: string, reply?: string): void;
  /** What was done under a key since then. */
  kept(key: string, sinceWallMs: number): Kept | undefined;
  /** Newest first; `target` "" is everybody. */
  list(options: {
    readonly before: number;
    readonly limit: number;
    readonly target: string;
  }): readonly AuditRow[];
}

export const auditSchema = `
  CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY, wall_ms INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL,
    action TEXT NOT NULL, target TEXT NOT NULL, reason TEXT NOT NULL, status INTEGER NOT NULL,
    result TEXT NOT NULL, repeat_key TEXT, request TEXT, reply TEXT);
  CREATE INDEX IF NOT EXISTS audit_by_key ON audit (repeat_key) WHERE repeat_key IS NOT NULL;
`;

const rowsByDefault = 100_000;

export function createAuditLog(database: Database, rowsMax = rowsByDefault): AuditLog {
  database.exec(auditSchema);
  const insert = database.prepare(
    `INSERT INTO audit (wall_ms, who, role, action, target, reason, status, result, repeat_key,
     request) VALUES (?, ?, ?, ?, ?, ?, 0, '', ?, ?)`,
  );
  const newest = database.prepare("SELECT MAX(id) AS id FROM audit");
  const complete = database.prepare("UPDATE audit SET status=?, result=?, reply=? WHERE id=?");
  const forget = database.prepare("DELETE FROM audit WHERE id <= ?");
  const byKey = database.prepare(
    `SELECT request, status, reply FROM audit WHERE repeat_key=? AND wall_ms >= ?
     ORDER BY id DESC LIMIT 1`,
  );
  const columns = "id, wall_ms, who, role, action, target, reason, status, result";
  const all = database.prepare(
    `SELECT ${columns} FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?`,
  );
  const some = database.prepare(
    `SELECT ${columns} FROM audit WHERE id < ? AND target=? ORDER BY id DESC LIMIT ?`,
  );
  return {
    begin: ({ wallMs, by, role, action, target, reason }, repeatable) =>
      database.transaction(() => {
        const { key = null, request = null } = repeatable ?? {};
        insert.run(Math.round(wallMs), by, role, action, target, reason, key, request);
        const id = Number(newest.all()[0]?.["id"]);
        forget.run(id - rowsMax);
        return id;
      }),
    end: (id, status, result, reply) => complete.run(status, result, reply ?? null, id),
    kept(key, sinceWallMs) {
      const row = byKey.all(key, Math.round(sinceWallMs))[0];
      if (row === undefined) return undefined;
      const { request, status, reply } = row;
      return {
        request: textIn(request),
        status: Number(status),
        reply: typeof reply === "string" ? reply : undefined,
      };
    },
    list: ({ before, limit, target }) =>
      (target === "" ? all.all(before, limit) : some.all(before, target, limit)).map((row) => ({
        id: Number(row["id"]),
        wallMs: Number(row["wall_ms"]),
        by: textIn(row["who"]),
        role: textIn(row["role"]),
        action: textIn(row["action"]),
        target: textIn(row["target"]),
        reason: textIn(row["reason"]),
        status: Number(row["status"]),
        result: textIn(row["result"]),
      })),
  };
}
