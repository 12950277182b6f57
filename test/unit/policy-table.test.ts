import assert from "node:assert/strict";
import { test } from "node:test";
import { readGuardianConfig } from "../../guardian/config.ts";
import { rowActionProblems, tableOf, tableWith } from "../../guardian/core/policy-table.ts";
import type { GroupSettings } from "../../guardian/core/settings.ts";
import { validateTable } from "../../guardian/core/validate-table.ts";
import { defaultTable } from "../../guardian/core/verdict-table.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function actionOf(core: CoreFixture, row: string, host = host1): string | undefined {
  return tableOf(core.state, host).find((one) => one.row === row)?.action;
}

function hungGroup(action: "fence" | "ticket"): GroupSettings {
  return { hosts: [host1], mode: undefined, rows: new Map([["13", action]]) };
}

test("nothing configured: the default table itself", () => {
  assert.equal(tableOf(new CoreFixture().state, host1), defaultTable);
});

test("a row of the cloud, a row of a group before it, and others untouched", () => {
  const core = new CoreFixture({
    rows: new Map([["13", "alert"]]),
    groups: new Map([["gold", hungGroup("fence")]]),
    groupsHaveRows: true,
  });
  assert.equal(actionOf(core, "13"), "fence");
  assert.equal(actionOf(core, "13", host2), "alert");
  assert.equal(actionOf(core, "14", host2), "fence");
});

test("of several groups the more careful action counts", () => {
  const groups = new Map([
    ["gold", hungGroup("fence")],
    ["pets", hungGroup("ticket")],
  ]);
  assert.equal(actionOf(new CoreFixture({ groups, groupsHaveRows: true }), "13"), "ticket");
});

test("only rows of hosts that are dead, hung, or without their disks may fence; every other is a problem", () => {
  for (const { row, action } of defaultTable) {
    const problems = rowActionProblems({ [row]: "fence" });
    const allowed = action === "fence" || ["4", "13", "19"].includes(row);
    assert.equal(problems.length, allowed ? 0 : 1, `row ${row}`);
  }
  assert.deepEqual(validateTable(tableWith(new Map([["13", "fence"]]))), []);
  assert.match(rowActionProblems({ "99": "page" })[0]?.[1] ?? "", /no such row; known: 1, 1a/);
});

test("the configuration tells every wrong row, with its path", () => {
  const text = `
collectors: [{ id: c1 }]
networks: { management: { anchors: [10.0.0.1] } }
rows: { "8": fence, "13": fence }
groups: { gold: { hosts: [compute-1], rows: { "12": fence } } }
`;
  const loaded = readGuardianConfig(text, {});
  assert.ok(loaded.kind === "problems");
  const [first = "", second = ""] = [...loaded.problems].sort();
  assert.match(first, /groups\.gold\.rows\.12.*may hold for a host that lives/);
  assert.match(second, /rows\.8.*may hold for a host that lives/);
  assert.equal(loaded.problems.length, 2);
});

test("a hung host is fenced where row 13 says so, and its servers move once it is off", () => {
  const core = new CoreFixture({ rows: new Map([["13", "fence"]]) }).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(55_000);
  assert.equal(core.done("power-off").length, 0, "not before Nova was quiet for a minute");
  core.run(55_000);
  assert.equal(core.done("power-off").length, 1);
  assert.equal(core.done("evacuate").length, 1);
});

test("a hung host is left alone by default, and acted on when a person approves", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  assert.deepEqual(core.done("power-off"), []);
  const { now: at, state } = core;
  const incident = state.memory.incidents.get(host1)?.id ?? "";
  const by = "alice (uid 1000)";
  core.take({
    kind: "incident-answered",
    at,
    wall: state.wall,
    host: host1,
    incident,
    answer: "approved",
    by,
    reason: "looked at the console",
  });
  core.run(40_000);
  assert.equal(core.done("power-off").length, 1);
  assert.equal(core.done("evacuate").length, 1);
});
