import assert from "node:assert/strict";
import { test } from "node:test";
import type { GateResult } from "../../guardian/core/assessment.ts";
import { gatesToBegin } from "../../guardian/core/gates.ts";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { alice, both, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const host3 = hostName("compute-3");
const ask: Partial<Settings> = { mode: "ask" };
const askThenAct: Partial<Settings> = { mode: "ask", ask: { afterMs: 60_000, byDefault: "act" } };

function settled(changes: Partial<Settings> = {}, hosts = 8): CoreFixture {
  return new CoreFixture(changes, hosts).run(15_000);
}

/** A host that is dead, and on which nothing is done. */
function dead(changes: Partial<Settings>, hosts = 8): CoreFixture {
  const core = settled(changes, hosts);
  core.powerLoss(host1);
  core.run(10_000);
  assert.equal(core.done("power-off").length, 0);
  return core;
}

function gate(core: CoreFixture, name: string, host = host1): GateResult {
  const gates = gatesToBegin(core.state, core.hostState(host), core.assessment(host));
  const found = gates.find((result) => result.gate === name);
  assert.ok(found !== undefined, `no gate "${name}"`);
  return found;
}

function back(core: CoreFixture, host: HostName): void {
  core.fact(host, { reports: true, echo: both, power: "on", novaReports: true });
}

function pages(core: CoreFixture, kind: string): number {
  return core.alerts().filter((alert) => alert.kind === kind && alert.status === "firing").length;
}

test("mode ask: a page asks and names each answer and what follows; nothing is done", () => {
  for (const [changes, none] of [
    [ask, /no answer: nothing is done, and you are told again$/],
    [askThenAct, /no answer within 1 min 0 s: it is fenced and evacuated$/],
  ] as const) {
    const core = dead(changes);
    const page = core.alerts().find((alert) => alert.kind === "ask");
    assert.equal(page?.class, "page");
    const id = core.state.memory.incidents.get(host1)?.id ?? "";
    for (const verb of ["approve", "hold", "dismiss"]) {
      assert.ok(page?.next.includes(`guardian incident ${verb} ${id}`), page?.next);
    }
    assert.match(page?.next ?? "", none);
  }
});

test("approved: the gate names who and when, and the host is evacuated", () => {
  const core = dead(ask);
  core.nova.addServer(host1, "vm-1");
  core.answer(host1, "approved");
  core.tick(12_000 - 250);
  core.tick(250);
  assert.equal(render(gate(core, "mode").value), `ask, approved by ${alice} 12 s ago`);
  core.run(40_000);
  core.phase(host1, "ended");
  assert.equal(core.done("evacuate").length, 1);
});

test("no answer: by default nothing happens; where configured it acts on time, not before", () => {
  const core = dead(ask);
  core.run(3_600_000);
  assert.equal(core.done("power-off").length, 0);
  const acting = settled(askThenAct);
  acting.powerLoss(host1);
  while (pages(acting, "ask") === 0) acting.run(250);
  acting.run(59_750);
  assert.equal(acting.done("power-off").length, 0);
  acting.run(250);
  assert.equal(acting.done("power-off").length, 1);
});

test("no answer is no approval of a storm: the clock does not even run", () => {
  const core = settled(askThenAct);
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(300_000);
  assert.notDeepEqual(core.state.memory.storms, {});
  assert.equal(core.done("power-off").length, 0);
});

test("no answer, then a storm: what acts by default is held by it", () => {
  const limits = { ...defaultLimits, fenceAttemptMs: 10_000 };
  const core = settled({ ...askThenAct, limits });
  core.fact(host1, { offAnswer: { kind: "refused", reason: "no" } });
  core.powerLoss(host1);
  core.run(75_000);
  assert.ok(core.done("power-off").length > 0);
  core.powerLoss(host2);
  core.run(10_000);
  const orders = core.done("power-off").length;
  core.run(120_000);
  assert.equal(gate(core, "mode").pass, true);
  assert.equal(gate(core, "storm").pass, false);
  assert.equal(core.done("power-off").length, orders);
});

test("a restart asks again, with the whole time", () => {
  const core = dead(askThenAct);
  core.run(45_000);
  core.restart();
  core.run(30_000);
  assert.equal(core.done("power-off").length, 0);
});

test("an answer outlives a restart; when it was given is then only known by the wall", () => {
  const core = dead(ask);
  core.answer(host1, "held");
  core.restart();
  core.run(20_000);
  assert.equal(
    render(gate(core, "hold").value),
    `put on hold by ${alice} before the restart: looked`,
  );
  core.answer(host1, "approved");
  core.restart();
  core.run(200_000);
  assert.equal(render(gate(core, "mode").value), `ask, approved by ${alice} before the restart`);
  core.phase(host1, "ended");
});

test("an approval passes the storm for its host alone", () => {
  const core = settled();
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(10_000);
  assert.equal(gate(core, "storm").pass, false);
  core.answer(host1, "approved");
  core.run(1000);
  assert.match(render(gate(core, "storm").value), /^2 in trouble .*; approved by alice/);
  assert.equal(gate(core, "storm", host2).pass, false);
  core.run(30_000);
  core.phase(host1, "ended");
  assert.deepEqual([...new Set(core.done("power-off").map((order) => order.host))], [host1]);
});

test("an approval passes the fence rate, and does not count for the next host", () => {
  const limits = { ...defaultLimits, fencesPerHour: 1, stormShare: 0.5 };
  const core = settled({ limits });
  for (const host of [host1, host2, host3]) {
    core.powerLoss(host);
    core.run(30_000);
    if (host === host2) {
      assert.equal(gate(core, "fence rate", host2).pass, false);
      core.answer(host2, "approved");
      core.run(30_000);
      core.phase(host2, "ended");
    }
  }
  assert.equal(render(gate(core, "fence rate", host3).value), "1 hosts fenced in the last hour");
  assert.equal(gate(core, "fence rate", host3).pass, false);
});

for (const [name, hold] of [
  ["armed", (core: CoreFixture) => void (core.disarmedFile = true)],
  ["maintenance", (core: CoreFixture) => core.maintain(host1, undefined)],
  [
    "disabled by another",
    (core: CoreFixture) =>
      void Object.assign(core.nova.service(host1), { status: "disabled", reason: "bob" }),
  ],
  ["eyes, own loop and clock", (core: CoreFixture) => void core.tick(2500)],
] as const) {
  test(`an approval does not pass "${name}"`, () => {
    const core = dead(ask);
    hold(core);
    core.run(7000);
    core.answer(host1, "approved");
    if (name.startsWith("eyes")) core.tick(2500);
    core.tick(250);
    assert.equal(gate(core, name).pass, false);
    core.run(2000);
    assert.equal(core.done("power-off").length, 0);
  });
}

test("an approval lapses when the host reports again", () => {
  const core = settled();
  core.powerLoss(host1);
  core.powerLoss(host2);
  core.run(10_000);
  core.fact(host1, { power: "unknown" });
  core.answer(host1, "approved");
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, storage: "down" } });
  back(core, host1);
  core.run(3000);
  const incident = core.state.memory.incidents.get(host1);
  assert.ok(incident !== undefined, "still open: it is degraded");
  assert.equal(incident.answer, undefined);
});

test("an answer is for one incident: given to a later one it changes nothing", () => {
  const core = dead(ask);
  const { now: at, wall } = core.state;
  const kind = "incident-answered";
  core.take({
    kind,
    at,
    wall,
    host: host1,
    incident: "i99-compute-1",
    answer: "approved",
    by: alice,
    reason: "",
  });
  core.run(5000);
  assert.equal(core.done("power-off").length, 0);
});

test("an approval of a boot that is over does not count", () => {
  const core = dead(ask);
  core.fact(host1, { power: "unknown" });
  core.answer(host1, "approved");
  const { memory } = core.state;
  const known = { ...memory.known, [host1]: { bootId: "b007000000000bbb", hardwareUuid: "" } };
  core.state = { ...core.state, memory: { ...memory, known } };
  assert.equal(gate(core, "mode").pass, false);
});
