import assert from "node:assert/strict";
import { test } from "node:test";
import { explain, explanationText, type Explanation } from "../../guardian/core/explain.ts";
import { gateOutlook } from "../../guardian/core/gate-outlook.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import type { HostName } from "../../shared/names.ts";
import { render, words } from "../../guardian/core/words.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function explained(core: CoreFixture, host: HostName = host1): Explanation {
  const found = explain(core.state, core.hostState(host));
  assert.ok(found !== undefined);
  return found;
}

function next(core: CoreFixture, host: HostName = host1): readonly string[] {
  return explained(core, host).next.map((one) => render(one.words));
}

function settled(changes: Partial<Settings> = {}): CoreFixture {
  return new CoreFixture(changes).run(15_000);
}

/** Waits for what an explanation promised: the row after that time, and the row just before. */
function expectInTime(core: CoreFixture, row: string, slackMs: number): void {
  const before = core.assessment(host1).row;
  const leftMs = explained(core).next.find(({ inMs }) => inMs !== undefined)?.inMs;
  assert.ok(leftMs !== undefined, `no time in: ${next(core).join("; ")}`);
  if (leftMs > 1500) {
    core.run(leftMs - 1500);
    assert.equal(core.assessment(host1).row, before, "not sooner");
    core.run(1500 + slackMs);
  } else {
    core.run(leftMs + slackMs);
  }
  assert.equal(core.assessment(host1).row, row);
}

test("a healthy host: nothing holds, and what a silence would do", () => {
  const core = settled();
  const { verdict, row, gates, evidence } = explained(core);
  assert.deepEqual([verdict, row], ["healthy", "8"]);
  assert.ok(gates.length >= 15, "every gate is shown, whether it is asked or not");
  assert.deepEqual(
    [...new Set(evidence.map(({ kind }) => kind))],
    ["reports", "power", "nova", "checks"],
  );
  assert.ok(
    evidence.every(({ ageMs }) => ageMs !== undefined),
    "each with its age",
  );
  assert.deepEqual(next(core), ["if its reports stop: suspect after 3 s, silent after 5 s"]);
});

test("an overdue host is silent when the explanation says so", () => {
  const core = settled();
  core.hang(host1);
  core.run(3500);
  assert.equal(core.assessment(host1).row, "8a");
  expectInTime(core, "17", 1500);
});

test("a failing check becomes a verdict when the explanation says so", () => {
  const core = settled();
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, storage: "down" } });
  core.run(20_000);
  assert.match(next(core)[0] ?? "", /^degraded in \d+\.\d s if storage stays down$/);
  expectInTime(core, "4", 1500);
  assert.deepEqual(next(core), ["healthy again when storage is good"]);
});

test("Nova's record stands still long enough when the explanation says so", () => {
  const core = settled({ mode: "observe" });
  core.hang(host1);
  core.run(7000);
  assert.equal(core.assessment(host1).row, "17");
  expectInTime(core, "18", 2500);
});

test("a host that answers pings hangs when the explanation says so", () => {
  const core = settled();
  core.fact(host1, { reports: false, novaReports: false });
  core.run(20_000);
  assert.equal(core.assessment(host1).row, "12");
  expectInTime(core, "13", 2500);
});

test("an announced silence is judged when the explanation says so", () => {
  const core = settled();
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, notice: "stopping" } });
  core.run(2000);
  core.powerLoss(host1);
  core.run(20_000);
  assert.equal(core.assessment(host1).row, "9");
  expectInTime(core, "14", 1000);
});

test("a device on probation counts when the explanation says so", () => {
  const core = settled({ mode: "observe" });
  core.powerLoss(host1);
  core.fact(host1, { power: "unknown" });
  core.run(10_000);
  assert.equal(core.assessment(host1).row, "15");
  assert.deepEqual(next(core), ["can be fenced when bmc answers"]);
  core.fact(host1, { power: "off" });
  core.run(2500);
  expectInTime(core, "14", 1000);
});

test("the grace after a start ends when the explanation says so", () => {
  const core = settled();
  core.powerLoss(host1);
  core.restart();
  core.run(30_000);
  assert.equal(core.assessment(host1).row, "14");
  const grace = explained(core).next.find(({ words: said }) => said.key === "gate.grace");
  assert.ok(grace?.inMs !== undefined);
  core.run(grace.inMs - 1000);
  assert.deepEqual(core.done("power-off"), []);
  core.run(2500);
  assert.equal(core.done("power-off").length, 1);
});

test("each gate that holds a dead host says what would open it", () => {
  const core = settled({ mode: "observe" });
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(8000);
  const said = next(core);
  assert.ok(said.includes("acts in mode act, or when a person approves"), said.join("\n"));
  const storm = "acts when at most 1 are in trouble and 300 s have passed, or a person approves";
  assert.ok(said.includes(storm), said.join("\n"));
  const failing = explained(core).gates.filter(({ pass }) => !pass);
  assert.equal(said.length, failing.length, "one for each");
});

test("how much room is missing is by the gate's own figures", () => {
  const core = settled();
  const held = {
    gate: "capacity",
    pass: false,
    value: words("value.free", { free: 1000 }),
    operator: ">=",
    limit: words("limit.capacity", { used: 1512 }),
  } as const;
  assert.notEqual(core.state.census.freeMb, 1000, "other moves will take some of it first");
  const outlook = gateOutlook(core.state, core.hostState(host1), held);
  assert.equal(render(outlook.words), "acts when 512 MB more are free elsewhere");
});

test("in fencing and evacuation it says what ends them", () => {
  const core = settled();
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(5500);
  assert.deepEqual(next(core), ["its servers move when every power device was read off twice"]);
  core.run(2500);
  assert.match(next(core)[0] ?? "", /^ends when each of its servers runs elsewhere/);
  core.run(20_000);
  assert.deepEqual(next(core), [
    "guarded again when a person releases it: guardian host release compute-1 --reason …",
  ]);
});

test("the same explanation in Chinese", () => {
  const core = settled();
  core.powerLoss(host1);
  core.run(3500);
  const text = explanationText(explained(core), "zh");
  const lines = [text["evidence"], text["next"]].flat().join("\n");
  assert.match(lines, /反向 ping，management/);
  assert.match(lines, /秒后判为静默/);
});

test("a degraded host that the policy would fence is asked no witnesses of a death in any mode", () => {
  for (const mode of ["observe", "ask", "act"] as const) {
    const core = settled({ mode, rows: new Map([["4", "fence"]]) });
    const { checks } = core.factsOf(host1);
    core.fact(host1, { checks: { ...checks, directory: "read-only" } });
    core.run(65_000);
    assert.equal(core.assessment(host1).row, "4");
    const names = explained(core).gates.map(({ gate }) => gate);
    assert.ok(!names.includes("third witness") && !names.includes("reverse ping"), names.join());
    assert.ok(names.includes("own word") && names.includes("others alike"), names.join());
    const held = next(core).join("; ");
    const alone = "acts in mode act alone: no approval covers the fence of a host that lives";
    assert.equal(held.includes(alone), mode !== "act", held);
  }
});
