/** The journal through kills, second openers, old age and full disks. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { openJournal } from "../../guardian/shell/journal.ts";
import { openDatabase } from "../../guardian/shell/sqlite.ts";
import type { JournalEntry } from "../../guardian/ports.ts";
import { systemClock, type Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import { monoMs, wallMs } from "../../shared/time.ts";

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "journal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "journal.db");
}

function entry(kind: JournalEntry["kind"], body: string, at = 1): JournalEntry {
  return { monoMs: at, wallMs: at, kind, body };
}

function count(path: string, where = "1=1"): number {
  const database = openDatabase(path);
  try {
    return Number(
      database.prepare(`SELECT COUNT(*) AS n FROM entries WHERE ${where}`).all()[0]?.["n"],
    );
  } finally {
    database.close();
  }
}

function stateOf(name: string): string {
  return JSON.stringify({ version: 1, name });
}

test("each start is a new epoch, sees the last state and the starts before it", (t) => {
  const path = place(t);
  const first = openJournal({ path, clock: systemClock });
  assert.deepEqual([first.epoch, first.lastState, first.starts.length], [1, undefined, 1]);
  first.saveState(stateOf("a"), [entry("intent", "{}")]);
  first.append([entry("intent", "off"), entry("intent", "{}")]);
  first.saveState(stateOf("b"), []);
  first.append([entry("state", stateOf("c"))]);
  first.close();
  const second = openJournal({ path, clock: systemClock });
  assert.deepEqual([second.epoch, second.lastState, second.starts.length], [2, stateOf("c"), 2]);
  second.close();
  assert.equal(count(path), 3);
});

test("kill -9 in the middle of writing loses nothing that append returned for", async (t) => {
  const path = place(t);
  const script = join(dirname(fileURLToPath(import.meta.url)), "../support/journal-writer.js");
  for (let round = 0; round < 3; round += 1) {
    const writer = spawn(process.execPath, [script, path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    await new Promise<void>((resolve) => {
      writer.stdout.on("data", (chunk: Buffer) => {
        printed += chunk.toString("utf8");
        if (printed.split("\n").length > 60 + round * 17) writer.kill("SIGKILL");
      });
      writer.on("close", () => resolve());
    });
    const safe = Number(printed.trimEnd().split("\n").at(-1));
    assert.ok(safe >= 60, `the writer got going: ${safe}`);
    assert.ok(
      count(path, `epoch = ${round + 1}`) >= safe,
      "every entry that was reported is there",
    );
  }
  const journal = openJournal({ path, clock: systemClock });
  assert.equal(journal.epoch, 4);
  assert.match(journal.lastState ?? "", /^\{"version":1,"n":\d+\}$/);
  journal.close();
});

test("a second guardian is refused while the first lives, in words", (t) => {
  const path = place(t);
  const first = openJournal({ path, clock: systemClock, processId: 4711 });
  assert.throws(
    () => openJournal({ path, clock: systemClock }),
    (error) =>
      /another guardian \(pid 4711, since 20.*\) holds the journal/.test(describeError(error)),
  );
  first.append([entry("intent", "still mine")]);
  first.close();
  openJournal({ path, clock: systemClock }).close();
});

test("a journal of a newer guardian is refused and left alone", (t) => {
  const path = place(t);
  const database = openDatabase(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.throws(() => openJournal({ path, clock: systemClock }), /version 99.*newer guardian/);
});

test("old intents go, and their number has a limit", (t) => {
  const path = place(t);
  let now = 1_000_000;
  const clock: Clock = { monoMs: () => monoMs(now), wallMs: () => wallMs(now) };
  const journal = openJournal({ path, clock, keepMs: 1000, entriesMax: 1500 });
  const many = (n: number): JournalEntry[] =>
    Array.from({ length: n }, () => entry("intent", "x", now));
  journal.append(many(400));
  now += 2000;
  journal.append(many(700));
  now += 4000;
  journal.append(many(1000));
  journal.close();
  assert.equal(count(path, "wall_ms = 1000000"), 0);
  assert.ok(count(path) <= 1700, `bounded: ${count(path)}`);
});

test("a journal that cannot be written throws", { skip: process.getuid?.() !== 0 }, (t) => {
  const path = place(t);
  const journal = openJournal({ path, clock: systemClock });
  journal.close();
  assert.throws(() => journal.append([entry("intent", "x")]), /cannot be written/);
  chmodSync(path, 0o600);
  const folder = `${path}-is-a-folder/journal.db`;
  assert.throws(() => openJournal({ path: folder, clock: systemClock }), /cannot be opened/);
});
