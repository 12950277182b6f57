/** A late answer to a reset; and a host that a rehearsal leaves off. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("a late answer to an earlier reset begins no evacuation while a further reset is under way", () => {
  const states = { ...defaultPolicy.states, paused: "reset" } as const;
  const core = new CoreFixture({ evacuation: { ...defaultPolicy, states } }).run(15_000);
  const paused = { status: "PAUSED", vmState: "paused" };
  const server = core.nova.addServer(host1, "vm-1", paused);
  core.nova.resetAnswer = { kind: "unknown", reason: "no answer" };
  core.powerLoss(host1);
  while (core.done("reset").length < 2 && core.now < 200_000) core.run(250);
  assert.equal(core.done("reset").length, 2);
  const [first] = core.done("reset");
  assert.ok(first !== undefined);
  const accepted = { kind: "accepted", requestId: "req-9" } as const;
  core.take({
    kind: "reset-answered",
    at: core.now,
    id: first.id,
    host: host1,
    server,
    answer: accepted,
  });
  core.tick(10);
  assert.equal(core.done("evacuate").length, 0);
});

test("a host that does not come on again after a rehearsal is told within four minutes", () => {
  const core = new CoreFixture().run(15_000);
  core.guids.set(`${host1}/bmc`, "77777777777777777777777777777701");
  core.takeOut(host1);
  core.run(310_000);
  const wall = core.state.wall;
  core.fact(host1, { turnsOn: false });
  core.take({
    kind: "rehearsal-asked",
    at: core.now,
    wall,
    host: host1,
    level: 0,
    by: "a",
    reason: "r",
  });
  core.run(60_000);
  core.run(240_000);
  assert.equal(core.factsOf(host1).power, "off");
  const told = core
    .alerts()
    .filter(({ host }) => host === host1)
    .map(({ kind, class: c }) => `${c} ${kind}`);
  assert.ok(told.length > 0, `told within four minutes: ${told.join()}`);
});
