/** A rehearsal that failed, and a person who vouches. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wallMs } from "../../shared/time.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

function ready(): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.guids.set(`${host1}/bmc`, "77777777777777777777777777777701");
  core.takeOut(host1);
  return core.run(310_000);
}

function rehearse(core: CoreFixture): void {
  const said = { host: host1, level: 0, by: alice, reason: "whose is it" };
  core.take({ kind: "rehearsal-asked", at: core.now, wall: wallMs(core.wall), ...said });
}

test("whoever vouches ends the ticket of a rehearsal that failed", () => {
  const core = ready();
  core.nova.addServer(host1, "vm-1");
  rehearse(core);
  core.run(5000);
  assert.ok(core.state.memory.rehearsals.get(host1) !== undefined);
  const wall = wallMs(core.wall);
  core.take({ kind: "vouched", at: core.now, wall, host: host1, by: alice, reason: "compared" });
  assert.equal(core.state.memory.rehearsals.size, 0);
});
