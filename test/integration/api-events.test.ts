/** Events over the network: nothing missed across a reconnect, a gap is said, many watchers hold nobody up. */
import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { test } from "node:test";
import { revokeToken } from "../../guardian/shell/token-file.ts";
import { createLiveHosts } from "../../guardian/api/live-hosts.ts";
import { createEventFeed } from "../../guardian/api/event-feed.ts";
import { EventRing } from "../../guardian/api/event-ring.ts";
import { systemClock } from "../../shared/clock.ts";
import { runLoop, sleep } from "../../shared/loop.ts";
import { apiFixture } from "../support/api-fixture.ts";
import { host1 } from "../support/core-fixture.ts";
import { watchEvents, type EventWatcher } from "../support/event-watcher.ts";
import { fc } from "../support/properties.ts";
import { waitFor } from "../support/wait-for.ts";

const until = (what: string, is: () => boolean): Promise<true> =>
  waitFor(what, () => is() || undefined, 15_000);

const told = ({ seen }: EventWatcher): readonly unknown[] =>
  seen.filter(({ event }) => event === "line").map(({ data }) => data["text"]);

test("nothing is missed across a reconnect; after a restart, or too late, a gap is said", async (t) => {
  const { feed, port, token } = await apiFixture(t, { eventsMax: 5 });
  const authorization = `Bearer ${token("viewer")}`;
  const line = (text: string): void => feed.push("line", { text });
  line("before");
  const first = await watchEvents(port, { authorization });
  line("one");
  await until("the first event", () => told(first).length === 1);
  assert.deepEqual(
    first.seen.map(({ event }) => event),
    ["hello", "line"],
  );
  const last = first.seen.at(-1)?.id ?? "";
  first.close();
  line("two\ndata: forged\n\n");
  line("three");
  const second = await watchEvents(port, { authorization, "last-event-id": last });
  await until("what came in between", () => told(second).length === 2);
  assert.deepEqual(told(second), ["two\ndata: forged\n\n", "three"]);
  second.close();
  for (let n = 0; n < 10; n += 1) line(`more ${n}`);
  for (const stale of [last, "6-3", "7-999", "nonsense"]) {
    const late = await watchEvents(port, { authorization, "last-event-id": stale });
    await until("the last event", () => told(late).includes("more 9"));
    assert.equal(late.seen[0]?.event, "gap", stale);
    assert.equal(late.seen[0]?.data["after"], stale);
    assert.deepEqual(told(late), ["more 5", "more 6", "more 7", "more 8", "more 9"]);
    late.close();
  }
});

test("any watcher of any ring sees each event once and in order, or is told of the gap", () => {
  const runs = fc.array(fc.nat(12), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), runs, fc.nat(12), (size, pushes, from) => {
      const ring = new EventRing(3, size);
      let next = ring.placeOf(`3-${from}`).next;
      let count = 0;
      let expected = next;
      for (const some of pushes) {
        for (let n = 0; n < some; n += 1) ring.push("line", { n: (count += 1) });
        if (next < ring.begin) {
          const gap = ring.gapSince(next);
          assert.match(gap.text, /^id: 3-\d+\nevent: gap\n/);
          expected = next = gap.next;
        }
        const piece = ring.from(next);
        for (const [, n] of piece.text.matchAll(/"n":(\d+)/g)) {
          assert.equal(Number(n), expected);
          expected += 1;
        }
        next = piece.next;
        assert.equal(next, count + 1 < next ? next : ring.end);
      }
    }),
  );
});

test("a stranger sees nothing, too many are refused, a revoked token's stream ends", async (t) => {
  const { feed, port, token, tokensFile } = await apiFixture(t, { watchersMax: 2 });
  assert.equal((await watchEvents(port, {})).status, 401);
  const authorization = `Bearer ${token("viewer")}`;
  const watchers = [await watchEvents(port, { authorization })];
  watchers.push(await watchEvents(port, { authorization }));
  const third = await watchEvents(port, { authorization });
  assert.equal(third.status, 503);
  assert.equal(third.response.headers["content-type"], "application/problem+json");
  watchers[0]?.close();
  await until("a place", () => feed.watchers() === 1);
  assert.equal((await watchEvents(port, { authorization })).status, 200);
  revokeToken(tokensFile, "viewer");
  assert.equal((await watchEvents(port, { authorization })).status, 401);
});

test("whoever was shut out since loses the stream at the next look", async () => {
  let nowMs = 0;
  const clock = { monoMs: () => nowMs as never, wallMs: () => 0 as never };
  const feed = createEventFeed({ clock, epoch: 1 });
  let ended = false;
  const response = {
    writableLength: 0,
    write: () => true,
    once: () => undefined,
    end: () => void (ended = true),
  };
  const stillAllowed = (): Promise<boolean> => Promise.resolve(false);
  feed.follow(response as never, { lastEventId: "", stillAllowed });
  const stopping = new AbortController();
  const running = feed.run(stopping.signal);
  await sleep(20);
  assert.equal(ended, false);
  nowMs = 31_000;
  await until("the end", () => ended);
  stopping.abort();
  await running;
});

