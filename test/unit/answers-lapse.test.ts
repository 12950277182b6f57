/** How long an answer stands: it ends with what it was about. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "../../guardian/core/settings.ts";
import { both, CoreFixture, host1 } from "../support/core-fixture.ts";

const ask: Partial<Settings> = { mode: "ask" };
const askThenAct: Partial<Settings> = { mode: "ask", ask: { afterMs: 60_000, byDefault: "act" } };

function settled(changes: Partial<Settings> = {}): CoreFixture {
  return new CoreFixture(changes).run(15_000);
}

test("dismissed while it answered pings and ran, its death is told, and acted on", () => {
  const core = settled();
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false });
  core.run(130_000);
  core.answer(host1, "dismissed");
  core.run(300_000);
  const before = core.alerts().length;
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 1);
  assert.ok(core.alerts().length > before);
  assert.ok(core.done("line").some(({ text }) => text.includes("dismissed it in row 12")));
});

test("dismissed after its plug was pulled, it is left alone", () => {
  const core = settled({ mode: "ask" });
  core.powerLoss(host1);
  core.run(30_000);
  core.answer(host1, "dismissed");
  core.run(300_000);
  assert.equal(core.done("power-off").length, 0);
  assert.equal(core.state.memory.incidents.get(host1)?.answer?.kind, "dismissed");
});

test("an approval of a silent host lapses when it answers pings again before it was acted on", () => {
  const core = settled(ask);
  core.hang(host1);
  core.run(70_000);
  core.disarmedFile = true;
  core.run(1000);
  core.answer(host1, "approved");
  core.run(5000);
  core.fact(host1, { echo: both });
  core.run(15_000);
  core.disarmedFile = false;
  core.run(30_000);
  assert.equal(core.done("power-off").length, 0, "nobody was asked about a host that hangs");
  assert.ok(core.done("line").some(({ event }) => event === "approval-lapsed"));
});

test("a host that hung when it was approved is fenced, whatever it answers", () => {
  const core = settled(ask);
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "13");
  core.answer(host1, "approved");
  core.run(30_000);
  assert.equal(core.done("power-off").length, 1);
});

test("whoever is asked anew about a later silence has the whole time again", () => {
  const core = settled(askThenAct);
  core.powerLoss(host1);
  core.run(20_000);
  core.fact(host1, { reports: false, echo: both, power: "on", novaReports: true });
  core.run(120_000);
  assert.equal(core.assessment(host1).row, "12");
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(core.done("power-off").length, 0, "nobody had a minute to answer");
  core.run(60_000);
  assert.equal(core.done("power-off").length, 1);
});

test("where a dismissal ends, nobody's answer counts before people had their time", () => {
  const core = settled(askThenAct);
  core.hang(host1);
  core.run(20_000);
  core.fact(host1, { echo: ["management"] });
  core.run(90_000);
  core.answer(host1, "dismissed");
  core.run(600_000);
  core.fact(host1, { echo: [] });
  core.run(30_000);
  assert.equal(core.done("power-off").length, 0);
  core.run(60_000);
  assert.equal(core.done("power-off").length, 1);
});

test("dismissed while a notice was in force, it is left alone after the notice's end, too", () => {
  const core = settled({ rebootOverdue: "act" });
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, notice: "rebooting" } });
  core.run(2000);
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(core.assessment(host1).row, "9");
  core.answer(host1, "dismissed");
  core.run(900_000);
  assert.equal(core.done("power-off").length, 0);
  assert.equal(core.state.memory.incidents.get(host1)?.answer?.kind, "dismissed");
});

test("dismissed while it answered pings and Nova did not answer us, its death is told, and acted on", () => {
  const core = settled();
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false });
  core.nova.answers = false;
  core.run(60_000);
  assert.equal(core.assessment(host1).row, "12a");
  core.answer(host1, "dismissed");
  core.run(30_000);
  core.nova.answers = true;
  core.run(120_000);
  core.powerLoss(host1);
  core.run(60_000);
  assert.equal(core.done("evacuate").length, 1);
});

test("where a hung host is fenced by policy, mode ask asks once, and nobody's answer counts on time", () => {
  const rows = new Map([["13", "fence"]] as const);
  const core = settled({ ...askThenAct, rows });
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(90_000);
  assert.equal(core.assessment(host1).row, "13");
  core.run(70_000);
  assert.equal(core.done("power-off").length, 1);
});

test("a dismissal that ends where a host is fenced by policy leaves people their whole time", () => {
  const rows = new Map([["13", "fence"]] as const);
  const core = settled({ ...askThenAct, rows });
  core.nova.addServer(host1, "vm-1");
  core.fact(host1, { reports: false, novaReports: false });
  core.run(100_000);
  assert.equal(core.assessment(host1).row, "13");
  core.answer(host1, "dismissed");
  core.run(300_000);
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(core.assessment(host1).action, "fence");
  assert.equal(core.done("power-off").length, 0, "nobody had a minute to answer");
  core.run(60_000);
  assert.equal(core.done("power-off").length, 1);
});
