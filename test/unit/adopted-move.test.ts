import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import type { Move } from "../../guardian/core/move.ts";
import { hasBegun } from "../../guardian/core/moves-under-way.ts";
import { render } from "../../guardian/core/words.ts";

test("somebody's old evacuation record does not end the question to the others", () => {
  const core = new CoreFixture({}, 24).run(15_000);
  const stale = core.nova.addServer(host1, "vm-1");
  core.nova.addRecord(stale, host1, "accepted");
  core.nova.addServer(host1, "vm-2");
  core.hang(host1);
  core.fact(host1, { turnsOff: false });
  for (let round = 0; round < 200 && core.done("power-off").length === 0; round += 1) core.run(250);
  // The chassis that went off is host 2's; host 1 lives.
  core.fact(host1, { power: "off" });
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("an old record that never ended is no evacuation under way once a newer one is done", () => {
  const core = new CoreFixture().run(15_000);
  const stale = core.nova.addServer(host1, "vm-1");
  core.nova.addRecord(stale, host1, "accepted");
  const [first] = core.nova.records;
  core.nova.addRecord(stale, host1, "completed");
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(first?.status, "accepted");
  assert.equal(core.done("evacuate").length, 1);
  const [move] = Object.values(core.phase(host1, "ended").moves);
  assert.equal(move?.state.kind, "finished");
});

test("a newer record that failed says nothing of an older one: it is followed, and not called again", () => {
  const core = new CoreFixture().run(15_000);
  const server = core.nova.addServer(host1, "vm-1");
  core.nova.addRecord(server, host1, "accepted");
  core.nova.addRecord(server, host1, "error");
  core.powerLoss(host1);
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
});

test("somebody's evacuation that a look before our first call finds opens no gate for the other servers", () => {
  const core = new CoreFixture().run(15_000);
  const server = core.nova.addServer(host1, "vm-1", { taskState: "rebuilding" });
  core.powerLoss(host1);
  const move = (): Move | undefined => {
    const phase = core.state.memory.incidents.get(host1)?.phase;
    return phase?.kind === "evacuating" ? phase.moves?.[server] : undefined;
  };
  for (let ms = 0; ms < 60_000 && move() === undefined; ms += 250) core.run(250);
  assert.equal(move()?.state.kind, "planned");
  core.nova.addRecord(server, host1, "accepted");
  for (let ms = 0; ms < 10_000 && move()?.state.kind === "planned"; ms += 250) core.run(250);
  assert.equal(move()?.state.kind, "running");
  assert.equal(hasBegun(core.phase(host1, "evacuating")), false);
  assert.deepEqual(core.done("evacuate"), []);
});
