/** A page that ends and begins again before anybody is told its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DispatchFixture, settingsWith } from "../support/dispatch-fixture.ts";

const minute = 60_000;
const escalation = { afterMs: 10 * minute, channels: ["phone"], repeatMs: 15 * minute, times: 3 };

function twoLevels(): DispatchFixture {
  const all = { name: "all", kinds: [], hosts: [], zones: [], groups: [], hours: undefined };
  const classes = ["page", "notification", "ticket"] as const;
  const routes = [{ ...all, classes, channels: ["chat"] }];
  return new DispatchFixture(settingsWith(["chat", "phone"], { routes, escalation }));
}

/** Every twenty seconds: two without it, the others with it. */
function flap(world: DispatchFixture, times: number): void {
  for (let n = 0; n < times; n += 1) {
    world.alert("blind", { host: undefined });
    world.run(18_000);
    world.alert("blind", { host: undefined, status: "resolved" });
    world.run(2000);
  }
}

test("a page that flaps goes to the second level all the same", () => {
  const world = twoLevels();
  flap(world, 60);
  assert.ok(world.told("phone").includes("page firing blind"), world.told("chat").join());
});

test("one that ended, and whose end was told, begins anew", () => {
  const world = twoLevels();
  world.alert("blind", { host: undefined });
  world.run(8 * minute);
  world.alert("blind", { host: undefined, status: "resolved" });
  world.run(2 * minute);
  world.alert("blind", { host: undefined });
  world.run(5 * minute);
  assert.deepEqual(world.told("phone"), []);
});
