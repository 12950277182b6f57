/** Grouping, transitions, repeats, inhibition and merging, rule by rule. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { growthMs } from "../../guardian/dispatch/settings.ts";
import { hostName } from "../../shared/names.ts";
import { stormOf, DispatchFixture, settingsWith } from "../support/dispatch-fixture.ts";

const minute = 60_000;
const hour = 3_600_000;

function chat(changes: Parameters<typeof settingsWith>[1] = {}): DispatchFixture {
  return new DispatchFixture(settingsWith(["chat"], changes));
}

test("a page goes out at once, what is no page 30 s later", () => {
  const world = chat();
  world.alert("held");
  world.alert("evacuated", { class: "notification", host: hostName("compute-2") });
  world.run(1000);
  assert.deepEqual(world.told(), ["page firing held"]);
  world.run(28_000);
  assert.equal(world.sent.length, 1);
  world.run(3000);
  assert.deepEqual(world.told(), ["page firing held", "notification firing evacuated"]);
});

test("what came and went within the 30 s is never told", () => {
  const world = chat();
  world.alert("dead", { class: "notification" });
  world.run(10_000);
  world.alert("dead", { class: "notification", status: "resolved" });
  world.alert("evacuated", { class: "notification" });
  world.run(minute);
  assert.deepEqual(world.told(), ["notification firing evacuated"]);
  assert.deepEqual([...world.state.alerts.keys()], ["guardian/lab/compute-1/evacuated"]);
});

test("then only transitions: the same words again are not told, another title and the end are", () => {
  const world = chat();
  world.alert("degraded", { class: "ticket" });
  world.run(minute);
  world.alert("degraded", { class: "ticket", why: ["reports: 9.9 s > 5 s"] });
  world.run(minute);
  assert.equal(world.sent.length, 1);
  world.alert("degraded", { class: "ticket", title: "compute-1: storage, too" });
  world.run(minute);
  world.alert("degraded", { class: "ticket", status: "resolved" });
  world.run(minute);
  assert.deepEqual(world.told(), [
    "ticket firing degraded",
    "ticket firing degraded",
    "ticket resolved degraded",
  ]);
  world.run(6 * minute);
  assert.equal(world.state.alerts.size, 0, "and forgotten");
});

test("a notification that becomes a page is a page at once", () => {
  const world = chat();
  world.alert("isolated", { class: "notification" });
  world.run(40_000);
  world.alert("isolated");
  world.run(1000);
  assert.deepEqual(world.told(), ["notification firing isolated", "page firing isolated"]);
});

test("what is no page is repeated every 4 h", () => {
  const world = chat();
  world.alert("device-mute-bmc", { class: "ticket", incident: undefined });
  world.run(8 * hour + 2 * minute);
  assert.equal(world.sent.length, 3);
});

test("the core repeats a page, and it is told once each time; if the core does not, we do", () => {
  const world = chat();
  world.alert("held");
  world.run(30 * minute);
  world.alert("held");
  world.run(30 * minute);
  world.alert("held");
  world.run(10_000);
  assert.equal(world.sent.length, 3, "at 0, 30 and 60 min");
  world.run(40 * minute);
  assert.equal(world.sent.length, 4, "31 minutes after the last one, since the core is silent");
});

test("what a person called no failure is not repeated by us either", () => {
  const world = chat();
  world.alert("unattended");
  world.alert("dismissed", { class: "notification" });
  world.run(2 * hour);
  assert.deepEqual(world.told(), ["page firing unattended", "notification firing dismissed"]);
});

test("newer evidence of a page that was told comes 5 min later at the soonest", () => {
  const world = chat();
  world.alert("storm", { host: undefined });
  for (let n = 1; n <= 20; n += 1) {
    world.run(10_000);
    world.alert("storm", { host: undefined, impact: `${n} hosts` });
  }
  assert.equal(world.sent.length, 1);
  world.run(2 * minute);
  assert.equal(world.sent.length, 2);
  assert.equal(world.messages()[1]?.impact, "20 hosts", "and it is the newest");
});

test("a storm silences its hosts' pages, not its own; what still fires at its end is told", () => {
  const world = chat();
  world.storms = [stormOf(["compute-1", "compute-2"])];
  const hosts = ["compute-1", "compute-2", "compute-3"].map(hostName);
  world.take({
    kind: "alerts",
    storms: world.storms,
    // The hosts first: the order in which they come must not matter.
    alerts: [
      ...hosts.map((host) => world.sighting("held", { host })),
      world.sighting("storm", { host: undefined }),
    ],
  });
  world.run(5 * minute);
  assert.deepEqual(
    world.messages().map(({ title }) => title),
    ["guardian storm", "compute-3 held"],
  );
  world.alert("held", { host: hostName("compute-2"), status: "resolved" });
  world.storms = [];
  world.alert("storm", { host: undefined, status: "resolved" });
  world.run(minute);
  assert.deepEqual(
    world.messages().map(({ title, status }) => `${title} ${status}`),
    [
      "guardian storm firing",
      "compute-3 held firing",
      "compute-1 held firing",
      "guardian storm resolved",
    ],
  );
});

test("a host that joins a storm is told with its page after 30 s, and by itself until it is named", () => {
  const world = chat();
  world.storms = [stormOf(["compute-1"])];
  world.alert("storm", { host: undefined, impact: "1 hosts" });
  world.run(5000);
  // The core has named it in a page that this channel has not read yet.
  world.storms = [stormOf(["compute-1", "compute-2"])];
  world.alert("storm", { host: undefined, impact: "2 hosts" });
  world.run(20_000);
  assert.equal(world.sent.length, 1);
  world.alert("held", { host: hostName("compute-2") });
  world.run(1000);
  assert.deepEqual(world.told(), ["page firing storm", "page firing held"]);
  world.run(10_000);
  assert.equal(world.messages()[2]?.impact, "2 hosts");
  world.alert("unproven", { host: hostName("compute-2") });
  world.run(60_000);
  assert.equal(world.sent.length, 3);
});

test("a storm that grows for an hour is told of every host, each at most 60 s later", () => {
  const world = chat();
  const names: string[] = [];
  for (let n = 1; n <= 60; n += 1) {
    names.push(`compute-${n}`);
    world.storms = [stormOf([...names])];
    world.alert("storm", { host: undefined, impact: `${n} hosts` });
    world.run(25_000);
  }
  world.run(minute);
  for (let n = 1; n <= 60; n += 1) {
    const joinedAt = 1000 + (n - 1) * 25_000;
    const told = world.sent.find(({ message }) => Number(/\d+/.exec(message.impact)?.[0]) >= n);
    const waitedMs = (told?.at ?? Number.POSITIVE_INFINITY) - joinedAt;
    assert.ok(waitedMs <= growthMs + 2000, `compute-${n} was told after ${waitedMs} ms`);
  }
  const minutes = (world.at - 1000) / minute;
  assert.ok(world.sent.length <= 6 + minutes, `${world.sent.length} messages`);
});

test("a storm that spent its six messages on other words is told of a further host in 60 s", () => {
  const world = chat();
  world.storms = [stormOf(["compute-1"])];
  for (let n = 1; n <= 6; n += 1) {
    world.alert("storm", { host: undefined, title: `storm in rack ${n}` });
    world.run(1000);
  }
  assert.equal(world.sent.length, 6);
  world.storms = [stormOf(["compute-1", "compute-2"])];
  world.alert("storm", { host: undefined, title: "storm in rack 7", impact: "2 hosts" });
  world.run(growthMs + 2000);
  assert.equal(world.messages()[6]?.impact, "2 hosts");
});

test("a host that leaves a storm and comes back is told every 5 min, not every minute", () => {
  const world = chat();
  for (let n = 1; n <= 60; n += 1) {
    world.storms = [stormOf(n % 2 === 0 ? ["compute-1"] : ["compute-1", "compute-2"])];
    world.alert("storm", { host: undefined, impact: `${n} hosts` });
    world.run(30_000);
  }
  assert.ok(world.sent.length <= 6 + 6, `${world.sent.length} in half an hour`);
});

test("in a storm, what it does not say is told: a lost proof, servers left behind, a wrong device", () => {
  const world = chat();
  world.storms = [stormOf(["compute-1"])];
  world.alert("storm", { host: undefined });
  for (const kind of ["proof-lost", "left-behind", "quarantined", "fence-failed", "device-bmc"]) {
    world.alert(kind);
    world.run(30_000);
  }
  assert.equal(world.sent.length, 6);
});

test("a storm that a channel was not told of silences nothing there", () => {
  const world = new DispatchFixture(
    settingsWith(["chat", "pager"], {
      routes: [
        route("storms", ["chat"], { kinds: ["storm"] }),
        route("pages", ["pager"], { kinds: ["held"] }),
      ],
    }),
  );
  world.storms = [stormOf(["compute-1"])];
  world.alert("storm", { host: undefined });
  world.alert("held");
  world.run(minute);
  assert.deepEqual(world.told("chat"), ["page firing storm"]);
  assert.deepEqual(world.told("pager"), ["page firing held"]);
});

function route(name: string, channels: readonly string[], changes: { readonly kinds: string[] }) {
  const classes = ["page", "notification", "ticket"] as const;
  const always = { hosts: [], zones: [], groups: [], hours: undefined };
  return { name, classes, channels, ...always, ...changes };
}

test("a host that is gone silences what is said of its parts and servers, and no page", () => {
  const world = chat();
  world.alert("unproven");
  world.alert("server-stuck", { class: "ticket" });
  world.alert("device-mute-bmc", { class: "ticket" });
  world.alert("device-bmc");
  world.run(5 * minute);
  assert.deepEqual(world.told(), ["page firing unproven", "page firing device-bmc"]);
  world.alert("unproven", { status: "resolved" });
  world.run(minute);
  assert.deepEqual(world.told().slice(2).sort(), [
    "page resolved unproven",
    "ticket firing device-mute-bmc",
    "ticket firing server-stuck",
  ]);
});

test("three pages at once go alone, the others of that half minute as one; none is lost", () => {
  const world = chat();
  const hosts = Array.from({ length: 20 }, (_, n) => hostName(`compute-${n + 1}`));
  for (const host of hosts) world.alert("held", { host });
  world.run(5000);
  assert.equal(world.sent.length, 3);
  world.run(10_000);
  assert.deepEqual(world.told(), [
    ...Array<string>(3).fill("page firing held"),
    "page firing digest",
  ]);
  const [digest] = world.messages().slice(-1);
  assert.match(digest?.title ?? "", /^17 more: compute-4 held; .* and 12 others$/);
  assert.equal(digest?.why.length, 17);
  for (const host of hosts) world.alert("held", { host, status: "resolved" });
  world.run(2 * minute);
  const ends = world.messages().slice(4);
  assert.ok(
    ends.every(({ status }) => status === "resolved"),
    "the digest ends, too",
  );
  assert.ok(ends.some(({ dedupKey }) => dedupKey === digest?.dedupKey));
});

test("overflow of what is no page becomes one message, and leaves room for pages", () => {
  const rate = { burst: 5, perMinute: 5 };
  const world = chat({ channels: new Map([["chat", { rate, feed: false }]]) });
  for (let n = 1; n <= 18; n += 1) {
    const host = hostName(`compute-${n}`);
    world.alert("degraded", { host, class: "ticket" });
  }
  world.run(32_000);
  assert.equal(world.sent.length, 1);
  assert.match(world.messages()[0]?.title ?? "", /^18 more: /);
  for (let n = 1; n <= 3; n += 1) world.alert("held", { host: hostName(`compute-${n}`) });
  world.run(1500);
  assert.equal(world.sent.length, 4, "pages at once");
});

test("a program that listens gets every sending at once, under the core's own id", () => {
  const rate = { burst: 100, perMinute: 1000 };
  const world = chat({ channels: new Map([["hook", { rate, feed: true }]]) });
  world.storms = [stormOf(["compute-1"])];
  world.alert("storm", { host: undefined });
  world.alert("held");
  world.run(1000);
  world.alert("held", { why: ["newer"] });
  world.alert("evacuated", { class: "notification" });
  world.alert("held", { status: "resolved" });
  world.run(2000);
  assert.deepEqual(world.told("hook"), [
    "page firing storm",
    "page firing held",
    "page firing held",
    "notification firing evacuated",
    "page resolved held",
  ]);
  assert.equal(world.messages("hook")[0]?.id, "guardian/lab/guardian/storm/firing/1-1000");
});