test("what changes about a host is told as it changes, and once", async (t) => {
  const { core, feed, ask, port, token } = await apiFixture(t);
  const live = createLiveHosts({ state: () => core.state, feed, clock: systemClock });
  const watcher = await watchEvents(port, { authorization: `Bearer ${token("viewer")}` });
  const events = (kind: string) => watcher.seen.filter(({ event }) => event === kind);
  live.look();
  core.run(5000);
  live.look();
  core.powerLoss(host1);
  core.run(4000);
  live.look();
  await until("the late report", () => events("host").length === 1);
  assert.equal(events("host")[0]?.data["host"], host1);
  assert.equal(events("host")[0]?.data["reports"], "overdue");
  core.run(6000);
  live.look();
  live.look();
  await until("the verdict", () => events("host").length === 2);
  const { data } = events("host")[1] ?? assert.fail();
  assert.equal(data["verdict"], "dead");
  assert.equal(data["incident"], core.state.memory.incidents.get(host1)?.id);
  assert.match(String(data["bmc"]), /^off/);
  await until("the bar", () => events("guardian").length > 0);
  assert.equal(events("guardian").at(-1)?.data["incidents"], 1);
  const { at: _when, ...line } = data;
  const list = await ask("GET", "/api/v1/lights", "viewer");
  assert.deepEqual((list.body as readonly { readonly host: string }[])[0], line);
  watcher.close();
});

test("a watcher that reads nothing holds little memory, is told what it missed, and is let go in the end", async () => {
  let nowMs = 0;
  const clock = { monoMs: () => nowMs as never, wallMs: () => 0 as never };
  const feed = createEventFeed({ clock, epoch: 1, eventsMax: 300 });
  const held = { writableLength: 0, written: "", gone: false };
  const response = Object.assign(held, {
    write: (text: string) => {
      held.writableLength += text.length;
      held.written += text;
      return false;
    },
    once: () => undefined,
    end: () => undefined,
    destroy: () => void (held.gone = true),
  });
  const stillAllowed = (): Promise<boolean> => Promise.resolve(true);
  feed.follow(response as never, { lastEventId: "", stillAllowed });
  const round = (): Promise<void> => {
    nowMs += 250;
    return feed.flush();
  };
  let count = 0;
  while (nowMs < 30_000) {
    for (let n = 0; n < 40; n += 1) feed.push("line", { text: "x".repeat(900), n: (count += 1) });
    await round();
  }
  assert.ok(held.writableLength < 400_000, `${held.writableLength} bytes of ${count} events wait`);
  const before = held.written.length;
  held.writableLength = 0;
  await round();
  assert.match(held.written.slice(before), /^id: 1-\d+\nevent: gap\n/);
  held.writableLength = 1e6;
  while (nowMs < 60_000) await round();
  assert.equal(held.gone, false, "a phone in a tunnel comes back");
  while (nowMs < 100_000) await round();
  assert.equal(held.gone, true);
});

test("500 watchers and 50 requests a second do not hold up a loop beside them", async (t) => {
  const { feed, ask, port, token } = await apiFixture(t, { hosts: 200 });
  const authorization = `Bearer ${token("viewer")}`;
  const watchers: EventWatcher[] = [];
  for (let n = 0; n < 10; n += 1) {
    const some = Array.from({ length: 50 }, () => watchEvents(port, { authorization }));
    watchers.push(...(await Promise.all(some)));
  }
  assert.equal(feed.watchers(), 500);
  const late: number[] = [];
  const stopping = new AbortController();
  let dueMs = performance.now();
  const loop = runLoop(systemClock, 50, stopping.signal, () => {
    const nowMs = performance.now();
    late.push(nowMs - dueMs);
    dueMs = nowMs + 50;
  });
  const asked: Promise<unknown>[] = [];
  for (let n = 0; n < 60; n += 1) {
    if (n % 5 === 0) feed.push("line", { text: `event ${n}` });
    asked.push(ask("GET", `/api/v1/hosts?limit=50`, "viewer"));
    await sleep(20);
  }
  await Promise.all(asked);
  await until("every event at every watcher", () => watchers.every((w) => told(w).length === 12));
  stopping.abort();
  await loop;
  late.sort((left, right) => left - right);
  const [median, worst] = [late[late.length >> 1] ?? 0, late.at(-1) ?? 0];
  t.diagnostic(`lateness of a round: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`);
  // The watchers and who asks share this process; a round comes every 250 ms in the daemon.
  assert.ok(median < 100 && worst < 1500, `median ${median} ms, worst ${worst} ms`);
  for (const watcher of watchers) watcher.close();
});
