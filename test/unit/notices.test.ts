/** Planned endings: a notice delays, is never proof, and its end is enforced. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { NoticeKind } from "../../shared/telemetry.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** Host 1 gives its notice with its last report and goes off. */
function announced(notice: NoticeKind): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, notice } });
  core.run(1000);
  core.powerLoss(host1);
  return core;
}

test("a probe that stops is waited for 60 s, and then its host is judged as any other", () => {
  const core = announced("stopping").run(55_000);
  assert.equal(core.assessment(host1).row, "9");
  assert.deepEqual(core.done("power-off"), []);
  core.run(10_000);
  assert.ok(core.done("power-off").length > 0, core.assessment(host1).row);
});

test("a reboot is waited for 10 min; overdue it is a page, and nothing is fenced by itself", () => {
  const core = announced("rebooting").run(590_000);
  assert.equal(core.assessment(host1).row, "9");
  core.run(20_000);
  assert.equal(core.assessment(host1).row, "9a");
  assert.ok(core.alerts().some(({ kind, class: cls }) => kind === "row-9a" && cls === "page"));
  core.run(60_000);
  assert.deepEqual(core.done("power-off"), []);
});

test("a new boot ends the notice: who falls silent after it has announced nothing", () => {
  const core = announced("rebooting").run(60_000);
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, notice: "none" } });
  core.powerOn(host1);
  core.run(20_000);
  assert.equal(core.assessment(host1).row, "8");
  core.powerLoss(host1);
  core.run(15_000);
  assert.ok(core.done("power-off").length > 0, core.assessment(host1).row);
});

test("who announced that it powers off is left to people at once, and for good", () => {
  const core = announced("powering-off").run(30_000);
  assert.equal(core.assessment(host1).row, "9b");
  core.run(900_000);
  assert.equal(core.assessment(host1).row, "9b");
  assert.deepEqual(core.done("power-off"), []);
});
