/** Pages that a channel, its bound, its file or another message must not keep from people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { restored } from "../../guardian/dispatch/kept.ts";
import type { DispatchEvent } from "../../guardian/dispatch/events.ts";
import { hostName } from "../../shared/names.ts";
import {
  delivered,
  DispatchFixture,
  failing,
  pagesTo,
  refused,
  settingsWith,
  sunday,
} from "../support/dispatch-fixture.ts";

const minute = 60_000;

/** Pages to one channel alone. */
const routes = pagesTo("chat");

type Moved<E> = E extends unknown ? Omit<E, "at" | "wall"> : never;

/** Messages about compute-9 are answered 503, all others are taken. */
class Poisoned extends DispatchFixture {
  override take(event: Moved<DispatchEvent>): void {
    const chokes = event.kind === "tried" && event.row.includes("compute-9");
    super.take(chokes ? { ...event, delivery: failing } : event);
  }
}

test("a page is not held up by its own earlier notification while another page is choked on", () => {
  const world = new Poisoned(settingsWith(["chat"]));
  world.alert("dead", { host: hostName("compute-9") });
  world.run(2000);
  world.alert("isolated", { class: "notification" });
  world.run(40_000);
  world.alert("isolated", { class: "page" });
  world.run(30 * minute);
  const told = world.told().filter((text) => text.includes("isolated"));
  assert.ok(told.includes("page firing isolated"), `told: ${told.join(", ") || "nothing"}`);
});

for (const names of [["chat"], ["chat", "mail"]]) {
  test(`a page that every channel (${names.join()}) refused once is told before half an hour`, () => {
    const world = new DispatchFixture(settingsWith(names));
    for (const name of names) world.answers.set(name, refused);
    world.alert("dead");
    world.run(1000);
    for (const name of names) world.answers.set(name, delivered);
    world.run(28 * minute);
    assert.ok(world.told().includes("page firing dead"), `told: ${world.told().join()}`);
  });
}

test("a page for a broken and full channel goes to the others, too", () => {
  const world = new DispatchFixture(settingsWith(["chat", "mail"], { waitingMax: 10, routes }));
  world.answers.set("chat", failing);
  for (let n = 1; n <= 14; n += 1) {
    world.alert("dead", { host: hostName(`compute-${n}`) });
    world.run(minute);
  }
  world.run(28 * minute);
  const hosts = new Set(
    world
      .messages("mail")
      .filter((m) => m.kind === "dead")
      .map((m) => m.host),
  );
  const text = world
    .messages("mail")
    .flatMap((m) => [m.title, ...m.why])
    .join();
  assert.ok(hosts.has(hostName("compute-14")) || text.includes("compute-14"), [...hosts].join());
});

test("a feed is told of a page before a thousand tickets", () => {
  const settings = settingsWith([]);
  const rate = { burst: 10, perMinute: 60 };
  const channels = new Map([["hook", { rate, feed: true }]]);
  const world = new DispatchFixture({ ...settings, channels });
  const alerts = Array.from({ length: 1000 }, (_, at) =>
    world.sighting("probe-dead", { class: "ticket", host: hostName(`compute-${at + 2}`) }),
  );
  world.take({ kind: "alerts", alerts, storms: [] });
  world.run(1000);
  world.alert("dead");
  const since = world.at;
  let waited = 0;
  while (!world.told("hook").includes("page firing dead") && waited < 5 * minute) {
    world.run(1000);
    waited = world.at - since;
  }
  assert.ok(waited < minute, `not told after ${waited} ms`);
});

test("one notification's Retry-After of an hour does not mute the pages of the only channel", () => {
  const world = new DispatchFixture(settingsWith(["chat"]));
  world.answers.set("chat", { ...failing, retryAfterMs: 3_600_000 } as typeof failing);
  world.alert("degraded", { class: "notification" });
  world.run(40_000);
  world.answers.set("chat", delivered);
  world.alert("dead", { host: hostName("compute-2") });
  world.run(15 * minute);
  assert.ok(world.told().includes("page firing dead"), `told: ${world.told().join()}`);
});

test("an outbox whose texts are JSON but not ours does not stop the guardian", () => {
  const settings = settingsWith(["chat"]);
  for (const key of ["clock", "lanes/chat", "alerts/k", "rows/r"]) {
    assert.doesNotThrow(() => restored(settings, [{ key, body: "null" }], sunday), key);
  }
});

test("a kept row without its message does not end all rules", () => {
  const world = new DispatchFixture(settingsWith(["chat"]));
  world.kept.set("rows/r", JSON.stringify({ id: "r", sequence: 1, channel: "chat" }));
  assert.doesNotThrow(() => world.restart());
});

test("without the notification before it the page passes", () => {
  const world = new Poisoned(settingsWith(["chat"]));
  world.alert("dead", { host: hostName("compute-9") });
  world.run(42_000);
  world.alert("isolated", { class: "page" });
  world.run(30 * minute);
  assert.ok(world.told().includes("page firing isolated"));
});

test("a second level that is full is not counted as told", () => {
  const escalation = { afterMs: 600_000, channels: ["phone"], repeatMs: 900_000, times: 4 };
  const world = new DispatchFixture(
    settingsWith(["chat", "phone"], {
      waitingMax: 10,
      routes,
      escalation,
      repeatPageMs: 36_000_000,
    }),
  );
  world.answers.set("phone", failing);
  for (let n = 1; n <= 12; n += 1) {
    world.alert("dead", { host: hostName(`compute-${n}`) });
    world.run(minute);
  }
  world.run(60 * minute);
  world.answers.set("phone", delivered);
  world.run(90 * minute);
  const all = world
    .messages("phone")
    .flatMap((m) => [m.title, ...m.why])
    .join();
  assert.ok(
    all.includes("compute-12"),
    `12 of ${world.messages("phone").length}: ${all.slice(0, 300)}`,
  );
});
