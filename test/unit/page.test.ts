/** The web page as a function of its state: what it says, shows, asks and refuses; no browser is needed for that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lineChart, waterfallOf } from "../../guardian/page/charts.ts";
import { groupHosts, tally } from "../../guardian/page/grid.ts";
import { lightsOf } from "../../guardian/page/lights.ts";
import type {} from "../../guardian/page/messages.ts";
import { paths } from "../../guardian/page/needs.ts";
import { findAll, textOf, type ViewNode } from "../../guardian/page/node.ts";
import { hashOf, lists, readRoute, type Route } from "../../guardian/page/state.ts";
import { announcement, isStale, standingOf, titleOf, view } from "../../guardian/page/view.ts";
import { eventText } from "../../guardian/page/view-log.ts";
import { pageEnglish } from "../../guardian/page/words-en.ts";
import { pageChinese } from "../../guardian/page/words-zh.ts";
import { say, sinceWords } from "../../guardian/page/words.ts";
import {
  hostile,
  hostileStates,
  hostLine,
  incident,
  move,
  pageState,
  status,
} from "../support/page-state.ts";

const english = { language: "en" } as const;

test("both languages say the same things, with the same names in braces", () => {
  const names = (text: string): readonly string[] =>
    [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  assert.deepEqual(Object.keys(pageChinese).sort(), Object.keys(pageEnglish).sort());
  for (const [key, text] of Object.entries(pageEnglish)) {
    const other = pageChinese[key as keyof typeof pageChinese];
    assert.deepEqual(names(other), names(text), key);
    assert.ok(text.length > 0 && other.length > 0, key);
  }
  assert.equal(say("light.old", "zh", { value: "up" }), "最后一次报告时为 up");
  assert.deepEqual(
    [0, 119_000, 121_000, 7_300_000].map((ms) => sinceWords(ms, "en")),
    ["0 s", "119 s", "2 min", "2 h"],
  );
});

test("the bar says above all whether anything will be fenced", () => {
  assert.equal(
    standingOf({ ...status, mode: "observe" }, "en").text,
    "OBSERVE ONLY: nothing will be fenced",
  );
  assert.equal(standingOf({ ...status, mode: "observe" }, "zh").text, "仅观察：不会隔离任何主机");
  assert.equal(standingOf({ ...status, mode: "ask" }, "en").tone, "ask");
  assert.match(standingOf(status, "en").text, /^ACT: armed/);
  // Whatever the mode: disarmed is what counts.
  const disarming = { ...status, arming: "disarming", underWay: ["compute-3"] } as const;
  assert.match(standingOf(disarming, "en").text, /^DISARMING: .*compute-3$/);
  assert.equal(standingOf({ ...status, arming: "disarmed" }, "en").tone, "disarmed");
  assert.equal(standingOf(undefined, "en").tone, "unread");
});

test("an alert in the log says what will be done about it, while it fires", () => {
  const data = { class: "page", status: "firing", title: "c-1 is dead", next: "mode observe" };
  const shown = (changes: object): string =>
    eventText({ id: "1-1", kind: "alert", data: { ...data, ...changes } }, "en");
  assert.equal(shown({}), "PAGE c-1 is dead → mode observe");
  assert.equal(shown({ status: "resolved" }), "PAGE resolved: c-1 is dead");
});

test("what is shown is called stale when nothing was heard for long, or the stream was cut", () => {
  const state = pageState({}, { nowMs: 9000, heardMs: 2000 });
  assert.equal(isStale(state), false);
  assert.equal(isStale({ ...state, nowMs: 11_000 }), true);
  assert.equal(isStale({ ...state, link: "lost" }), true);
  // It answers, and its loop stands still.
  const standing = pageState({
    [paths.status({ language: "en" })]: { ...status, decidedMsAgo: 9000 },
  });
  assert.equal(isStale({ ...standing, nowMs: 9000, heardMs: 9000 }), true);
  const shown = textOf(view({ ...state, nowMs: 11_000 }));
  assert.match(shown, /STALE: last heard 9 s ago/);
  assert.match(announcement({ ...state, nowMs: 11_000 }), /may be out of date/);
});

test("five lights: each its tone; what a silent host last said of itself is no news", () => {
  const tones = (changes: Parameters<typeof hostLine>[1]): string =>
    lightsOf(hostLine("a", changes))
      .map(({ tone }) => tone)
      .join(" ");
  assert.equal(tones({}), "good good good good good");
  assert.equal(tones({ reports: "overdue" }), "warn good good good good");
  assert.equal(tones({ reports: "silent", bmc: "off" }), "bad none none none bad");
  assert.equal(tones({ reports: "never", bmc: "unread" }), "none none none none none");
  assert.equal(tones({ storage: "down", business: "unknown" }), "good bad none good good");
  assert.equal(tones({ directory: "read-only" }), "good good good bad good");
  assert.equal(tones({ directory: "slow", bmc: "on unverified" }), "good good good warn warn");
  assert.equal(tones({ bmc: "none" }), "good good good good warn");
});

test("a card says what is done about its host, or which gate holds it", () => {
  const shown = (changes: Parameters<typeof hostLine>[1]): string =>
    textOf(view(pageState({ [paths.hosts]: [hostLine("c-1", changes)] })));
  assert.match(
    shown({ verdict: "dead", held: "storm, armed" }),
    /held by storm, armed · 3 servers/,
  );
  assert.match(shown({ verdict: "dead", phase: "fencing" }), /fencing · 3 servers/);
  assert.match(shown({ maintenance: "new disks" }), /in maintenance · 3 servers/);
  assert.match(shown({ reports: "overdue" }), /report overdue, storage network up/);
});

test("hosts stand in groups, in the order in which people count, the worst verdict first", () => {
  const hosts = [
    hostLine("c-10", { domains: "zone nova, rack B" }),
    hostLine("c-9", { verdict: "dead" }),
    hostLine("c-1", { domains: "", zone: "" }),
  ];
  const shown = (by: Parameters<typeof groupHosts>[1], search = ""): readonly string[] =>
    groupHosts(hosts, by, search).map(
      (group) => `${group.name}: ${group.hosts.map(({ host }) => host).join(" ")}`,
    );
  assert.deepEqual(shown("rack"), ["A: c-9", "B: c-10", ": c-1"]);
  assert.deepEqual(shown("zone"), ["nova: c-9 c-10", ": c-1"]);
  assert.deepEqual(shown("verdict"), ["dead: c-9", "healthy: c-1 c-10"]);
  assert.deepEqual(shown("rack", " RACK b"), ["B: c-10"]);
  assert.deepEqual(shown("rack", "nothing"), []);
  assert.deepEqual(tally(hosts), [
    ["dead", 1],
    ["healthy", 2],
  ]);
});

test("every part of the page has an address that leads back to it, whatever its name", () => {
  const routes: readonly Route[] = [
    { kind: "hosts" },
    { kind: "host", host: "compute-1" },
    { kind: "host", host: hostile },
    { kind: "incident", id: "i1-compute-1" },
    ...lists.map((list) => ({ kind: "list", list }) as const),
  ];
  for (const route of routes) assert.deepEqual(readRoute(hashOf(route)), route);
  for (const odd of ["", "#", "#/nowhere", "#/host/", "#/host/%E0%A4%A", "#token=x"]) {
    assert.deepEqual(readRoute(odd), { kind: "hosts" }, odd);
  }
  assert.equal(
    titleOf(pageState({}, { route: { kind: "host", host: "c-1" } })),
    "c-1 · Compute guardian",
  );
});

test("moves lie on a common axis: who began later stands further right, who runs reaches to now", () => {
  const began = (seconds: number): string =>
    new Date(1_780_000_000_000 + seconds * 1000).toISOString();
  const moves = [
    move("late", { began: began(5), seconds: "5.0" }),
    move("first", { began: began(0), seconds: "4.0" }),
    move("runs", { began: began(2), seconds: "", result: "running", stage: "spawn" }),
    move("waits", { began: "", seconds: "", result: "planned", stage: "waiting" }),
    move("lost", { began: began(0), seconds: "1.0", result: "failed" }),
  ];
  const { bars, spanMs } = waterfallOf(moves, 1_780_000_000_000 + 10_000);
  assert.equal(spanMs, 10_000);
  const shown = bars.map(({ move: { name }, from, to, tone }) => `${name} ${from} ${to} ${tone}`);
  assert.deepEqual(shown, [
    "waits 0 0 waiting",
    "lost 0 100 failed",
    "first 0 400 done",
    "runs 200 1000 running",
    "late 500 1000 done",
  ]);
  assert.deepEqual(waterfallOf([], 0), { bars: [], spanMs: 1 });
});

test("a chart of many samples is thinned, and its highest one stays", () => {
  const samples = Array.from({ length: 1000 }, (_, at) => ({
    time: new Date(at * 1000).toISOString(),
    volume: at === 700 ? 50 : 1,
    unit: "ms",
  }));
  const line = findAll(lineChart(samples, "x"), ({ tag }) => tag === "polyline")[0];
  const points = String(line?.attributes["points"]).split(" ");
  assert.ok(points.length <= 160, `${points.length} points`);
  assert.ok(
    points.some((point) => point.endsWith(",4.0")),
    "the peak reaches the top",
  );
});

test("an incident shows its moves, its timeline, and what may be answered", () => {
  const path = paths.incident(english, "i1-compute-1");
  const moves = [move("vm-1"), move("vm-2", { result: "running", seconds: "", stage: "volume" })];
  const route = { kind: "incident", id: "i1-compute-1" } as const;
  const shown = textOf(
    view(pageState({ [path]: incident("i1-compute-1", "compute-1", moves) }, { route })),
  );
  assert.match(shown, /Approve Hold Dismiss Acknowledge/);
  assert.match(shown, /Moves: 1 of 2 done/);
  assert.match(shown, /vm-2 compute-1 compute-2 volume/);
  assert.match(shown, /\+0\.0 s silent/);
});

/** Every node of every part of the page, each name in it an attack. */
function hostileNodes(): readonly ViewNode[] {
  return hostileStates().flatMap((state) => findAll(view(state), () => true));
}

