/** A guardian whose journal does not open: it decides nothing, tells people itself, and goes on once it opens. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { AlertMessage, Delivery, Notifier } from "../../guardian/ports.ts";
import { awaitJournal, type AwaitedJournalOptions } from "../../guardian/shell/awaited-journal.ts";
import { JournalHeldError, openJournal, type OpenJournal } from "../../guardian/shell/journal.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "awaited-journal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function waiting(open: () => OpenJournal, extra: Partial<AwaitedJournalOptions> = {}) {
  const sent: AlertMessage[] = [];
  const answers: Delivery[] = [];
  const pager: Notifier = {
    name: "pager",
    send: (message) => {
      sent.push(message);
      return Promise.resolve(answers.shift() ?? { kind: "delivered" });
    },
  };
  const hung: Notifier = { name: "broken", send: () => Promise.reject(new Error("no way")) };
  const stopping = new AbortController();
  const journal = awaitJournal({
    open,
    channels: [pager, hung],
    cloud: "lab",
    language: "en",
    repeatPageMs: 60_000,
    clock: systemClock,
    log: silentLogger,
    signal: stopping.signal,
    tryEveryMs: 5,
    tellAfterMs: 20,
    ...extra,
  });
  return { sent, answers, stopping, journal };
}

test("a journal that opens at once, or soon, is told to nobody", async (t) => {
  const path = join(folderOf(t), "journal.db");
  let tries = 0;
  const { sent, journal } = waiting(
    () => {
      tries += 1;
      if (tries < 3) throw new Error("not mounted yet");
      return openJournal({ path, clock: systemClock });
    },
    { tellAfterMs: 60_000 },
  );
  const opened = await journal;
  assert.equal(opened?.epoch, 1, "what did not open counts as no start");
  opened.close();
  assert.deepEqual(sent, []);
});

test("one that does not open is a page with its reason, once, and its end when it does", async (t) => {
  const path = join(folderOf(t), "away", "journal.db");
  let file = path;
  const { sent, journal } = waiting(() => openJournal({ path: file, clock: systemClock }));
  await sleep(200);
  assert.deepEqual(
    sent.map(({ class: kind, status, kind: what }) => [kind, status, what]),
    [["page", "firing", "journal"]],
  );
  assert.match(sent[0]?.why[0] ?? "", /^the journal \S+away\/journal\.db cannot be opened: /);
  assert.match(sent[0]?.title ?? "", /no host is guarded/);
  file = join(path, "..", "..", "journal.db");
  const opened = await journal;
  assert.ok(opened !== undefined);
  opened.close();
  assert.deepEqual(
    sent.map(({ status }) => status),
    ["firing", "resolved"],
  );
  assert.equal(new Set(sent.map(({ dedupKey }) => dedupKey)).size, 1);
});

test("a page that no channel took is sent again soon, one that was taken after repeatPage", async () => {
  const failed: Delivery = { kind: "undelivered", retryable: true, reason: "503" };
  const never = (): never => {
    throw new Error("EIO");
  };
  const refused = waiting(never);
  refused.answers.push(failed, failed);
  const repeated = waiting(never, { repeatPageMs: 30 });
  await sleep(300);
  assert.equal(refused.sent.length, 3);
  assert.ok(repeated.sent.length >= 4, `${repeated.sent.length} pages`);
  for (const { stopping } of [refused, repeated]) stopping.abort();
  assert.deepEqual(await Promise.all([refused.journal, repeated.journal]), [undefined, undefined]);
});

test("one that another guardian holds ends the start: that one guards", async () => {
  const { sent, journal } = waiting(() => {
    throw new JournalHeldError("another guardian (pid 7) holds the journal");
  });
  await assert.rejects(journal, /pid 7/);
  assert.deepEqual(sent, []);
});

test("a memory that cannot be read is no empty one", (t) => {
  const folder = folderOf(t);
  for (const [name, body, says] of [
    ["newer", '{"version":2}', /holds a memory, but of version 2; this guardian knows 1: put back/],
    ["cut", '{"version":1,"inci', /holds a memory, but none that can be read/],
  ] as const) {
    const path = join(folder, `${name}.db`);
    const first = openJournal({ path, clock: systemClock });
    first.saveState(body, []);
    first.close();
    assert.throws(() => openJournal({ path, clock: systemClock }), says);
  }
  const garbage = join(folder, "garbage.db");
  writeFileSync(garbage, "x".repeat(10_000));
  assert.throws(
    () => openJournal({ path: garbage, clock: systemClock }),
    /^Error: the journal \S+garbage\.db cannot be opened/,
  );
});
