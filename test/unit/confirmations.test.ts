/** A person's word that a host is off: when it is taken, what it leads to, what makes it void. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  confirmProblem,
  orConfirm,
  proofsFor,
  standingConfirmation,
} from "../../guardian/core/confirmations.ts";
import { defaultLimits, type Settings } from "../../guardian/core/settings.ts";
import { explain } from "../../guardian/core/explain.ts";
import { render, words } from "../../guardian/core/words.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const minuteMs = 60_000;

/** Host 1 with servers is dead, and its power device says nothing. */
function lost(changes: Partial<Settings> = {}): CoreFixture {
  const core = new CoreFixture(changes).run(15_000);
  for (let index = 1; index <= 9; index += 1) core.nova.addServer(host1, `vm-${index}`);
  core.nova.moveMs = 3_600_000;
  core.loseWithBmc(host1);
  return core;
}

function evacuates(core: CoreFixture): number {
  return core.done("evacuate").length;
}

test("without a word nothing moves, and the page names the command; with it the servers move", () => {
  const core = lost();
  assert.equal(evacuates(core), 0);
  const page = core.alerts().find(({ kind }) => kind === "unproven");
  assert.match(page?.next ?? "", /guardian fence confirm compute-1 --reason/);
  const next = explain(core.state, core.hostState(host1))?.next.map((one) => render(one.words));
  assert.deepEqual(next, [
    "can be fenced when bmc answers",
    "evacuated when a person has made sure that it is off: guardian fence confirm compute-1 --reason …",
  ]);
  core.confirm(host1, 1000);
  core.run(3000);
  assert.equal(evacuates(core), 8);
  const [order] = core.done("evacuate");
  assert.equal(order?.proof.method, "confirmed");
  const { timeline } = core.state.memory.incidents.get(host1) ?? {};
  const said = timeline?.find(({ text }) => text === "confirmed off by uid 1000: cables pulled");
  assert.ok(said !== undefined && said.wall > 0, "who, why and when");
});

/** What shows life, or hides it, and the sentence that refuses. */
const refusals: readonly (readonly [string, RegExp, (core: CoreFixture) => void])[] = [
  ["a report", /lives, as far as its reports say/, (core) => core.fact(host1, { reports: true })],
  ["an echo", /lives: it answers pings/, (core) => core.fact(host1, { echo: ["storage"] })],
  [
    "Nova's record",
    /Nova shows nova-compute \w+, and its record/,
    (core) => core.fact(host1, { novaReports: true }),
  ],
  [
    "Nova says up",
    /Nova shows nova-compute up; it must say down/,
    (core) => void (core.nova.service(host1).down = false),
  ],
  [
    "power on",
    /its power device bmc reads on/,
    (core) => core.fact(host1, { power: "on", turnsOff: false }),
  ],
  [
    "our eyes in doubt",
    /could not see it if it lived: /,
    (core) => void (core.anchorsAnswer = false),
  ],
];

for (const [name, sentence, change] of refusals) {
  test(`refused: ${name}`, () => {
    const core = lost({ mode: "ask" });
    assert.equal(confirmProblem(core.state, host1), undefined, "taken before");
    change(core);
    core.run(12_000);
    assert.match(confirmProblem(core.state, host1) ?? "", sentence);
    core.confirm(host1, 1000);
    core.run(2000);
    assert.equal(standingConfirmation(core.state, core.hostState(host1)), undefined);
    assert.equal(evacuates(core), 0);
  });
}

