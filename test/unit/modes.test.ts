import assert from "node:assert/strict";
import { test } from "node:test";
import { describeMode, groupsOf, membersOf, modeOf } from "../../guardian/core/modes.ts";
import type { GroupSettings, Mode, Settings } from "../../guardian/core/settings.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

function group(mode: Mode | undefined, ...hosts: readonly (typeof host1)[]): GroupSettings {
  return { mode, hosts, rows: new Map() };
}

function withGroups(
  groups: Readonly<Record<string, GroupSettings>>,
  changes: Partial<Settings> = {},
): CoreFixture {
  return new CoreFixture({ groups: new Map(Object.entries(groups)), ...changes });
}

const modes: readonly Mode[] = ["observe", "ask", "act"];

for (const mode of modes) {
  test(`without another one, the cloud's mode holds: ${mode}`, () => {
    assert.deepEqual(modeOf(new CoreFixture({ mode }).state, host1), { mode, from: "cloud" });
  });
}

test("a group goes before the cloud, a host before its groups, stricter or not", () => {
  for (const cloud of modes) {
    for (const own of modes) {
      const grouped = withGroups({ gpu: group(own, host1) }, { mode: cloud });
      assert.deepEqual(modeOf(grouped.state, host1), { mode: own, from: "group gpu" });
      assert.deepEqual(modeOf(grouped.state, host2), { mode: cloud, from: "cloud" });
      const { hosts } = grouped.settings;
      const entry = hosts.get(host1);
      assert.ok(entry !== undefined);
      const single = withGroups(
        { gpu: group(cloud, host1) },
        { hosts: new Map(hosts).set(host1, { ...entry, mode: own }) },
      );
      assert.deepEqual(modeOf(single.state, host1), { mode: own, from: "host" });
    }
  }
});

test("of several groups the strictest counts, in whatever order they stand", () => {
  for (const [first, second, wanted] of [
    ["act", "ask", "ask"],
    ["ask", "act", "ask"],
    ["observe", "act", "observe"],
    ["ask", "observe", "observe"],
  ] as const) {
    const core = withGroups({ a: group(first, host1), b: group(second, host1) });
    assert.equal(modeOf(core.state, host1).mode, wanted, `${first}, ${second}`);
  }
  const silent = withGroups({ a: group(undefined, host1), b: group("ask", host1) });
  assert.deepEqual(modeOf(silent.state, host1), { mode: "ask", from: "group b" });
});

test("Nova's aggregate of a group's name belongs to the group", () => {
  const core = withGroups({ gpu: group("ask", host2), other: group("observe") });
  const aggregates = new Map([[host1, ["gpu", "unknown"]]]);
  const state = { ...core.state, inventory: { ...core.state.inventory, aggregates } };
  assert.deepEqual(modeOf(state, host1), { mode: "ask", from: "group gpu" });
  assert.deepEqual(groupsOf(state, host1), ["gpu"]);
  assert.deepEqual(membersOf(state, "gpu"), [host2, host1]);
  assert.deepEqual(membersOf(state, "nobody"), []);
});

test("where a mode comes from is told, unless it is the cloud's", () => {
  assert.equal(describeMode({ mode: "act", from: "cloud" }), "act");
  assert.equal(describeMode({ mode: "ask", from: "group gpu" }), "ask (group gpu)");
});
