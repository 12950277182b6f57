import assert from "node:assert/strict";
import { test } from "node:test";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

const limitMs = 120_000;

function fenced(prepare: (core: CoreFixture) => void): CoreFixture {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  prepare(core);
  core.powerLoss(host1);
  return core.run(limitMs);
}

function pages(core: CoreFixture): readonly string[] {
  const alerts = core.alerts().filter((alert) => alert.class === "page");
  return alerts.filter((alert) => alert.host === host1).map((alert) => alert.title);
}

test("fenced, and Nova never forces it down: a page", () => {
  const core = fenced(({ nova }) => {
    nova.forceDownAnswer = { kind: "refused", status: 403, reason: "not allowed" };
  });
  assert.match(pages(core).join(), /Nova does not force it down/);
});

test("fenced, and its servers cannot be listed: a page", () => {
  const core = fenced(({ nova }) => (nova.looksFail = "403: not allowed"));
  assert.match(pages(core).join(), /cannot be listed/);
});

test("fenced, then the file `disarmed` appears before its servers were listed: a page", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  for (let round = 0; round < 200 && core.done("force-down").length === 0; round += 1) {
    core.run(250);
    const phase = core.state.memory.incidents.get(host1)?.phase.kind;
    core.disarmedFile = phase === "fencing" || phase === "evacuating";
  }
  core.run(limitMs);
  assert.equal(core.done("evacuate").length, 0);
  assert.match(pages(core).join(), /its servers do not move: armed/);
});

test("moves that can no longer be followed: a page", () => {
  const core = fenced(({ nova }) => (nova.moveMs = 3_600_000));
  core.nova.looksFail = "403: not allowed";
  core.run(400_000);
  assert.match(pages(core).join(), /cannot be followed/);
});