test("refused: no incident, mode observe, a policy that takes nobody's word, another incident", () => {
  const core = lost({ mode: "observe" });
  assert.match(confirmProblem(core.state, host2) ?? "", /mode observe/);
  const strict = lost({ proofs: ["off"] });
  assert.match(confirmProblem(strict.state, host1) ?? "", /the policy takes no person's word/);
  const todo = words("todo.proof");
  assert.equal(orConfirm(strict.state, host1, todo), todo, "it is not named then");
  strict.confirm(host1, 1000);
  strict.run(3000);
  assert.equal(evacuates(strict), 0);
  const acting = lost();
  assert.match(confirmProblem(acting.state, host2) ?? "", /no open incident/);
  const { now: at, wall } = acting.state;
  const said = { uid: 1000, by: "uid 1000", reason: "x" };
  acting.take({ kind: "confirmed", at, wall, host: host1, incident: "i9-compute-1", ...said });
  acting.run(3000);
  assert.equal(evacuates(acting), 0, "the word was for another incident");
});

test("of several groups, each may leave a kind of proof out", () => {
  const group = { hosts: [host1], mode: undefined, rows: new Map() };
  const groups = new Map([
    ["gpu", { ...group, proofs: ["off"] as const }],
    ["all", { ...group, hosts: [host1, host2] }],
  ]);
  const core = new CoreFixture({ groups });
  assert.deepEqual(proofsFor(core.state, host1), ["off"]);
  assert.deepEqual(proofsFor(core.state, host2), ["off", "confirmed"]);
});

test("two people are two uids, within ten minutes", () => {
  const core = lost({ confirmBy: 2 });
  core.confirm(host1, 1000);
  core.confirm(host1, 1000, "sure");
  core.run(11 * minuteMs);
  core.confirm(host1, 1001);
  core.run(3000);
  assert.equal(evacuates(core), 0, "eleven minutes apart");
  core.confirm(host1, 1001, "again");
  core.run(3000);
  assert.equal(evacuates(core), 0, "the same one twice");
  core.confirm(host1, 1000);
  core.run(3000);
  assert.equal(evacuates(core), 8);
});

for (const [name, life] of [
  ["a report", (core: CoreFixture) => core.fact(host1, { reports: true })],
  ["an echo", (core: CoreFixture) => core.fact(host1, { echo: ["storage"] })],
  ["power on", (core: CoreFixture) => core.fact(host1, { power: "on", turnsOff: false })],
  ["Nova's record", (core: CoreFixture) => core.fact(host1, { novaReports: true })],
] as const) {
  test(`a sign of life makes it void for good: ${name}`, () => {
    const core = lost();
    core.confirm(host1, 1000);
    core.run(3000);
    life(core);
    core.run(25_000);
    assert.equal(core.phase(host1, "evacuating").proof, undefined);
    core.fact(host1, { reports: false, echo: [], novaReports: false, power: "unknown" });
    core.nova.finishMoves(Number.POSITIVE_INFINITY);
    core.run(60_000);
    assert.equal(core.phase(host1, "evacuating").proof, undefined, "silent again is not off");
    assert.equal(evacuates(core), 8);
    const lines = core.done("line").map(({ event }) => event);
    assert.ok(lines.includes("confirmation-void") && lines.includes("proof-revoked"));
  });
}

test("a word lasts half an hour; then a page says how many servers wait", () => {
  const core = lost({ limits: { ...defaultLimits, moveMsMax: 120 * minuteMs } });
  core.confirm(host1, 1000);
  core.run(3000);
  core.run(29 * minuteMs);
  assert.ok(core.phase(host1, "evacuating").proof !== undefined);
  core.run(minuteMs);
  assert.equal(core.phase(host1, "evacuating").proof, undefined);
  core.run(15_000);
  const page = core.alerts().findLast(({ kind }) => kind === "proof-lost");
  assert.match(page?.impact ?? "", /1 server .* wait/);
  assert.match(page?.next ?? "", /guardian fence confirm compute-1/);
});

test("after a restart it is asked for again; what was taken is followed", () => {
  const core = lost();
  core.confirm(host1, 1000);
  core.run(3000);
  core.restart();
  assert.equal(core.state.memory.incidents.get(host1)?.confirmations, undefined);
  core.nova.finishMoves(Number.POSITIVE_INFINITY);
  core.run(60_000);
  assert.equal(evacuates(core), 8, "the ninth waits");
  core.confirm(host1, 1001);
  core.run(3000);
  assert.equal(evacuates(core), 9);
});

test("it helps out a lapsed proof of devices, and a device that says off takes over from it", () => {
  const core = new CoreFixture().run(15_000);
  for (let index = 1; index <= 9; index += 1) core.nova.addServer(host1, `vm-${index}`);
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  while (evacuates(core) < 8) core.run(250);
  assert.match(confirmProblem(core.state, host1) ?? "", /nothing is missing/);
  core.fact(host1, { power: "unknown" });
  core.run(60_000);
  assert.equal(core.phase(host1, "evacuating").proof, undefined);
  core.confirm(host1, 1000);
  core.run(1000);
  assert.equal(core.phase(host1, "evacuating").proof?.method, "confirmed");
  core.fact(host1, { power: "off" });
  core.run(90_000);
  assert.equal(core.phase(host1, "evacuating").proof?.method, "power-devices");
});

test("a reading asked for before the word, and answered after it with on, takes the proof with it", () => {
  const core = lost();
  core.run(60_000);
  const askedAt = core.now;
  core.run(250);
  core.confirm(host1, 1000);
  core.run(500);
  const proofOf = () => {
    const phase = core.state.memory.incidents.get(host1)?.phase;
    return phase?.kind === "evacuating" ? phase.proof : undefined;
  };
  assert.equal(proofOf()?.method, "confirmed");
  const identity = { guid: "0".repeat(31) + "f", uuid: undefined, serial: undefined };
  const reading = { power: "on", identity } as const;
  core.take({ kind: "power-read", at: core.now, askedAt, host: host1, device: "bmc", reading });
  core.run(500);
  assert.equal(proofOf(), undefined);
});

test("a storm holds a confirmed host as any other", () => {
  const core = lost();
  core.powerLoss(host2);
  core.run(10_000);
  core.confirm(host1, 1000);
  core.run(5000);
  assert.equal(evacuates(core), 0);
});
