/** Messages on their way: channels that fail, refuse or ask for a pause; kills; what is given up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { standingAlerts } from "../../guardian/alert-delivery.ts";
import { defaultRate } from "../../guardian/dispatch/settings.ts";
import { hostName } from "../../shared/names.ts";
import {
  DispatchFixture,
  failing,
  pagesTo,
  refused,
  settingsWith,
  stormOf,
} from "../support/dispatch-fixture.ts";

const minute = 60_000;

function chat(): DispatchFixture {
  return new DispatchFixture(settingsWith(["chat"]));
}

/** Pages go to the pager alone. */
const routes = pagesTo("pager");

test("a channel that refuses or fails is announced on another, and so is its repair", () => {
  const world = new DispatchFixture(settingsWith(["chat", "pager"]));
  world.answers.set("pager", refused);
  world.alert("held");
  world.run(2 * minute);
  assert.deepEqual(world.told("chat"), ["page firing held", "notification firing channel-pager"]);
  world.run(5 * minute);
  assert.equal(world.told("chat").at(-1), "page firing channel-pager");
  world.answers.delete("pager");
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(2 * minute);
  assert.equal(world.told("chat").at(-1), "page resolved channel-pager");
});

test("what the dispatcher says itself stands as long as it is so, for whoever must be told again", () => {
  const world = new DispatchFixture(settingsWith(["chat", "pager"]));
  world.answers.set("pager", refused);
  world.alert("held");
  world.run(2 * minute);
  const own = () =>
    standingAlerts({}, world.state).map(({ message, about }) => [message.kind, about]);
  assert.deepEqual(own(), [["channel-pager", "pager"]]);
  world.answers.delete("pager");
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(2 * minute);
  assert.deepEqual(own(), []);
});

test("a page that its only channel refuses goes to every other one", () => {
  const world = new DispatchFixture(settingsWith(["chat", "pager"], { routes }));
  world.answers.set("pager", refused);
  world.alert("held");
  world.run(2000);
  assert.deepEqual(world.told("chat"), ["page firing held"]);
});

test("a message on its way at a kill is sent again under its id; other words after it are news", () => {
  const world = chat();
  world.alert("held");
  const [id] = world.tries;
  world.restart([...world.state.alerts.values()].map(({ message }) => message));
  // The allowance begins anew from nothing.
  world.run(10_000);
  assert.deepEqual(world.tries, [id, id]);
  assert.deepEqual(world.told(), ["page firing held"]);
  world.epoch += 1;
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(10_000);
  assert.equal(world.sent.length, 2);
});

test("what began or ended while the process was away is told after it", () => {
  const world = chat();
  world.alert("held");
  world.run(minute);
  world.restart([world.sighting("unproven", { host: hostName("compute-2") }).message]);
  world.run(minute);
  assert.deepEqual(world.told(), [
    "page firing held",
    "page firing unproven",
    "page resolved held",
  ]);
});

test("a provider that asks for a pause gets it, and pauses grow", () => {
  const world = chat();
  const triesIn = (ms: number): number => {
    const before = world.tries.length;
    world.run(ms);
    return world.tries.length - before;
  };
  const tooFast = { ...failing, retryAfterMs: 40_000 };
  world.answers.set("chat", tooFast);
  world.alert("held");
  world.run(1000);
  assert.equal(triesIn(38_000), 0);
  world.answers.set("chat", failing);
  assert.equal(triesIn(5000), 2);
  assert.ok(triesIn(10 * minute) <= 16, "once a minute in the end");
  world.answers.delete("chat");
  world.run(2 * minute);
  assert.deepEqual(world.told(), ["page firing held"]);
});

test("what is not delivered in its time is given up, said, and a page goes to every other channel", () => {
  const settings = { routes, keepMs: 10 * minute };
  const world = new DispatchFixture(settingsWith(["pager", "chat"], settings));
  world.answers.set("pager", failing);
  world.alert("held");
  world.run(minute);
  assert.deepEqual(world.told("chat"), []);
  world.run(2 * minute);
  assert.ok(world.told("chat").includes("page firing held"), "handed on after 2 min");
  world.run(8 * minute);
  const dropped = world.lines.find(({ event }) => event === "alert-dropped");
  assert.match(String(dropped?.fields["why"]), /not delivered in 600000 ms/);
  assert.equal(world.state.rows.size, 0);
});

test("a program that takes pages and fails is a page on the other channels, too", () => {
  const rate = { burst: 10, perMinute: 60 };
  const channels = new Map([
    ["hook", { rate, feed: true }],
    ["chat", { rate, feed: false }],
  ]);
  const world = new DispatchFixture(settingsWith([], { channels }));
  world.answers.set("hook", failing);
  world.alert("held");
  world.run(7 * minute);
  assert.deepEqual(world.told("chat"), [
    "page firing held",
    "notification firing channel-hook",
    "page firing channel-hook",
  ]);
});

test("what waits goes pages first, and no end goes before its beginning", () => {
  // A provider that joins by key: people read one message of what was over before they were told.
  const channels = new Map([["chat", { rate: defaultRate, feed: false, joins: true as const }]]);
  const world = new DispatchFixture(settingsWith([], { channels }));
  const host = hostName("compute-2");
  const tooFast = { ...failing, retryAfterMs: 40_000 };
  world.answers.set("chat", tooFast);
  world.alert("unproven", { host });
  world.run(32_000);
  world.alert("probe-dead", { class: "ticket", host: hostName("compute-3") });
  world.alert("unproven", { host, status: "resolved" });
  world.run(31_000);
  world.alert("held");
  assert.equal(world.state.rows.size, 4);
  world.answers.delete("chat");
  world.run(2 * minute);
  const told = world.told();
  assert.deepEqual(told.slice(0, 2).sort(), ["page firing held", "page firing unproven"]);
  assert.deepEqual(told.slice(2).sort(), ["page resolved unproven", "ticket firing probe-dead"]);
});

test("for a provider that joins by key, what became worse is the next generation, and ends as that", () => {
  const channels = new Map([["chat", { rate: defaultRate, feed: false, joins: true as const }]]);
  const world = new DispatchFixture(settingsWith([], { channels }));
  world.alert("held");
  world.run(minute);
  world.alert("held");
  world.run(minute);
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(minute);
  world.alert("held", { title: "compute-1 held by nova", status: "resolved" });
  world.run(2 * minute);
  world.alert("held");
  world.run(minute);
  assert.deepEqual(
    world.messages("chat").map(({ status, generation = 0 }) => `${status} ${generation}`),
    ["firing 0", "firing 1", "resolved 1", "firing 0"],
  );
});

test("a host of a storm that goes down is told with its page; that it is better is no news", () => {
  const world = chat();
  for (const named of ["compute-1", "compute-1!", "compute-1"]) {
    world.storms = [{ ...stormOf(["compute-1"]), named: [named] }];
    world.alert("storm", { host: undefined, impact: named });
    world.run(60_000);
  }
  assert.deepEqual(
    world.messages().map(({ impact }) => impact),
    ["compute-1", "compute-1!"],
  );
});

test("a storm whose page a channel refused speaks for nobody there", () => {
  const world = chat();
  world.storms = [stormOf(["compute-1"])];
  world.answers.set("chat", refused);
  world.alert("storm", { host: undefined });
  world.run(1000);
  world.answers.delete("chat");
  world.alert("held");
  world.run(1000);
  assert.deepEqual(world.told(), ["page firing held"]);
});
