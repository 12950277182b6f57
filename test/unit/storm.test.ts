import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { foldCensus } from "../../guardian/core/census.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import { suspectHoldMsOf, wholeCloud } from "../../guardian/core/storm.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import { hostName } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");

const hostsInTrouble = (state: GuardianState): readonly string[] =>
  foldCensus(state).census.trouble;
const holdingSuspects = (state: GuardianState): readonly string[] =>
  foldCensus(state).census.suspects;
const stormLimit = (state: GuardianState): number => foldCensus(state).census.limit;

function settled(changes: Partial<Settings> = {}, hosts = 8): CoreFixture {
  return new CoreFixture({ mode: "observe", ...changes }, hosts).run(15_000);
}

for (const [hosts, limit] of [
  [1, 1],
  [2, 1],
  [9, 1],
  [19, 1],
  [20, 2],
  [29, 2],
  [30, 3],
] as const) {
  test(`${hosts} hosts: ${limit} at once`, () => {
    assert.equal(stormLimit(settled({}, hosts).state), limit);
  });
}

test("hosts in maintenance, disabled by others, announced or unknown count on neither side", () => {
  const { hosts } = new CoreFixture({}, 20).settings;
  const entry = hosts.get(host1);
  assert.ok(entry !== undefined);
  const core = settled({ hosts: new Map(hosts).set(host1, { ...entry, maintenance: "x" }) }, 20);
  assert.equal(stormLimit(core.state), 1);
  core.powerLoss(host1);
  const { checks } = core.factsOf(host2);
  core.fact(host2, { checks: { ...checks, notice: "rebooting" } });
  core.run(1000);
  core.powerLoss(host2);
  Object.assign(core.nova.service(host3), { status: "disabled", reason: "by alice" });
  core.run(6000);
  core.powerLoss(host3);
  core.run(6000);
  assert.deepEqual(hostsInTrouble(core.state), []);
});

test("a host whose storage failed is in trouble although it lives", () => {
  const core = settled();
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, directory: "read-only" } });
  core.run(59_000);
  assert.deepEqual(hostsInTrouble(core.state), []);
  core.run(6000);
  assert.deepEqual(hostsInTrouble(core.state), [host1]);
});

test("a fenced host counts until it is released, 24 h at most", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  core.run(20_000);
  core.phase(host1, "ended");
  assert.deepEqual(hostsInTrouble(core.state), [host1]);
  const { now: at, state } = core;
  core.take({
    kind: "released",
    at,
    wall: state.wall,
    host: host1,
    by: "alice",
    reason: "repaired",
  });
  core.run(1000);
  assert.deepEqual(hostsInTrouble(core.state), []);
});

test("a storm begins above the limit, and ends only after 5 min at or below it", () => {
  const core = settled();
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(7000);
  assert.ok(core.state.memory.storms[wholeCloud] !== undefined);
  core.run(3_600_000 / 10);
  assert.ok(core.state.memory.storms[wholeCloud] !== undefined, "never by time alone");
  const { guid } = core.factsOf(host2);
  core.fact(host2, { reports: true, echo: ["management", "storage"], power: "on", guid });
  core.run(3000);
  const { belowSince } = core.state.memory.storms[wholeCloud] ?? {};
  assert.ok(belowSince !== undefined);
  core.run(150_000);
  core.powerLoss(host2);
  core.run(7000);
  assert.equal(
    core.state.memory.storms[wholeCloud]?.belowSince,
    undefined,
    "it flared up: the cooldown is void",
  );
  core.fact(host2, { reports: true, echo: ["management", "storage"], power: "on" });
  core.run(299_000);
  assert.ok(core.state.memory.storms[wholeCloud] !== undefined);
  core.run(5000);
  assert.equal(core.state.memory.storms[wholeCloud], undefined);
});

test("in a storm nothing is fenced, hosts that read off included; one page names them all", () => {
  const core = new CoreFixture().run(15_000);
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.powerLoss(host3);
  core.run(60_000);
  assert.equal(core.done("power-off").length, 0);
  const pages = core.alerts().filter((alert) => alert.class === "page");
  assert.deepEqual([...new Set(pages.map((page) => page.kind))], ["storm"]);
  assert.match(pages.at(-1)?.why[0] ?? "", /3 in trouble \(compute-1, compute-2, compute-3\)/);
});

test("a host that dies in a storm whose page is taken note of is told by that page, anew", () => {
  const core = settled();
  const answers = { reports: false, echo: ["management", "storage"], power: "on" } as const;
  core.fact(host1, answers);
  core.fact(host2, answers);
  core.run(60_000);
  const pages = (): readonly AlertMessage[] =>
    core.alerts().filter(({ kind, status }) => kind === "storm" && status === "firing");
  const [first] = pages();
  assert.ok(first !== undefined && !first.why.some((line) => line.includes("down since")));
  const { now: at, state } = core;
  const wall = state.wall;
  core.take({ kind: "acknowledged", at, wall, host: undefined, by: "alice", reason: "alive" });
  core.run(600_000);
  const before = pages().length;
  core.restart();
  core.powerLoss(host1);
  core.run(120_000);
  assert.equal(pages().length, before + 1);
  assert.ok(pages().at(-1)?.why.includes("down since, after they had lived in it: compute-1"));
});

test("while our eyes are in doubt a suspect holds nobody, and uses up nothing of its time", () => {
  const core = settled();
  core.fact(host1, { reports: false });
  core.run(2750);
  core.collectorUp = false;
  core.run(30_000);
  const { heldMs = 0 } = core.state.suspectHolds.get(host1) ?? {};
  assert.ok(heldMs < 4000, `${heldMs} ms`);
});

test("however long a silence takes, a suspect holds for half of the 5 min at most", () => {
  const hold = (silentAfterMs: number): number =>
    suspectHoldMsOf({ ...defaultLimits, silentAfterMs });
  assert.deepEqual([5000, 20_000, 300_000].map(hold), [10_000, 34_000, 150_000]);
});

test("a suspect holds for 10 s in 5 min, so a flapper blocks nobody", () => {
  const core = settled();
  const flap = (): void => {
    core.fact(host1, { reports: false });
    core.run(4000);
    core.fact(host1, { reports: true });
    core.run(4000);
  };
  core.fact(host1, { reports: false });
  core.run(4000);
  assert.deepEqual(holdingSuspects(core.state), [host1]);
  for (let times = 0; times < 20; times += 1) flap();
  core.fact(host1, { reports: false });
  core.run(4000);
  assert.ok(core.hostState(host1).suspectSince !== undefined);
  assert.deepEqual(holdingSuspects(core.state), []);
  core.fact(host1, { reports: true });
  core.run(301_000);
  core.fact(host1, { reports: false });
  core.run(4000);
  assert.deepEqual(holdingSuspects(core.state), [host1]);
});
