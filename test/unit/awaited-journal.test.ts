/** A guardian whose journal does not open: it decides nothing, tells people itself, and goes on once it opens. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { AlertMessage, Delivery, Notifier } from "../../guardian/ports.ts";
import { awaitJournal, type AwaitedJournalOptions } from "../../guardian/shell/awaited-journal.ts";
import type { FollowingNotifier } from "../../guardian/shell/following.ts";
import { JournalHeldError, openJournal, type OpenJournal } from "../../guardian/shell/journal.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { sleep } from "../../shared/loop.ts";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "awaited-journal-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function waiting(
  open: () => OpenJournal,
  extra: Partial<AwaitedJournalOptions> = {},
  others: readonly Notifier[] = [],
) {
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
  const channels = [pager, hung, ...others];
  const journal = awaitJournal({
    open,
    channels,
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

test("a channel that fails is tried again by itself, under one id; one that took it after repeatPage", async () => {
  const failed: Delivery = { kind: "undelivered", retryable: true, reason: "503" };
  const never = (): never => {
    throw new Error("EIO");
  };
  const taken: string[] = [];
  const local: Notifier = {
    name: "local",
    send: ({ id }) => {
      taken.push(id);
      return Promise.resolve({ kind: "delivered" });
    },
  };
  const failing = waiting(never, {}, [local]);
  failing.answers.push(failed, failed);
  const repeated = waiting(never, { repeatPageMs: 30 });
  await sleep(400);
  assert.equal(failing.sent.length, 3, "though another channel took it at once");
  assert.equal(new Set(failing.sent.map(({ id }) => id)).size, 1, "who has it is not told twice");
  assert.equal(taken.length, 1);
  assert.ok(repeated.sent.length >= 4, `${repeated.sent.length} pages`);
  assert.equal(new Set(repeated.sent.map(({ id }) => id)).size, repeated.sent.length);
  for (const { stopping } of [failing, repeated]) stopping.abort();
  assert.deepEqual(await Promise.all([failing.journal, repeated.journal]), [undefined, undefined]);
});

test("a channel that must be told for as long as it fires is, while the journal is awaited", async () => {
  let followed = 0;
  const following: FollowingNotifier = {
    name: "am",
    followEveryMs: 10,
    send: () => Promise.resolve({ kind: "delivered" }),
    follow: (standing) => {
      followed += standing.length;
      return Promise.resolve(undefined);
    },
  };
  const { stopping, journal } = waiting(
    () => {
      throw new Error("EIO");
    },
    { channels: [following] },
  );
  await sleep(300);
  stopping.abort();
  await journal;
  assert.ok(followed >= 3, `${followed} times`);
});

test("one that another guardian holds ends the start: that one guards; one that nobody holds does not", async () => {
  const held = waiting(() => {
    throw new JournalHeldError("another guardian holds the journal", process.ppid);
  });
  await assert.rejects(held.journal, /another guardian/);
  assert.deepEqual(held.sent, []);
  const { pid } = spawnSync("/bin/true");
  const gone = waiting(() => {
    throw new JournalHeldError("another guardian holds the journal", pid);
  });
  await sleep(200);
  gone.stopping.abort();
  assert.equal(await gone.journal, undefined);
  assert.equal(gone.sent.length, 1);
});

test("a try that failed counts as no start, and keeps nobody out", (t) => {
  const path = join(folderOf(t), "journal.db");
  openJournal({ path, clock: systemClock }).close();
  const whole = readFileSync(path);
  writeFileSync(
    path,
    Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 7)]),
  );
  for (let tries = 0; tries < 2; tries += 1) {
    assert.throws(() => openJournal({ path, clock: systemClock }), /journal\.db cannot be opened/);
  }
  writeFileSync(path, whole);
  const again = openJournal({ path, clock: systemClock });
  assert.equal(again.epoch, 2);
  again.close();
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
