/** Which of the messages that wait goes next, and which of them newer words make needless. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DispatchEvent } from "../../guardian/dispatch/events.ts";
import type { Delivery } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";
import { DispatchFixture, failing, pagesTo, settingsWith } from "../support/dispatch-fixture.ts";

const minute = 60_000;
const hour = 3_600_000;

type Moved<E> = E extends unknown ? Omit<E, "at" | "wall"> : never;

/** Answers by what a row's id has in it; anything else by the channel. */
class Choosy extends DispatchFixture {
  readonly byId = new Map<string, Delivery>();

  override take(event: Moved<DispatchEvent>): void {
    if (event.kind !== "tried") return super.take(event);
    const found = [...this.byId].find(([part]) => event.row.includes(part));
    super.take(found === undefined ? event : { ...event, delivery: found[1] });
  }
}

function chat(changes: Parameters<typeof settingsWith>[1] = {}): Choosy {
  return new Choosy(settingsWith(["chat"], changes));
}

/** Failed tries do not count as taken in the fixture; what was taken is what was not chosen to fail. */
function taken(world: Choosy): readonly string[] {
  const failed = [...world.byId.keys()];
  return world
    .messages()
    .filter(({ id }) => !failed.some((part) => id.includes(part)))
    .map((message) => `${message.class} ${message.status} ${message.title}`);
}

test("a page that failed once is not put behind every newer page", () => {
  const rate = { burst: 3, perMinute: 12 };
  const world = chat({ channels: new Map([["chat", { rate, feed: false }]]) });
  world.byId.set("compute-9", failing);
  world.alert("held", { host: hostName("compute-9") });
  for (let n = 1; n <= 10; n += 1) world.alert(`nova-${n}`, { host: undefined });
  world.run(500);
  world.byId.clear();
  world.sent.length = 0;
  // More pages than the provider takes, for ten minutes.
  for (let n = 1; n <= 150; n += 1) {
    world.alert(`power-network-${n}`, { host: undefined });
    world.run(4000);
    if (taken(world).includes("page firing compute-9 held")) break;
  }
  assert.ok(taken(world).includes("page firing compute-9 held"));
  assert.ok(world.at < 2 * minute, `told after ${world.at} ms`);
});

test("a notification that its channel chokes on does not hold up the page that follows it", () => {
  const world = chat();
  world.alert("isolated", { class: "notification" });
  world.byId.set(String(world.sighting("isolated").message.id), failing);
  world.run(40_000);
  assert.equal(world.state.rows.size, 1);
  world.alert("isolated");
  world.run(2 * minute);
  assert.ok(taken(world).includes("page firing compute-1 isolated"), taken(world).join());
});

test("a page that its channel chokes on gives way to newer words about the same", () => {
  const world = chat();
  world.alert("held", { title: "compute-1 held: \ud83d" });
  world.byId.set(String(world.sighting("held").message.id), failing);
  world.run(10_000);
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(3 * minute);
  assert.ok(taken(world).includes("page firing compute-1 held by nova"), taken(world).join());
  assert.equal(world.state.rows.size, 0);
});

test("what waited for hours and still fires is said as it is, once", () => {
  const world = chat();
  world.answers.set("chat", failing);
  for (let n = 1; n <= 6; n += 1) {
    world.alert("held", { title: `compute-1 held by ${n} gates`, why: [`${n}`] });
    world.run(20 * minute);
  }
  world.answers.clear();
  world.run(2 * minute);
  assert.deepEqual(taken(world), ["page firing compute-1 held by 6 gates"]);
});

test("a page whose words change each minute is handed on all the same", () => {
  const routes = pagesTo("chat");
  const world = new Choosy(settingsWith(["chat", "mail"], { routes }));
  world.answers.set("chat", failing);
  for (let n = 1; n <= 4; n += 1) {
    world.alert("held", { title: `compute-1 held by ${n} gates` });
    world.run(50_000);
  }
  assert.ok(world.told("mail").includes("page firing held"), world.told("mail").join());
});

test("newer words that are no page do not take a page's place", () => {
  const world = chat();
  world.answers.set("chat", failing);
  world.alert("held");
  world.run(minute);
  world.alert("held", { class: "ticket" });
  world.run(10 * minute);
  world.answers.clear();
  world.run(10 * minute);
  assert.ok(taken(world).includes("page firing compute-1 held"), taken(world).join());
});

test("an answer to a message that is there no more does not stop its channel", () => {
  const world = chat();
  world.alert("held");
  const [id] = [...world.state.rows.keys()];
  assert.ok(id !== undefined);
  world.state = { ...world.state, rows: new Map() };
  world.run(1000);
  world.alert("unproven");
  world.run(hour);
  assert.ok(taken(world).includes("page firing compute-1 unproven"), taken(world).join());
});
