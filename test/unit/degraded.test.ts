import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import type { HostChecks } from "../../shared/telemetry.ts";
import { alice, CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const { checkDownMs, disableDegradedAfterMs, enableHealthyAfterMs } = defaultLimits;

function settled(changes: Partial<Settings> = {}, hosts = 8): CoreFixture {
  return new CoreFixture(changes, hosts).run(15_000);
}

function checks(core: CoreFixture, changes: Partial<HostChecks>, host = host1): void {
  core.fact(host, { checks: { ...core.factsOf(host).checks, ...changes } });
}

const failing = { storage: "down" } as const;
const well = { storage: "up", business: "up" } as const;

/** A host that is degraded for as long as it takes to be disabled, if nothing holds that. */
function degraded(changes: Partial<Settings> = {}): CoreFixture {
  const core = settled(changes);
  checks(core, failing);
  return core.run(checkDownMs + disableDegradedAfterMs + 5000);
}

function disabled(changes: Partial<Settings> = {}): CoreFixture {
  const core = degraded(changes);
  assert.equal(core.nova.service(host1).status, "disabled");
  return core;
}

function held(core: CoreFixture): readonly string[] {
  return core
    .assessment(host1)
    .gates.filter((gate) => !gate.pass)
    .map((gate) => gate.gate);
}

test("row 4 for a minute: disabled with our mark; a round sooner it is not", () => {
  const core = settled();
  checks(core, failing);
  while (core.assessment(host1).row !== "4") core.run(250);
  core.run(disableDegradedAfterMs - 250);
  assert.equal(core.done("disable").length, 0);
  core.run(250);
  const [order] = core.done("disable");
  assert.match(order?.reason ?? "", /^guardian g1 epoch 1 incident i\d+-compute-1 degraded$/);
  assert.equal(order?.onlyIfEnabled, true);
  core.run(60_000);
  assert.equal(core.done("disable").length, 1);
});

test("rows 5 and 5a are disabled as well, rows 6 and 7 are not", () => {
  for (const [change, wanted] of [
    [{ business: "down" }, 1],
    [{ libvirt: "down" }, 0],
    [{ directory: "slow" }, 0],
  ] as const) {
    const core = settled();
    checks(core, change);
    core.run(300_000);
    assert.equal(core.done("disable").length, wanted, JSON.stringify(change));
  }
});

test("enabled again after five minutes in good health, a round sooner not", () => {
  const core = disabled();
  checks(core, well);
  while (core.assessment(host1).row !== "8") core.run(250);
  core.run(enableHealthyAfterMs - 250);
  assert.equal(core.done("enable").length, 0);
  core.run(250);
  assert.equal(core.done("enable").length, 1);
  core.run(1000);
  assert.equal(core.nova.service(host1).status, "enabled");
  assert.deepEqual(core.state.memory.degraded, new Map());
  core.run(600_000);
  assert.equal(core.done("disable").length + core.done("enable").length, 2);
});

test("a relapse within the five minutes begins them anew", () => {
  const core = disabled();
  checks(core, well);
  core.run(enableHealthyAfterMs - 20_000);
  checks(core, failing);
  core.run(5000);
  checks(core, well);
  core.run(enableHealthyAfterMs - 20_000);
  assert.equal(core.done("enable").length, 0);
  core.run(30_000);
  assert.equal(core.done("enable").length, 1);
});

for (const [name, change] of [
  ["another reason", { reason: "bob looks at it" }],
  ["our words and one more", { reason: "guardian g1 epoch 1 incident i1-compute-1 degraded!" }],
  ["another guardian's mark", { reason: "guardian g2 epoch 1 incident i1-compute-1 degraded" }],
  ["enabled by a person", { status: "enabled", reason: undefined }],
] as const) {
  test(`a mark that a person changed is left: ${name}`, () => {
    const core = disabled();
    Object.assign(core.nova.service(host1), change);
    core.run(300_000);
    assert.equal(core.done("disable").length, 1, "while it is degraded nothing is added");
    checks(core, well);
    core.run(enableHealthyAfterMs + 60_000);
    assert.equal(core.done("enable").length, 0);
    const line = core.done("line").find((found) => found.event === "mark-changed");
    assert.match(line?.text ?? "", /a person changed our mark/);
  });
}

test("a person who is faster than our order is not overwritten", () => {
  const core = settled();
  checks(core, failing);
  while (core.done("disable").length === 0) core.run(250);
  // Between our last look and our call: the shell looks once more, and refuses.
  const fast = settled();
  checks(fast, failing);
  while (fast.assessment(host1).row !== "4") fast.run(250);
  while (fast.state.now - fast.assessment(host1).since < disableDegradedAfterMs - 250) {
    fast.run(250);
  }
  Object.assign(fast.nova.service(host1), { status: "disabled", reason: "bob" });
  fast.run(60_000);
  assert.equal(fast.nova.service(host1).reason, "bob");
  assert.ok(held(fast).includes("disabled by another"), held(fast).join());
});

const holds: readonly (readonly [
  string,
  Partial<Settings>,
  ((core: CoreFixture) => void) | undefined,
])[] = [
  ["mode", { mode: "observe" }, undefined],
  ["mode", { mode: "ask" }, undefined],
  ["armed", {}, (core) => void (core.disarmedFile = true)],
  ["maintenance", {}, (core) => core.maintain(host1, undefined)],
  ["others alike", {}, (core) => checks(core, { directory: "io-error" }, host2)],
];

for (const [name, changes, hold] of holds) {
  test(`held by ${name} (${changes.mode ?? "act"})`, () => {
    const core = settled(changes);
    hold?.(core);
    checks(core, failing);
    core.run(300_000);
    assert.equal(core.done("disable").length, 0);
    assert.ok(held(core).includes(name), held(core).join());
  });
}

test("never the last destination", () => {
  const core = settled({}, 2);
  Object.assign(core.nova.service(host2), { status: "disabled", reason: "bob" });
  checks(core, failing);
  core.run(300_000);
  assert.equal(core.done("disable").length, 0);
  assert.ok(held(core).includes("destination"), held(core).join());
});

test("switched off by the configuration it disables nothing", () => {
  assert.equal(degraded({ disableDegraded: false }).done("disable").length, 0);
});

test("another trouble of another host is not alike, nor is a dead host's last word", () => {
  for (const other of [{ business: "down" }, { libvirt: "down" }] as const) {
    const core = settled({}, 30);
    checks(core, other, host2);
    checks(core, failing);
    core.run(checkDownMs + disableDegradedAfterMs + 5000);
    assert.equal(core.done("disable").filter(({ host }) => host === host1).length, 1);
  }
  const core = settled({ mode: "act" }, 30);
  checks(core, failing, host2);
  core.run(2000);
  core.powerLoss(host2);
  core.fact(host2, { power: "unknown" });
  core.run(5000);
  checks(core, failing);
  core.run(checkDownMs + disableDegradedAfterMs + 5000);
  assert.equal(core.done("disable").length, 1);
});

test("mode ask: a ticket asks; approved it is disabled; by default after the time", () => {
  const core = degraded({ mode: "ask" });
  assert.equal(core.done("disable").length, 0);
  const ticket = core.alerts().find((alert) => alert.kind === "ask-disable");
  assert.equal(ticket?.class, "ticket");
  core.answer(host1, "approved");
  core.run(1000);
  assert.equal(core.done("disable").length, 1);
  const acting = degraded({ mode: "ask", ask: { afterMs: 30_000, byDefault: "act" } });
  acting.run(20_000);
  assert.equal(acting.done("disable").length, 0);
  acting.run(20_000);
  assert.equal(acting.done("disable").length, 1);
});

test("approved to be disabled is not approved to be fenced, and dismissed neither", () => {
  for (const answer of ["approved", "dismissed"] as const) {
    const core = degraded({ mode: "ask" });
    core.answer(host1, answer);
    core.run(5000);
    core.powerLoss(host1);
    core.run(60_000);
    assert.equal(core.done("power-off").length, 0);
    const page = core.alerts().findLast((alert) => alert.kind === "ask");
    assert.equal(page?.status, "firing", answer);
  }
});

test("dead while disabled by us: our mark holds nobody, and nothing is enabled afterwards", () => {
  const core = disabled();
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(60_000);
  core.phase(host1, "ended");
  assert.equal(core.done("evacuate").length, 1);
  assert.match(core.nova.service(host1).reason ?? "", /incident i\d+-compute-1$/);
  core.fact(host1, { reports: true, echo: ["management", "storage"], power: "on" });
  core.fact(host1, { novaReports: true });
  checks(core, well);
  core.run(enableHealthyAfterMs + 60_000);
  assert.equal(core.done("enable").length, 0, "its mark is the evacuation's: people enable it");
});

test("an order that Nova refused is looked at again, and dropped when the host is well", () => {
  const core = settled();
  checks(core, failing);
  while (core.done("disable").length === 0) core.run(250);
  const answer = { kind: "unknown", reason: "no answer within 10 s" } as const;
  const mark = core.state.memory.degraded.get(host1);
  assert.ok(mark !== undefined);
  core.take({
    kind: "service-order-answered",
    at: core.now,
    host: host1,
    order: "disable",
    answer,
  });
  assert.equal(core.state.memory.degraded.get(host1)?.disabled.kind, "retry");
  core.run(20_000);
  assert.equal(core.state.memory.degraded.get(host1)?.disabled.kind, "done");
});

test("nothing is enabled while disarmed, in maintenance, or in mode observe", () => {
  for (const hold of [
    (core: CoreFixture) => void (core.disarmedFile = true),
    (core: CoreFixture) => core.maintain(host1, undefined),
    (core: CoreFixture) => {
      const { settings } = core.state;
      core.state = { ...core.state, settings: { ...settings, mode: "observe" } };
    },
  ]) {
    const core = disabled();
    hold(core);
    checks(core, well);
    core.run(enableHealthyAfterMs + 60_000);
    assert.equal(core.done("enable").length, 0);
  }
});

test("people are told as long as it takes no new servers", () => {
  const core = disabled();
  const told = (): readonly string[] =>
    core.alerts().flatMap((alert) => (alert.kind === "disabled" ? [alert.status] : []));
  assert.deepEqual(told(), ["firing"]);
  checks(core, well);
  core.run(enableHealthyAfterMs + 10_000);
  assert.deepEqual(told(), ["firing", "resolved"]);
});

test("a held incident is not disabled, and says by whom", () => {
  const core = settled();
  checks(core, failing);
  core.run(checkDownMs + 5000);
  core.answer(host1, "held", "I am on it");
  core.run(300_000);
  assert.equal(core.done("disable").length, 0);
  const gate = core.assessment(host1).gates.find((found) => found.gate === "hold");
  assert.match(
    render(gate?.value ?? ""),
    new RegExp(`^put on hold by ${alice.replace(/[()]/g, "\\$&")}`),
  );
});

/** Nova does what it is told, and its answer to a disable is lost. */
class LostAnswers extends CoreFixture {
  override take(event: GuardianEvent): readonly Effect[] {
    if (event.kind !== "service-order-answered" || event.order !== "disable") {
      return super.take(event);
    }
    this.nova.answers = false;
    return super.take({ ...event, answer: { kind: "unknown", reason: "no answer within 10 s" } });
  }
}

test("disabled although the answer was lost, and well before Nova's record shows it: it is enabled all the same", () => {
  const core = new LostAnswers().run(15_000);
  checks(core, failing);
  while (core.done("disable").length === 0) core.run(250);
  checks(core, well);
  core.run(30_000);
  assert.notEqual(core.state.memory.degraded.get(host1), undefined, "its mark is not forgotten");
  core.nova.answers = true;
  core.run(enableHealthyAfterMs + 60_000);
  assert.equal(core.done("enable").length, 1);
});
