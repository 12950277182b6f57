/** A host that comes on again while its servers move, and people said that nothing more is to be done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { alice, CoreFixture, host1 } from "../support/core-fixture.ts";

test("what holds is said once, however many gates hold it", () => {
  const core = new CoreFixture({ limits: { ...defaultLimits, movesAtOnce: 1, movesAtFirst: 1 } });
  core.run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.addServer(host1, "vm-2");
  core.powerLoss(host1);
  for (let round = 0; round < 200 && core.done("evacuate").length === 0; round += 1) core.run(250);
  assert.equal(core.done("evacuate").length, 1);
  const { wall } = core.state;
  const incident = core.state.memory.incidents.get(host1)?.id ?? "";
  const said = { wall, by: alice, reason: "a look at the rack" };
  const held = { kind: "incident-answered", host: host1, incident, answer: "held" } as const;
  core.take({ ...held, ...said, at: core.now });
  core.take({ kind: "arming", armed: false, ...said, at: core.now });
  core.fact(host1, { power: "on" });
  core.run(30_000);
  assert.equal(core.state.memory.incidents.get(host1)?.phase.kind, "evacuating");
  const { timeline = [] } = core.state.memory.incidents.get(host1) ?? {};
  const lines = timeline.map(({ text }) => text).filter((text) => text.startsWith("held by "));
  // One for the hold, and one more when disarming has become disarmed.
  assert.ok(lines.length >= 1 && lines.length <= 3, lines.join("\n"));
});
