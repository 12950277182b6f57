/** When a silence ends, whatever the clock on the wall does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Silence } from "../../guardian/dispatch/model.ts";
import { showSilences } from "../../guardian/dispatch/show.ts";
import { describeWall } from "../../shared/time.ts";
import { DispatchFixture, settingsWith } from "../support/dispatch-fixture.ts";

const minute = 60_000;
const hour = 3_600_000;

function silence(world: DispatchFixture, ms: number): Silence {
  const words = { reason: "new disks", owner: "bob", by: "alice (uid 1000)" };
  const fromWall = world.wall;
  return { id: "s1", match: { host: "compute-1" }, ...words, fromWall, untilWall: fromWall + ms };
}

function silenced(): DispatchFixture {
  const world = new DispatchFixture(settingsWith(["chat"]));
  world.take({ kind: "silence-set", silence: silence(world, hour) });
  world.alert("held");
  world.run(10 * minute);
  assert.equal(world.sent.length, 0);
  return world;
}

test("a wall clock that steps back makes no silence longer", () => {
  const world = silenced();
  world.wallDrift = -5 * hour;
  world.run(45 * minute);
  assert.equal(world.sent.length, 0, "before its end");
  world.run(6 * minute);
  assert.deepEqual(world.told(), ["page firing held"]);
  assert.equal(world.state.silences.size, 0);
});

test("its end is shown as the clock of now has it", () => {
  const world = silenced();
  world.wallDrift = -5 * hour;
  world.run(1000);
  const [row] = showSilences(world.state) as readonly { readonly until: string }[];
  assert.equal(row?.until, describeWall(world.wall + 50 * minute - 1000));
});

test("a wall clock that passed its end ends a silence, and so does one that steps forward", () => {
  const world = silenced();
  world.wallDrift = hour;
  world.run(2000);
  assert.deepEqual(world.told(), ["page firing held"]);
});

test("after a restart with a clock that was put back, a silence is no longer than it had left", () => {
  const world = silenced();
  world.run(40 * minute);
  world.wallDrift = -5 * hour;
  world.restart([...world.state.alerts.values()].map(({ message }) => message));
  world.run(hour + minute);
  assert.ok(world.told().includes("page firing held"));
});

test("a silence that an earlier release kept ends, too", () => {
  const world = silenced();
  const body = JSON.parse(world.kept.get("silences/s1") ?? "{}") as Record<string, unknown>;
  delete body["untilAt"];
  world.kept.set("silences/s1", JSON.stringify(body));
  world.restart([...world.state.alerts.values()].map(({ message }) => message));
  world.wallDrift = -5 * hour;
  world.run(51 * minute);
  assert.ok(world.told().includes("page firing held"));
});
