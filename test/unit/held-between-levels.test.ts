/** A first level that fails while a gate holds: the next one is not tried, and that is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runUntil, settledLevels } from "../support/levels-fixture.ts";
import { host1 } from "../support/core-fixture.ts";

test("a level that failed is paged although a gate keeps the next one from being tried", () => {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  core.offAnswers.set("bmc", { kind: "refused", reason: "node busy" });
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.disarmedFile = true;
  core.run(60_000);
  assert.equal(core.phase(host1, "fencing").run?.level, 0);
  const page = core.alerts().find(({ kind }) => kind === "fence-failed");
  assert.match(page?.why.join() ?? "", /node busy/);
  core.disarmedFile = false;
  core.power.set("bmc", "unknown").set("a", "off").set("b", "off");
  core.run(20_000);
  assert.equal(core.done("evacuate").length, 1);
});

test("a gate that shuts for a moment only delays the next level", () => {
  const core = settledLevels([["bmc"], ["a", "b"]]);
  core.offAnswers.set("bmc", { kind: "refused", reason: "node busy" });
  core.hang(host1);
  runUntil(core, () => core.done("power-off").length > 0);
  core.disarmedFile = true;
  core.run(5000);
  core.disarmedFile = false;
  core.power.set("bmc", "unknown").set("a", "off").set("b", "off");
  core.run(20_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.ok(core.alerts().every(({ kind }) => kind !== "fence-failed"));
});
