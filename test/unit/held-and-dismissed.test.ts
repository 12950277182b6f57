import assert from "node:assert/strict";
import { test } from "node:test";
import { answerProblem } from "../../guardian/core/approvals.ts";
import { gatesToContinue } from "../../guardian/core/gates.ts";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import type { HostName } from "../../shared/names.ts";
import { alice, both, CoreFixture, host1 } from "../support/core-fixture.ts";

const ask: Partial<Settings> = { mode: "ask" };
const askThenAct: Partial<Settings> = { mode: "ask", ask: { afterMs: 60_000, byDefault: "act" } };

function settled(changes: Partial<Settings> = {}, hosts = 8): CoreFixture {
  return new CoreFixture(changes, hosts).run(15_000);
}

/** A host that is dead, and on which nothing is done. */
function dead(changes: Partial<Settings>, hosts = 8): CoreFixture {
  const core = settled(changes, hosts);
  core.powerLoss(host1);
  core.run(10_000);
  assert.equal(core.done("power-off").length, 0);
  return core;
}

function back(core: CoreFixture, host: HostName): void {
  core.fact(host, { reports: true, echo: both, power: "on", novaReports: true });
}

function pages(core: CoreFixture, kind: string): number {
  return core.alerts().filter((alert) => alert.kind === kind && alert.status === "firing").length;
}

test("held: no new fence; during an evacuation no further move and no switching off again", () => {
  const core = settled();
  core.fact(host1, { reports: false });
  core.run(10_000);
  core.answer(host1, "held");
  core.powerLoss(host1);
  core.run(10_000);
  assert.equal(core.assessment(host1).row, "14");
  assert.equal(core.done("power-off").length, 0);
  assert.equal(gatesToContinue(core.state, core.hostState(host1))[1]?.pass, false);
  core.answer(host1, "approved");
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  while (core.done("evacuate").length === 0) core.run(250);
  const orders = core.done("power-off").length;
  core.answer(host1, "held");
  core.fact(host1, { power: "on" });
  core.run(20_000);
  assert.equal(core.phase(host1, "evacuating").proof, undefined);
  assert.equal(core.done("power-off").length, orders, "a person holds it");
  core.answer(host1, "approved");
  core.run(5000);
  assert.equal(core.done("power-off").length, orders + 1);
});

test("a living host's revoked proof is said once for each way it shows life", () => {
  const core = settled();
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  while (core.done("evacuate").length === 0) core.run(250);
  core.answer(host1, "held");
  core.fact(host1, { power: "on", echo: both });
  core.run(60_000);
  const said = core.done("line").filter((line) => line.event === "proof-revoked");
  assert.ok(said.length >= 1 && said.length <= 2, said.map((line) => line.text).join("\n"));
  assert.ok(pages(core, "proof-lost") <= 2);
});

test("dismissed: left alone and told, its one page not repeated; reporting again ends it", () => {
  const limits = { ...defaultLimits, repeatPageMs: 60_000 };
  const core = dead({ ...ask, limits });
  core.answer(host1, "dismissed", "I pulled its plug");
  core.run(1_200_000);
  assert.equal(core.done("power-off").length, 0);
  assert.equal(pages(core, "dismissed"), 1);
  assert.equal(pages(core, "unattended"), 1);
  back(core, host1);
  core.run(20_000);
  assert.equal(core.state.memory.incidents.get(host1), undefined);
  core.powerLoss(host1);
  core.run(10_000);
  assert.equal(pages(core, "ask"), 2, "the next silence is asked about anew");
});

test("what cannot be answered is refused with the next step", () => {
  const core = dead({ mode: "observe" });
  const problem = (kind: "approved" | "held" | "dismissed"): string => {
    const incident = core.state.memory.incidents.get(host1);
    assert.ok(incident !== undefined);
    return answerProblem(core.state, incident, kind) ?? "";
  };
  assert.match(problem("approved"), /^compute-1 is in mode observe: .*set mode ask or act/);
  assert.equal(problem("dismissed"), "");
  core.answer(host1, "approved");
  assert.equal(core.state.memory.incidents.get(host1)?.answer, undefined);
  const acting = settled();
  acting.powerLoss(host1);
  acting.run(30_000);
  const ended = acting.state.memory.incidents.get(host1);
  assert.ok(ended?.phase.kind === "ended");
  assert.match(answerProblem(acting.state, ended, "held") ?? "", /guardian host release compute-1/);
  const refusing = settled();
  refusing.fact(host1, { offAnswer: { kind: "refused", reason: "no" } });
  refusing.powerLoss(host1);
  refusing.run(10_000);
  const fencing = refusing.state.memory.incidents.get(host1);
  assert.ok(fencing?.phase.kind === "fencing");
  const refused = answerProblem(refusing.state, fencing, "dismissed") ?? "";
  assert.match(refused, /ordered off already; .* guardian incident hold i\d+-compute-1$/);
});

test("acknowledged: not repeated, also over a restart, until something new is to be said", () => {
  const limits = { ...defaultLimits, repeatPageMs: 60_000 };
  const core = dead({ ...ask, limits });
  core.run(120_000);
  const before = pages(core, "ask");
  assert.ok(before >= 2, "it is repeated while nobody has taken note");
  const { now: at, wall } = core.state;
  core.take({ kind: "acknowledged", at, wall, host: host1, by: alice, reason: "coming" });
  core.run(300_000);
  core.restart();
  core.run(300_000);
  assert.equal(pages(core, "ask"), before);
  core.disarmedFile = true;
  core.run(5000);
  assert.equal(pages(core, "held"), 1, "another hold is news");
});

test("the guardian's own pages are acknowledged apart from a host's", () => {
  const limits = { ...defaultLimits, repeatPageMs: 60_000 };
  const core = dead({ ...ask, limits });
  const { now: at, wall } = core.state;
  core.take({ kind: "arming", at, wall, armed: false, by: alice, reason: "noises" });
  core.run(1000);
  core.take({ kind: "acknowledged", at, wall, host: undefined, by: alice, reason: "I know" });
  const asked = pages(core, "held");
  core.run(200_000);
  assert.equal(pages(core, "disarmed"), 1);
  assert.ok(pages(core, "held") > asked);
});

test("row 19 is a person's: approved, it is acted on; by default never", () => {
  const oneNetwork = (changes: Partial<Settings>): CoreFixture => {
    const { networks } = new CoreFixture().settings;
    const core = settled({ ...changes, networks: networks.slice(0, 1) });
    core.hang(host1);
    core.run(120_000);
    assert.equal(core.assessment(host1).row, "19");
    return core;
  };
  const core = oneNetwork({});
  assert.equal(core.done("power-off").length, 0);
  const page = core.alerts().find((alert) => alert.kind === "row-19");
  assert.match(page?.next ?? "", /if it is dead: guardian incident approve i\d+-compute-1$/);
  core.answer(host1, "approved");
  core.run(30_000);
  core.phase(host1, "ended");
  assert.equal(oneNetwork(askThenAct).done("power-off").length, 0);
});
