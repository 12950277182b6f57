import assert from "node:assert/strict";
import { test } from "node:test";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** What is said of the start of host1's servers in so many seconds in which its reports have this word. */
function told(
  core: CoreFixture,
  startGuard: NonNullable<LivenessRow["startGuard"]>,
  seconds: number,
): readonly string[] {
  for (let second = 0; second < seconds; second += 1) {
    core.run(1000);
    core.telemetry([core.row(host1, { path: "storage", startGuard })]);
    core.tick(10);
  }
  return core
    .alerts()
    .filter(({ kind }) => kind === "started-unasked")
    .map(({ host, class: cls, status }) => `${host} ${cls} ${status}`);
}

test("a host that started its servers without a word is a ticket, for an hour", () => {
  const core = new CoreFixture().run(15_000);
  assert.deepEqual(told(core, "without-word", 5), [`${host1} ticket firing`]);
  assert.deepEqual(told(core, "without-word", 3600).at(-1), `${host1} ticket resolved`);
});

test("one that was told, or whose operator decided, is none", () => {
  for (const word of ["not-fenced", "overridden", "asking", "held"] as const) {
    assert.deepEqual(told(new CoreFixture().run(15_000), word, 5), [], word);
  }
});
