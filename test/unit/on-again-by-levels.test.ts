/** A host with several levels of power devices that comes on again while its servers move. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { monoMs } from "../../shared/time.ts";
import { both, host1 } from "../support/core-fixture.ts";
import { runUntil, settledLevels, type LevelsFixture } from "../support/levels-fixture.ts";

const mute = { kind: "no-answer", reason: "none within 5 s" } as const;

function offOrders(core: LevelsFixture, device: string): number {
  return core.done("power-off").filter((order) => order.device === device).length;
}

/** Its BMC is gone, its outlets proved it off, and a long move is under way. */
function movingByOutlets(): LevelsFixture {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  core.nova.moveMs = 400_000;
  core.power.set("bmc", "unknown");
  core.offAnswers.set("bmc", mute);
  core.hang(host1);
  runUntil(core, () => offOrders(core, "a") > 0);
  core.power.set("a", "off").set("b", "off");
  runUntil(core, () => core.done("evacuate").length > 0);
  return core;
}

/** Somebody turns it on, outlets first. */
function onAgain(): LevelsFixture {
  const core = movingByOutlets();
  // A new boot voids what its devices said, that its BMC is mute, too: it was not read yet.
  core.power.set("bmc", "lost");
  core.fact(host1, { bootId: "b0070000000000a2", reports: true, echo: both });
  core.run(1500);
  core.power.set("a", "on").set("b", "on");
  return core;
}

test("on again behind a mute BMC: the outlets that proved it off are ordered off again", () => {
  const core = onAgain();
  const before = offOrders(core, "a");
  core.run(10_000);
  assert.ok(offOrders(core, "a") > before, "within ten seconds");
});

test("on again, and no level obeys at first: each is tried in turn until one does", () => {
  const core = onAgain();
  core.offAnswers.set("a", mute).set("b", mute);
  core.run(60_000);
  assert.ok(offOrders(core, "bmc") > 0, "the BMC is tried, too");
  core.offAnswers.delete("a");
  core.offAnswers.delete("b");
  const before = offOrders(core, "a");
  core.run(30_000);
  assert.ok(offOrders(core, "a") > before, "and the outlets again");
});

test("a BMC that read off and on again in the first level does not bar the outlets' proof in the second", () => {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  core.hang(host1);
  runUntil(core, () => offOrders(core, "bmc") > 0);
  core.run(500);
  core.power.set("bmc", "off");
  core.run(1500);
  core.power.set("bmc", "on");
  runUntil(core, () => offOrders(core, "a") > 0);
  core.power.set("bmc", "unknown");
  core.power.set("a", "off").set("b", "off");
  core.run(15_000);
  assert.equal(core.done("evacuate").length, 1, "by the outlets, in the same attempt");
  assert.equal(offOrders(core, "bmc"), 1);
});

test("the first level's device was on again before the second was tried: its old order proves nothing later", () => {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  core.offAnswers.set("a", mute).set("b", mute);
  core.hang(host1);
  runUntil(core, () => offOrders(core, "bmc") > 0);
  core.run(500);
  core.power.set("bmc", "off");
  core.run(1500);
  core.power.set("bmc", "on");
  runUntil(core, () => offOrders(core, "a") > 0);
  core.run(500);
  core.power.set("bmc", "off");
  core.run(10_000);
  const orders = offOrders(core, "bmc");
  assert.ok(orders > 1 || core.done("evacuate").length === 0, "moved by an order of before");
});

test("on again by another feed while the outlets read off: the BMC that reads on is ordered off", () => {
  const core = movingByOutlets();
  core.offAnswers.delete("bmc");
  const before = offOrders(core, "bmc");
  core.power.set("bmc", "on");
  core.run(20_000);
  assert.ok(offOrders(core, "bmc") > before, "the one that can turn it off");
});

test("a BMC that was asked before the outlets read off, and says on after they proved it off, takes the proof away", () => {
  const core = movingByOutlets();
  const { offSince, proof } = core.phase(host1, "evacuating");
  assert.ok(proof !== undefined);
  const identity = { guid: core.factsOf(host1).guid, uuid: undefined, serial: undefined };
  const askedAt = monoMs(offSince - 50);
  const reading = { power: "on", identity } as const;
  core.power.set("bmc", "on");
  core.take({ kind: "power-read", at: core.now, askedAt, host: host1, device: "bmc", reading });
  core.tick();
  assert.equal(core.phase(host1, "evacuating").proof, undefined);
});
