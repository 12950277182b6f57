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
