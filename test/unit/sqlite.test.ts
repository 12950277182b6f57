import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openDatabase } from "../../guardian/shell/sqlite.ts";

function fileFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "guardian-sqlite-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "test.db");
}

test("rows come back with their types; a transaction that throws leaves nothing", (t) => {
  const database = openDatabase(fileFor(t), { timeoutMs: 100 });
  database.exec("CREATE TABLE things (name TEXT, size REAL, note TEXT)");
  const insert = database.prepare("INSERT INTO things VALUES (?, ?, ?)");
  insert.run("one", 1.5, null);
  assert.throws(() =>
    database.transaction(() => {
      insert.run("two", 2, null);
      throw new Error("no");
    }),
  );
  const rows = database.prepare("SELECT * FROM things").all();
  assert.deepEqual(
    rows.map((row) => [row["name"], row["size"], row["note"]]),
    [["one", 1.5, null]],
  );
  assert.deepEqual(database.prepare("SELECT * FROM things WHERE name = ?").all("two"), []);
  database.close();
});

test("a read-only handle cannot write, and does not create a file", (t) => {
  const file = fileFor(t);
  assert.throws(() => openDatabase(file, { readonly: true, timeoutMs: 100 }), /does not exist/);
  const writer = openDatabase(file, { timeoutMs: 100 });
  writer.exec("CREATE TABLE things (name TEXT)");
  const reader = openDatabase(file, { readonly: true, timeoutMs: 100 });
  assert.throws(() => reader.exec("INSERT INTO things VALUES ('x')"), /readonly|query_only/i);
  writer.exec("INSERT INTO things VALUES ('y')");
  assert.equal(reader.prepare("SELECT * FROM things").all().length, 1);
  reader.close();
  writer.close();
});

test("an exclusive database refuses a second opener until it is closed", (t) => {
  const file = fileFor(t);
  const first = openDatabase(file, { exclusive: true, timeoutMs: 100 });
  first.exec("CREATE TABLE things (name TEXT)");
  assert.throws(() => openDatabase(file, { exclusive: true, timeoutMs: 100 }), /locked|busy/i);
  first.close();
  openDatabase(file, { exclusive: true, timeoutMs: 100 }).close();
});