test("a name that is markup stays a text: no handler, no style, no address but the page's own", () => {
  const nodes = hostileNodes();
  assert.ok(nodes.length > 500);
  assert.ok(
    nodes.some((node) => node.children.includes(hostile)),
    "it is shown",
  );
  for (const { tag, attributes } of nodes) {
    assert.match(tag, /^[a-z0-9]+$/);
    assert.ok(!["script", "iframe", "object", "embed", "style", "base"].includes(tag), tag);
    for (const [name, value] of Object.entries(attributes)) {
      assert.doesNotMatch(name, /^on|^style$|^src|^srcdoc$|^formaction$/, `${tag} ${name}`);
      if (name === "href") assert.match(String(value), /^(?:#|https?:\/\/)/);
      if (name === "class") assert.doesNotMatch(String(value), /[<">]/);
    }
  }
});

test("a host of which nothing shown has changed is the same object, and costs nothing", () => {
  const cards = (changes: Parameters<typeof hostLine>[1]): readonly ViewNode[] => {
    const hosts = [hostLine("c-1", changes), hostLine("c-2", { verdict: "dead" })];
    const shown = view(pageState({ [paths.hosts]: hosts }));
    return findAll(shown, ({ tag, key }) => tag === "li" && (key?.startsWith("c-") ?? false));
  };
  const [before, after] = [cards({}), cards({ libvirt: "unknown" })];
  assert.equal(before.length, 2);
  assert.ok(before.every((card, at) => card === after[at]));
  assert.notEqual(cards({ reports: "overdue" })[0], before[0]);
});
