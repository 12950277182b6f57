/** The ceiling of an incident, silences, acknowledgements, the second level, routes and their hours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseHours,
  isWithin,
  minuteOfWeek,
  describeMinute,
} from "../../guardian/dispatch/hours.ts";
import type { Silence } from "../../guardian/dispatch/model.ts";
import { isLike } from "../../guardian/dispatch/patterns.ts";
import { routeProblems } from "../../guardian/dispatch/routes.ts";
import type { Route } from "../../guardian/dispatch/settings.ts";
import { silenceProblem } from "../../guardian/dispatch/silences.ts";
import { catalogues } from "../../guardian/dispatch/words.ts";
import { hostName } from "../../shared/names.ts";
import { DispatchFixture, settingsWith, sunday } from "../support/dispatch-fixture.ts";

const minute = 60_000;
const hour = 3_600_000;

function chat(changes: Parameters<typeof settingsWith>[1] = {}): DispatchFixture {
  return new DispatchFixture(settingsWith(["chat"], changes));
}

test("at most six messages of an incident; the sixth says where the rest is", () => {
  const world = chat();
  for (let n = 1; n <= 20; n += 1) {
    world.alert("dead", { class: "notification", title: `step ${n}` });
    world.run(minute);
  }
  assert.equal(world.sent.length, 6);
  const next = world.messages().map((message) => message.next);
  assert.match(next[5] ?? "", /message 6 .* guardian incident show i1-compute-1\.$/);
  assert.ok(next.slice(0, 5).every((text) => text === "look"));
  world.alert("dead", { class: "notification", host: hostName("compute-2") });
  world.run(minute);
  assert.equal(world.sent.length, 7, "another incident has its own");
});

function spend(world: DispatchFixture): void {
  for (let n = 1; n <= 8; n += 1) {
    world.alert("dead", { class: "notification", title: `step ${n}` });
    world.run(minute);
  }
  assert.equal(world.sent.length, 6);
  world.sent.length = 0;
}

test("beyond six, a page about a new trouble passes at once, its repeats and its end, too", () => {
  const world = chat();
  spend(world);
  world.alert("left-behind");
  world.run(1000);
  assert.deepEqual(world.told(), ["page firing left-behind"]);
  world.run(30 * minute);
  world.alert("left-behind");
  world.run(1000);
  world.alert("left-behind", { status: "resolved" });
  world.run(minute);
  assert.deepEqual(world.told().slice(1), ["page firing left-behind", "page resolved left-behind"]);
});

test("beyond six, a page that flaps is told again every 5 min, not each time", () => {
  const world = chat();
  spend(world);
  for (let n = 0; n < 60; n += 1) {
    world.alert("proof-lost");
    world.run(5000);
    world.alert("proof-lost", { status: "resolved" });
    world.run(35_000);
  }
  const fired = world.messages().filter(({ status }) => status === "firing");
  assert.ok(fired.length >= 6 && fired.length <= 9, `${fired.length} in 40 min`);
});

function silence(match: Silence["match"], ms = hour): Silence {
  const fromWall = sunday;
  const words = { reason: "new disks", owner: "bob", by: "alice (uid 1000)" };
  return { id: "s1", match, ...words, fromWall, untilWall: fromWall + ms };
}

test("a silence keeps what it matches until its end; then what still fires is told", () => {
  const world = chat();
  const match = { host: "compute-*", kind: "held", domain: "rack B7" } as const;
  world.take({ kind: "silence-set", silence: silence(match) });
  world.alert("held", { domains: ["rack B7"] });
  world.alert("held", { host: hostName("compute-2"), domains: ["rack B8"] });
  world.alert("unproven", { domains: ["rack B7"] });
  world.run(30 * minute);
  assert.deepEqual(
    world.messages().map(({ title }) => title),
    ["compute-2 held", "compute-1 unproven"],
  );
  world.run(31 * minute);
  assert.ok(world.messages().some(({ title }) => title === "compute-1 held"));
  assert.equal(world.state.silences.size, 0);
});

test("ending a silence tells at once, and who ended it is in the log", () => {
  const world = chat();
  world.take({ kind: "silence-set", silence: silence({ host: "compute-1" }) });
  world.alert("held");
  world.run(minute);
  assert.equal(world.sent.length, 0);
  world.take({ kind: "silence-ended", id: "s1", by: "bob (uid 1001)", reason: "done" });
  world.run(1000);
  assert.deepEqual(world.told(), ["page firing held"]);
  const { fields } = world.lines.at(-1) ?? {};
  assert.deepEqual(fields, { silence: "s1", by: "bob (uid 1001)", reason: "done" });
});

test("no silence swallows a page about the guardian, about many hosts, or of a quarantine", () => {
  const world = chat();
  world.take({ kind: "silence-set", silence: silence({ kind: "*a*" }) });
  world.take({ kind: "silence-set", silence: { ...silence({ kind: "*i*" }), id: "s2" } });
  for (const kind of ["blind", "disarmed", "nova", "storm-rack-a"]) {
    world.alert(kind, { host: undefined });
  }
  world.alert("quarantined");
  world.alert("isolated");
  world.run(minute);
  assert.equal(world.sent.length, 5);
  assert.ok(!world.told().includes("page firing isolated"));
});

test("a silence of everything, of no reason, or without an end in sight is refused", () => {
  assert.match(silenceProblem(silence({ class: "page" })) ?? "", /must name a host/);
  assert.match(silenceProblem(silence({ host: "*" })) ?? "", /must name a host/);
  assert.match(silenceProblem(silence({ host: "a" }, 31 * 24 * hour)) ?? "", /30 days/);
  assert.match(silenceProblem(silence({ host: "a" }, 0)) ?? "", /end is over/);
  assert.match(silenceProblem({ ...silence({ host: "a" }), reason: "" }) ?? "", /reason/);
  assert.equal(silenceProblem(silence({ host: "*", kind: "held" })), undefined);
});

const escalation = {
  afterMs: 10 * minute,
  channels: ["phone"],
  repeatMs: 15 * minute,
  times: 3,
};

function twoLevels(): DispatchFixture {
  const routes = [route({ channels: ["chat"] })];
  return new DispatchFixture(settingsWith(["chat", "phone"], { routes, escalation }));
}

test("a page that nobody acknowledges goes to the second level, so often and no oftener", () => {
  const world = twoLevels();
  world.alert("held");
  world.run(9 * minute);
  assert.deepEqual(world.told("phone"), []);
  world.run(2 * minute);
  assert.deepEqual(world.told("phone"), ["page firing held"]);
  world.run(3 * hour);
  assert.equal(world.messages("phone").length, 3);
  world.alert("held", { status: "resolved" });
  world.run(minute);
  assert.equal(world.told("phone").at(-1), "page resolved held");
});

test("acknowledged, it is told no further; once it says something else, it is not any more", () => {
  const world = twoLevels();
  world.alert("held");
  world.run(minute);
  const by = "alice (uid 1000)";
  world.take({ kind: "acknowledged", host: hostName("compute-1"), by, reason: "on my way" });
  world.run(hour);
  assert.deepEqual(world.told("phone"), []);
  assert.equal(world.messages("chat").length, 1, "nor repeated by us");
  world.alert("held", { title: "compute-1 held by nova" });
  world.run(11 * minute);
  assert.deepEqual(world.told("phone"), ["page firing held"]);
});

test("what was not told yet is not acknowledged with the rest", () => {
  const world = twoLevels();
  world.take({ kind: "silence-set", silence: silence({ kind: "unproven" }, 5 * minute) });
  world.alert("held");
  world.alert("unproven");
  world.run(minute);
  world.take({ kind: "acknowledged", host: hostName("compute-1"), by: "a", reason: "b" });
  world.run(20 * minute);
  assert.deepEqual(world.told("chat"), ["page firing held", "page firing unproven"]);
  assert.deepEqual(world.told("phone"), ["page firing unproven"]);
});

test("nor once it is told at last: the core's note of it was of before", () => {
  const world = twoLevels();
  world.take({ kind: "silence-set", silence: silence({ kind: "unproven" }, 5 * minute) });
  world.alert("held");
  world.alert("unproven");
  world.run(minute);
  const by = "alice (uid 1000)";
  world.take({ kind: "acknowledged", host: hostName("compute-1"), by, reason: "b" });
  // What the core tells whenever anything of its alerts changes.
  const noted = (): void => {
    const alerts = [...world.state.alerts.values()].map(({ message, place }) => {
      return { message, place, acknowledgedBy: by };
    });
    world.take({ kind: "firing", alerts, storms: world.storms });
  };
  noted();
  world.run(6 * minute);
  noted();
  world.run(20 * minute);
  assert.deepEqual(world.told("chat"), ["page firing held", "page firing unproven"]);
  assert.deepEqual(world.told("phone"), ["page firing unproven"]);
});

test("silences, acknowledgements and what was told outlive a restart", () => {
  const world = twoLevels();
  world.take({ kind: "silence-set", silence: silence({ kind: "unproven" }) });
  world.alert("held");
  world.alert("unproven");
  world.run(minute);
  const by = "alice (uid 1000)";
  world.take({ kind: "acknowledged", host: hostName("compute-1"), by, reason: "on my way" });
  world.restart([...world.state.alerts.values()].map(({ message }) => message));
  world.run(20 * minute);
  assert.deepEqual(world.told("chat"), ["page firing held"]);
  assert.deepEqual(world.told("phone"), []);
  const { ack } = world.state.alerts.get("guardian/lab/compute-1/held") ?? {};
  assert.deepEqual([ack?.by, ack?.reason], [by, "on my way"]);
  assert.equal(world.state.silences.get("s1")?.reason, "new disks");
  world.run(45 * minute);
  assert.equal(world.told("chat").at(-1), "page firing unproven", "and the silence ends in time");
});

function route(changes: Partial<Route>): Route {
  return {
    name: "all",
    classes: ["page", "notification", "ticket"],
    kinds: [],
    hosts: [],
    zones: [],
    groups: [],
    hours: undefined,
    channels: ["chat"],
    ...changes,
  };
}

test("routes choose by class, zone and hour; an open page follows the shift, the rest does not", () => {
  const day = parseHours("08:00-20:00");
  const night = parseHours("20:00-08:00");
  const routes = [
    route({ channels: ["day"], hours: day }),
    route({ channels: ["night"], hours: night }),
    route({ channels: ["az2"], zones: ["az-2"], classes: ["page"] }),
  ];
  // 00:00 UTC is 08:00 in Shanghai.
  const settings = { routes, timeZone: "Asia/Shanghai" };
  const world = new DispatchFixture(settingsWith(["day", "night", "az2"], settings));
  world.alert("held", { domains: ["zone az-2"] });
  world.alert("degraded", { class: "ticket", domains: ["zone az-2"], host: hostName("c2") });
  world.run(minute);
  assert.deepEqual(world.told("az2"), ["page firing held"]);
  assert.deepEqual(world.told("day"), ["page firing held", "ticket firing degraded"]);
  assert.deepEqual(world.told("night"), []);
  world.run(12 * hour);
  assert.ok(world.told("night").every((text) => text === "page firing held"));
  assert.ok(world.told("night").length > 0);
});

test("configuration that routes pages nowhere at some hour is refused, and the hour is named", () => {
  const channels = ["chat", "phone"];
  const check = (...routes: Route[]): readonly string[] =>
    routeProblems(routes, undefined, channels);
  assert.deepEqual(check(), []);
  assert.deepEqual(check(route({})), []);
  const day = parseHours("mon-fri 08:00-20:00");
  assert.match(check(route({ hours: day }))[0] ?? "", /on sun 00:00 a page goes to no channel/);
  const rest = parseHours("20:00-08:00");
  const weekend = parseHours("sat,sun 00:00-24:00");
  const nearly = [day, rest, weekend].map((hours) => route({ hours }));
  assert.deepEqual(check(...nearly), []);
  assert.match(check(...nearly.slice(0, 2))[0] ?? "", /on sun 08:00/);
  assert.match(check(route({ zones: ["az-1"] }))[0] ?? "", /goes to no channel/);
  assert.match(check(route({ classes: ["ticket"] }))[0] ?? "", /goes to no channel/);
  assert.match(
    check(route({ channels: ["pager"] }))[0] ?? "",
    /no such channel: pager; known: chat/,
  );
  const unknown = { afterMs: 1, channels: ["sms"], repeatMs: 1, times: 1 };
  assert.match(routeProblems([], unknown, channels)[0] ?? "", /escalation: no such channel: sms/);
});

test("hours of the week: past midnight, past Saturday, in the zone that is named", () => {
  const friday = parseHours("fri 22:00-06:00");
  const at = (day: number, clock: number): number => day * 1440 + clock * 60;
  assert.deepEqual(
    [at(5, 21), at(5, 22), at(6, 5), at(6, 6), at(0, 23)].map((when) => isWithin(friday, when)),
    [false, true, true, false, false],
  );
  const saturday = parseHours("sat 22:00-06:00");
  assert.ok(isWithin(saturday, at(0, 3)), "Sunday morning belongs to Saturday night");
  assert.deepEqual(parseHours("fri-mon 08:00-09:00")?.days, [5, 6, 0, 1]);
  for (const bad of ["8-9", "25:00-26:00", "08:00-08:00", "fry 08:00-09:00", "08:61-09:00"]) {
    assert.equal(parseHours(bad), undefined, bad);
  }
  // Clocks go back at 01:00 UTC on 2026-10-25 in Berlin: 02:30 is there twice.
  const before = Date.UTC(2026, 9, 25, 0, 30);
  for (const wall of [before, before + hour]) {
    assert.equal(describeMinute(minuteOfWeek(wall, "Europe/Berlin")), "sun 02:30");
  }
});

test("patterns", () => {
  const cases: readonly [string, string, boolean][] = [
    ["compute-1", "compute-1", true],
    ["compute-1", "compute-12", false],
    ["compute-*", "compute-12", true],
    ["*-gpu-*", "rack-gpu-1", true],
    ["a*a", "a", false],
    ["*", "", true],
  ];
  for (const [pattern, text, like] of cases) assert.equal(isLike(pattern, text), like, pattern);
});

test("both catalogues say the same things, with the same names in them", () => {
  const { en, zh } = catalogues;
  assert.deepEqual(Object.keys(zh), Object.keys(en));
  const names = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(names(zh[key as keyof typeof zh]), names(text), key);
  }
});
