/** The question to the others, whose chassis it was: once moves have begun, and over a restart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { render } from "../../guardian/core/words.ts";
import { host1, host2 } from "../support/core-fixture.ts";
import { runUntil, settledLevels } from "../support/levels-fixture.ts";

test("a further order after moves have begun asks the others, too: no further move, disarmed", () => {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  for (let n = 2; n < 12; n += 1) core.nova.addServer(host1, `vm-${n}`, {});
  core.nova.moveMs = 25_000;
  Object.assign(core.settings.limits, { movesAtOnce: 1 });
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  runUntil(core, () => core.done("evacuate").length > 0);
  core.power.set("bmc", "unknown");
  core.offAnswers.set("bmc", { kind: "no-answer", reason: "none" });
  runUntil(core, () => core.done("power-off").some(({ device }) => device === "a"));
  const before = core.done("evacuate").length;
  // The outlets are those of another host, which falls silent at the order.
  core.fact(host2, { reports: false, echo: [], novaReports: false });
  core.power.set("a", "off");
  core.power.set("b", "off");
  core.run(40_000);
  assert.equal(core.done("evacuate").length, before);
  assert.match(render(core.state.memory.disarmed ?? ""), /may be compute-2's/);
  assert.equal(core.phase(host1, "evacuating").kind, "evacuating", "what has begun is followed");
});

test("who answered may die of its own, before a restart, too", () => {
  const core = settledLevels([["bmc"]]);
  core.nova.forceDownAnswer = { kind: "refused", status: 503, reason: "not now" };
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.power.set("bmc", "off");
  core.run(20_000);
  core.powerLoss(host2);
  core.run(30_000);
  core.restart();
  core.run(75_000);
  assert.equal(core.state.memory.disarmed, undefined);
});
