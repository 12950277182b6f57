/** A guardian that begins with an empty journal beside a store that tells of hosts that died before. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "../../guardian/core/settings.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** Host 1 died before it began: the store has its last report. */
function begun(isForgotten: boolean, changes: Partial<Settings> = {}): CoreFixture {
  const core = new CoreFixture(changes).run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(1000);
  core.restart(undefined, {}, isForgotten);
  return core.run(180_000);
}

test("what nobody heard live since the journal began is paged, and left to people", () => {
  const core = begun(true);
  assert.deepEqual(core.done("power-off"), []);
  const pages = core.alerts().filter((alert) => alert.class === "page" && alert.host === host1);
  assert.ok(
    pages.some(({ why }) => why.join().includes("grace")),
    JSON.stringify(pages),
  );
  // One that lives since is guarded as ever.
  core.powerOn(host1);
  core.run(60_000);
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 1);
});

test("a person's approval opens it; in mode ask nobody's answer does", () => {
  const core = begun(true);
  core.answer(host1, "approved");
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 1);
  const asking = begun(true, { mode: "ask", ask: { afterMs: 60_000, byDefault: "act" } });
  asking.run(300_000);
  assert.deepEqual(asking.done("power-off"), []);
  const page = asking.alerts().find(({ kind, host }) => kind === "held" && host === host1);
  assert.match(page?.next ?? "", /guardian incident approve/);
  assert.match(page?.why.join() ?? "", /never heard live since the journal began/);
});

test("over a restart with its journal it is guarded on", () => {
  assert.equal(begun(false).done("evacuate").length, 1);
});
