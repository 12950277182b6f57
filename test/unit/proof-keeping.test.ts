/** Keeping a proof over levels of devices, some of which are not what they seem. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "../../guardian/core/words.ts";
import { host1, host2 } from "../support/core-fixture.ts";
import { runUntil, settledLevels } from "../support/levels-fixture.ts";

const refused = { kind: "refused", status: 503, reason: "not now" } as const;
const accepted = { kind: "accepted", requestId: "req-1" } as const;
const bmcThenOutlets = [["bmc"], ["a", "b"]];

test("the next level after a lapsed proof asks the others for life, too", () => {
  const core = settledLevels(bmcThenOutlets);
  core.nova.forceDownAnswer = refused;
  core.hang(host1);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("force-down").length > 0);
  core.power.set("bmc", "unknown");
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none" });
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "a"));
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.power.set("a", "off");
  core.power.set("b", "off");
  core.nova.forceDownAnswer = accepted;
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("a host that an off command silenced stays accused when its chassis is switched off again", () => {
  const core = settledLevels([["bmc"]]);
  core.nova.forceDownAnswer = refused;
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  runUntil(core, () => core.hostState(host2).freshSince === undefined);
  // Its people switch host 2 on at once.
  core.power.set("bmc", "on");
  runUntil(core, () => core.done("line").some(({ event }) => event === "refenced"));
  core.power.set("bmc", "off");
  core.nova.forceDownAnswer = accepted;
  core.run(90_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("off ordered again after a restart asks the others for life", () => {
  const core = settledLevels(bmcThenOutlets);
  core.nova.forceDownAnswer = refused;
  core.powerLoss(host1);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("force-down").length > 0);
  core.power.set("bmc", "unknown");
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none" });
  core.restart();
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "a"));
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.power.set("a", "off");
  core.power.set("b", "off");
  core.nova.forceDownAnswer = accepted;
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(render(core.state.memory.disarmed ?? ""), /compute-2 fell silent/);
});

test("a BMC that answers again and reads on keeps outlets from proving anything, on probation or not", () => {
  const core = settledLevels(bmcThenOutlets);
  core.hang(host1);
  core.run(3500);
  core.power.set("bmc", "unknown");
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none" });
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "a"));
  core.power.set("bmc", "on");
  core.run(1500);
  core.power.set("a", "off");
  core.power.set("b", "off");
  core.run(20_000);
  assert.equal(core.done("line").filter(({ event }) => event === "fenced").length, 0);
  assert.deepEqual(core.done("evacuate"), []);
});

test("a BMC that is not verified and reads on keeps outlets from proving anything", () => {
  const core = settledLevels(bmcThenOutlets);
  core.guids.set(`${host1}/bmc`, "d15ea5e0112233445566778899aabbcc");
  core.run(61_000);
  core.hang(host1);
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "a"));
  core.power.set("a", "off");
  core.power.set("b", "off");
  core.run(120_000);
  assert.equal(core.done("line").filter(({ event }) => event === "fenced").length, 0);
});

test("a host that showed life once and is dead again is ordered off by the next level", () => {
  const core = settledLevels(bmcThenOutlets);
  core.nova.forceDownAnswer = refused;
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("force-down").length > 0);
  core.fact(host1, { echo: ["management"] });
  core.run(750);
  core.fact(host1, { echo: [] });
  core.power.set("bmc", "unknown");
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none" });
  core.run(200_000);
  assert.ok(core.done("power-off").some(({ device }) => device === "a"));
});

test("a device that cannot switch off is not ordered off each second while a move is under way", () => {
  const core = settledLevels([["bmc"]]);
  core.nova.moveMs = 10_000_000;
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("evacuate").length > 0);
  core.power.set("bmc", "on");
  core.offAnswers.set("bmc", { kind: "refused", reason: "node busy" });
  const before = core.done("power-off").length;
  core.run(120_000);
  assert.ok(core.done("power-off").length - before < 60);
});

test("a device that goes on reading on for some seconds is ordered off once", () => {
  const core = settledLevels([["bmc"]]);
  core.nova.forceDownAnswer = refused;
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("force-down").length > 0);
  const count = () => core.done("line").filter(({ event }) => event === "refenced").length;
  for (let before = 0; before < 2; before += 1) {
    core.power.set("bmc", "on");
    runUntil(core, () => count() > before);
    core.run(4000);
    core.power.set("bmc", "off");
    core.run(30_000);
  }
  assert.equal(count(), 2);
});

test("a host that reports a new boot right after its fence is switched off again at once", () => {
  const core = settledLevels([["bmc"]]);
  core.nova.forceDownAnswer = refused;
  core.powerLoss(host1);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("force-down").length > 0);
  // Its new boot voids what its device read before.
  core.powerOn(host1);
  core.power.set("bmc", "on");
  const { now } = core;
  runUntil(core, () => core.done("line").some(({ event }) => event === "refenced"));
  assert.ok(core.now - now <= 2500, `${core.now - now} ms`);
});

test("a device that dies after its order is told of once an attempt", () => {
  const core = settledLevels([["bmc"]]);
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.run(500);
  core.power.set("bmc", "unknown");
  core.run(200_000);
  const count = core.done("line").filter(({ event }) => event === "fence-failed").length;
  assert.ok(count < 5, `${count}`);
});

test("a proof minted anew accuses nobody who had answered the question", () => {
  const core = settledLevels([["bmc"]]);
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  core.run(20_000);
  core.power.set("bmc", "unknown");
  core.run(20_000);
  core.powerLoss(host2);
  core.run(30_000);
  core.power.set("bmc", "off");
  core.run(75_000);
  assert.equal(core.state.memory.disarmed, undefined);
});
