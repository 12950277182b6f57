import assert from "node:assert/strict";
import { test } from "node:test";
import { gatesToBegin } from "../../guardian/core/gates.ts";
import { maintenanceOf } from "../../guardian/core/maintenance.ts";
import type { MaintenanceWindow } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { describeWall, wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const minuteMs = 60_000;
/** The fixture's wall clock at its start. */
const startWall = new CoreFixture().wall;

function settled(): CoreFixture {
  return new CoreFixture().run(15_000);
}

function held(core: CoreFixture, host = host1): string | undefined {
  const gates = gatesToBegin(core.state, core.hostState(host), core.assessment(host));
  const gate = gates.find((found) => found.gate === "maintenance");
  assert.ok(gate !== undefined);
  return gate.pass ? undefined : render(gate.value);
}

function clear(core: CoreFixture, host = host1): void {
  const { now: at, wall } = core.state;
  core.take({ kind: "maintenance-cleared", at, wall, host, by: alice, reason: "done" });
}

function back(core: CoreFixture, host: HostName): void {
  core.fact(host, { reports: true, echo: ["management", "storage"], power: "on" });
  core.fact(host, { novaReports: true });
}

function windowOf(changes: Partial<MaintenanceWindow>): MaintenanceWindow {
  return {
    name: "firmware",
    startWall: startWall + minuteMs,
    endWall: startWall + 5 * minuteMs,
    hosts: [host1],
    groups: [],
    reason: "firmware",
    owner: "bob",
    ...changes,
  };
}

test("the gate names reason, owner and end; another host is in service", () => {
  const core = settled();
  core.maintain(host1, 10 * minuteMs, "kernel upgrade");
  const end = describeWall(core.wall + 10 * minuteMs);
  assert.equal(held(core), `in maintenance: kernel upgrade, by bob, until ${end}`);
  assert.equal(held(core, host2), undefined);
  core.maintain(host1, undefined);
  assert.equal(held(core), "in maintenance: new disks, by bob, until it is cleared");
});

test("it is over at its end and not a round sooner; without an end only by being cleared", () => {
  const core = settled();
  core.maintain(host1, minuteMs);
  core.maintain(host2, undefined);
  core.run(minuteMs - 250);
  assert.ok(held(core) !== undefined);
  core.run(250);
  assert.equal(held(core), undefined);
  core.run(60 * minuteMs);
  assert.ok(held(core, host2) !== undefined);
  clear(core, host2);
  assert.equal(held(core, host2), undefined);
});

test("a host that dies in it is told with the reason, and nothing is done", () => {
  const core = settled();
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2");
  core.maintain(host1, undefined, "kernel upgrade");
  core.powerLoss(host1);
  core.run(130_000);
  const page = core.alerts().find((alert) => alert.kind === "held");
  assert.equal(page?.class, "page");
  assert.equal(page?.impact, "down: 2 servers (vm-1, vm-2) of 1 project");
  assert.equal(core.done("list-servers").length, 1, "asked once for this silence");
  assert.match(page?.why[0] ?? "", /^maintenance: in maintenance: kernel upgrade, by bob/);
  assert.ok(core.alerts().some((alert) => alert.kind === "unattended"));
  assert.equal(core.done("power-off").length, 0);
});

test("a silent host stays held after the end until it reports again, with a page", () => {
  const core = settled();
  core.maintain(host1, minuteMs);
  core.powerLoss(host1);
  core.run(10 * minuteMs);
  assert.match(held(core) ?? "", /which is over, but it has not reported since$/);
  assert.equal(core.done("power-off").length, 0);
  const page = core.alerts().find((alert) => alert.kind === "maintenance-over");
  assert.equal(page?.class, "page");
  back(core, host1);
  core.run(9000);
  assert.ok(held(core) !== undefined, "fresh for less than 10 s is not back yet");
  core.run(3000);
  assert.equal(held(core), undefined);
});

test("cleared while it is dead: it is fenced at once", () => {
  const core = settled();
  core.maintain(host1, minuteMs);
  core.powerLoss(host1);
  core.run(5 * minuteMs);
  clear(core);
  core.run(1000);
  assert.equal(core.done("power-off")[0]?.host, host1);
});

for (const [name, wallStepMs] of [
  ["ahead", 180 * minuteMs],
  ["back", -180 * minuteMs],
] as const) {
  test(`a clock that steps ${name} by three hours ends no maintenance`, () => {
    const core = settled();
    core.maintain(host1, 60 * minuteMs);
    core.powerLoss(host1);
    core.run(10_000);
    core.wallStepMs = wallStepMs;
    core.run(30 * minuteMs);
    assert.ok(held(core) !== undefined);
    assert.equal(core.done("power-off").length, 0);
  });
}

test("after a step ahead it is over once the time has really passed", () => {
  const core = settled();
  core.maintain(host1, 60 * minuteMs);
  core.wallStepMs = 180 * minuteMs;
  core.run(59 * minuteMs);
  assert.ok(held(core) !== undefined);
  core.run(2 * minuteMs);
  assert.equal(held(core), undefined);
});

test("an end that is given after the clock stepped ahead is of the clock as it is then", () => {
  const core = settled();
  core.wallStepMs = 24 * 60 * minuteMs;
  core.run(minuteMs);
  core.maintain(host1, 60 * minuteMs);
  core.run(59 * minuteMs);
  assert.ok(held(core) !== undefined);
  core.run(2 * minuteMs);
  assert.equal(held(core), undefined);
});

test("it outlives a restart, with its end", () => {
  const core = settled();
  core.maintain(host1, 2 * minuteMs, "kernel upgrade");
  core.run(minuteMs);
  core.restart();
  core.run(30_000);
  assert.match(held(core) ?? "", /kernel upgrade, by bob/);
  core.run(minuteMs);
  assert.equal(held(core), undefined);
});

test("an end is announced ten minutes before, or half-way when it is short, and told", () => {
  for (const [ms, announcedMs] of [
    [60 * minuteMs, 50 * minuteMs],
    [4 * minuteMs, 2 * minuteMs],
  ] as const) {
    const core = settled();
    core.maintain(host1, ms);
    const said = (): readonly string[] =>
      core.alerts().flatMap((alert) => (alert.kind === "maintenance-ends" ? [alert.status] : []));
    core.run(announcedMs - 250);
    assert.deepEqual(said(), []);
    core.run(500);
    assert.deepEqual(said(), ["firing"]);
    core.run(ms - announcedMs);
    assert.deepEqual(said(), ["firing", "resolved"]);
  }
});

test("a planned window begins and ends by itself", () => {
  const core = new CoreFixture({ windows: [windowOf({})] });
  core.run(minuteMs - 500);
  assert.equal(held(core), undefined);
  core.run(500);
  assert.match(held(core) ?? "", /^in maintenance: firmware, by bob/);
  core.run(4 * minuteMs);
  assert.equal(held(core), undefined);
});

test("a window of a group holds its hosts, listed or in Nova's aggregate", () => {
  const groups = new Map([["gpu", { hosts: [host2], mode: undefined, rows: new Map() }]]);
  const window = windowOf({ hosts: [], groups: ["gpu"], startWall: startWall - 1 });
  const core = new CoreFixture({ windows: [window], groups });
  const { inventory } = core.state;
  const aggregates = new Map([[host1, ["gpu"]]]);
  core.state = { ...core.state, inventory: { ...inventory, aggregates } };
  core.run(1000);
  assert.ok(held(core) !== undefined && held(core, host2) !== undefined);
  assert.equal(held(core, hostName("compute-3")), undefined);
});

test("what was cleared in an open window is not begun again by it", () => {
  const core = new CoreFixture({ windows: [windowOf({ startWall: startWall - 1 })] });
  core.run(15_000);
  clear(core);
  core.run(minuteMs);
  assert.equal(held(core), undefined);
  core.restart();
  core.run(minuteMs);
  assert.equal(held(core), undefined, "not by a restart, either");
  core.run(5 * minuteMs);
  assert.deepEqual(core.state.memory.maintenance, new Map(), "and forgotten after its end");
});

test("what was cleared while two windows are open is begun again by neither", () => {
  const start = { startWall: startWall - 1 };
  const long = windowOf({ ...start, name: "cabling", endWall: startWall + 20 * minuteMs });
  const core = new CoreFixture({ windows: [windowOf(start), long] });
  core.run(15_000);
  clear(core);
  core.run(10 * minuteMs);
  assert.equal(held(core), undefined);
});

test("a window that opens after another one was cleared is a window of its own", () => {
  const start = { startWall: startWall - 1, endWall: startWall + 20 * minuteMs };
  const late = windowOf({ name: "cabling", startWall: startWall + 3 * minuteMs });
  const core = new CoreFixture({ windows: [windowOf(start), late] });
  core.run(15_000);
  clear(core);
  core.run(2 * minuteMs);
  assert.equal(held(core), undefined);
  core.run(minuteMs);
  assert.match(held(core) ?? "", /firmware/);
  core.run(3 * minuteMs);
  assert.equal(held(core), undefined, "nor does the first one begin again at its end");
  core.maintain(host1, minuteMs);
  core.run(2 * minuteMs);
  assert.equal(held(core), undefined, "nor at the end of one by verb");
});

test("cleared by verb in an open window: the window does not take its place", () => {
  const core = new CoreFixture({ windows: [windowOf({ startWall: startWall - 1 })] });
  core.run(1000);
  core.maintain(host1, minuteMs);
  clear(core);
  core.run(minuteMs / 2);
  assert.equal(held(core), undefined);
});

test("a window that is no longer in the configuration holds nobody", () => {
  const core = new CoreFixture({ windows: [windowOf({ startWall: startWall - 1 })] });
  core.run(15_000);
  const { settings } = core.state;
  core.state = { ...core.state, settings: { ...settings, windows: [] } };
  core.run(1000);
  assert.equal(held(core), undefined);
});

test("clearing what is not there changes nothing", () => {
  const core = settled();
  const before = core.state.memory;
  clear(core);
  assert.equal(core.state.memory, before);
  assert.equal(maintenanceOf(core.state, host1), undefined);
});

test("a fenced host in maintenance counts for no storm any more", () => {
  const core = settled();
  core.powerLoss(host1);
  core.run(30_000);
  core.phase(host1, "ended");
  assert.deepEqual(core.state.census.trouble, [host1]);
  core.maintain(host1, undefined);
  core.run(500);
  assert.deepEqual(core.state.census.trouble, []);
});

test("wall instants are shown in UTC", () => {
  assert.equal(describeWall(wallMs(0)), "1970-01-01 00:00 UTC");
});
