/** An evacuate call that is on its way while its proof lapses, its host comes back, or people hold it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { objectionTo } from "../../guardian/core/still-wanted.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** One call is out and not answered. */
function called(): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  return core;
}

function objection(core: CoreFixture): string | undefined {
  const [order] = core.done("evacuate");
  assert.ok(order !== undefined);
  return objectionTo(core.state, order, core.now);
}

test("it may be sent while its proof stands", () => {
  assert.equal(objection(called()), undefined);
});

test("not once the next try of its server was ordered", () => {
  const core = called();
  const [order] = core.done("evacuate");
  assert.ok(order !== undefined);
  const before = { ...order, id: `${order.id}/2` };
  assert.match(objectionTo(core.state, before, core.now) ?? "", /not wanted any more/);
});

test("not once the proof has lapsed", () => {
  const core = called();
  core.tick(40_000);
  assert.match(objection(core) ?? "", /lapsed/);
});

test("not once its host has shown life", () => {
  const core = called();
  core.powerOn(host1);
  core.nova.moveMs = 60_000;
  core.run(3000);
  assert.notEqual(objection(core), undefined);
});

test("not while people hold it, nor after its end", () => {
  const held = called();
  held.answer(host1, "held");
  held.tick(1);
  assert.match(objection(held) ?? "", /hold/);
  assert.match(objection(called().run(60_000)) ?? "", /ended/);
});
