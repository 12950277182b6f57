/** Alerts that were over before their channel took anything of them: said once, as what they were. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DispatchSettings, Route } from "../../guardian/dispatch/settings.ts";
import { hostName } from "../../shared/names.ts";
import { DispatchFixture, failing, refused, settingsWith } from "../support/dispatch-fixture.ts";

const minute = 60_000;
const hour = 3_600_000;

function broken(names = ["chat"], changes: Partial<DispatchSettings> = {}): DispatchFixture {
  const world = new DispatchFixture(settingsWith(names, changes));
  world.answers.set("chat", failing);
  return world;
}

/** Pages and the rest to the chat alone. */
const routes: readonly Route[] = [
  {
    name: "chat",
    classes: ["page", "ticket", "notification"],
    kinds: [],
    hosts: [],
    zones: [],
    groups: [],
    hours: undefined,
    channels: ["chat"],
  },
];

function joining(names: readonly string[]): DispatchSettings {
  const settings = settingsWith(names);
  const chat = settings.channels.get("chat");
  assert.ok(chat !== undefined);
  return {
    ...settings,
    channels: new Map([...settings.channels, ["chat", { ...chat, joins: true as const }]]),
  };
}

/** For an hour, and over while nothing could be told. */
function passedUnseen(world: DispatchFixture, kind: string, changes = {}): void {
  world.alert(kind, changes);
  world.run(hour);
  world.alert(kind, { status: "resolved", ...changes });
  world.run(hour);
}

test("what began and ended while its channel was broken is one message that says both", () => {
  const world = broken();
  passedUnseen(world, "held");
  passedUnseen(world, "degraded", { class: "ticket" });
  world.answers.clear();
  world.run(5 * minute);
  assert.deepEqual(world.told(), ["page resolved held", "ticket resolved degraded"]);
  const [held] = world.messages();
  assert.equal(
    held?.title,
    "compute-1 held (2026-11-22 00:00:01 UTC to 2026-11-22 01:00:01 UTC; could not be told before)",
  );
  assert.equal(held?.dedupKey, "guardian/lab/compute-1/held");
  assert.equal(world.state.rows.size, 0);
});

test("also where it flapped, and over restarts", () => {
  const world = broken();
  passedUnseen(world, "held");
  world.restart();
  passedUnseen(world, "held", { title: "compute-1 held again" });
  world.restart();
  world.answers.clear();
  world.run(5 * minute);
  assert.deepEqual(world.told(), ["page resolved held"]);
  assert.match(world.messages()[0]?.title ?? "", /again \(2026-11-22 00:00:01 UTC to .* 03:00:01/);
});

test("what fires again by then is told as firing, after what was", () => {
  const world = broken();
  passedUnseen(world, "held");
  world.alert("held");
  world.run(minute);
  world.answers.clear();
  world.run(5 * minute);
  assert.deepEqual(world.told(), ["page resolved held", "page firing held"]);
});

test("what a channel took before it broke has its end, as always", () => {
  const world = new DispatchFixture(settingsWith(["chat"]));
  world.alert("held");
  world.run(minute);
  world.answers.set("chat", failing);
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(minute);
  world.alert("held", { status: "resolved" });
  world.run(hour);
  world.answers.clear();
  world.run(5 * minute);
  assert.equal(world.told().at(-1), "page resolved held");
  assert.doesNotMatch(world.messages().at(-1)?.title ?? "", /could not be told/);
});

test("an end whose beginning was under way when it came is one message, too, once that failed", () => {
  const world = broken();
  world.alert("held");
  world.run(hour);
  // The channel hangs over the moment at which the end is due.
  world.alert("held", { status: "resolved" });
  for (let n = 0; n < 120; n += 1) world.run(1000);
  world.answers.clear();
  world.run(5 * minute);
  assert.deepEqual(world.told(), ["page resolved held"]);
});

test("pages that waited as one message, and are all over, are one message that says so", () => {
  const world = broken();
  for (let n = 1; n <= 8; n += 1) world.alert("held", { host: hostName(`compute-${n}`) });
  world.run(10 * minute);
  for (let n = 1; n <= 8; n += 1) {
    world.alert("held", { host: hostName(`compute-${n}`), status: "resolved" });
  }
  world.run(hour);
  world.answers.clear();
  world.run(10 * minute);
  assert.ok(
    world.messages().every(({ status }) => status === "resolved"),
    world.told().join(),
  );
  assert.deepEqual([...world.told()].sort(), [
    "page resolved digest",
    ...Array<string>(3).fill("page resolved held"),
  ]);
  assert.deepEqual([world.state.rows.size, world.state.digests.size], [0, 0]);
});

test("a provider that joins by key gets trigger and resolve of a page that nobody else was told", () => {
  const world = new DispatchFixture(joining(["chat"]));
  world.answers.set("chat", failing);
  passedUnseen(world, "held");
  passedUnseen(world, "degraded", { class: "ticket" });
  world.answers.clear();
  world.run(5 * minute);
  // The ticket is no news; its end is said, since a try may have reached the provider.
  assert.deepEqual(world.told(), [
    "page firing held",
    "page resolved held",
    "ticket resolved degraded",
  ]);
  assert.doesNotMatch(world.messages()[1]?.title ?? "", /could not be told/);
});

test("a provider that joins by key wakes nobody for what others were told, and is over", () => {
  const world = new DispatchFixture(joining(["chat", "mail"]));
  world.answers.set("chat", failing);
  passedUnseen(world, "held");
  world.answers.clear();
  world.run(5 * minute);
  assert.ok(!world.told().includes("page firing held"), world.told().join());
  assert.ok(world.told("mail").includes("page firing held"));
});

test("a page that ended before it was handed on is told on every other channel as what it was", () => {
  const world = broken(["chat", "mail"], { routes });
  world.alert("held");
  world.run(20_000);
  world.alert("held", { status: "resolved" });
  world.run(5 * minute);
  assert.deepEqual(
    world.told("mail").filter((text) => text.endsWith("held")),
    ["page resolved held"],
  );
  const held = world.messages("mail").find(({ kind }) => kind === "held");
  assert.match(held?.title ?? "", /could not be told before/);
  world.answers.clear();
  world.run(2 * hour);
  assert.equal(world.messages("mail").filter(({ kind }) => kind === "held").length, 1);
  assert.deepEqual([world.state.alerts.size, world.state.rows.size], [0, 0]);
});

test("a page that its only channel refused, and that ended at once, is told elsewhere", () => {
  const world = new DispatchFixture(settingsWith(["chat", "mail"], { routes }));
  world.answers.set("chat", refused);
  world.alert("held");
  world.alert("held", { status: "resolved" });
  world.run(5 * minute);
  assert.ok(world.told("mail").includes("page resolved held"), world.told("mail").join());
});

test("a program that gets every sending gets this one as it was, too", () => {
  const rate = { burst: 10, perMinute: 60 };
  const channels = new Map([["chat", { rate, feed: true }]]);
  const world = broken([], { channels });
  passedUnseen(world, "held");
  world.answers.clear();
  world.run(5 * minute);
  const told = world.told().filter((text) => text.endsWith("held"));
  assert.deepEqual(told, ["page firing held", "page resolved held"]);
});
