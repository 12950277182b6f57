/** Marks of degraded hosts over a restart: whose they are, and what an earlier process's order leads to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "../../guardian/core/settings.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import type { HostChecks } from "../../shared/telemetry.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

const { checkDownMs, disableDegradedAfterMs, enableHealthyAfterMs } = defaultLimits;
const failing = { storage: "down" } as const;
const well = { storage: "up" } as const;

function settled(changes: Partial<Settings> = {}): CoreFixture {
  return new CoreFixture(changes).run(15_000);
}

function checks(core: CoreFixture, changes: Partial<HostChecks>): void {
  core.fact(host1, { checks: { ...core.factsOf(host1).checks, ...changes } });
}

function disabled(): CoreFixture {
  const core = settled();
  checks(core, failing);
  core.run(checkDownMs + disableDegradedAfterMs + 5000);
  assert.equal(core.nova.service(host1).status, "disabled");
  return core;
}

test("a restart: the mark is known, looked at, and taken away in time", () => {
  const core = disabled();
  core.restart();
  checks(core, well);
  core.run(enableHealthyAfterMs + 10_000);
  assert.equal(core.nova.service(host1).status, "enabled");
});

test("a restart between the order and its answer: what Nova shows is believed", () => {
  const core = settled();
  checks(core, failing);
  while (core.done("disable").length === 0) core.run(250);
  // The answer is lost with the process; the order was carried out.
  const reason = core.done("disable")[0]?.reason;
  Object.assign(core.nova.service(host1), { status: "disabled", reason });
  core.restart();
  core.run(60_000);
  assert.equal(core.done("disable").length, 1, "nothing is ordered twice");
  checks(core, well);
  core.run(enableHealthyAfterMs + 30_000);
  assert.equal(core.nova.service(host1).status, "enabled");
});

/** A process that died at its order to disable, which never reached Nova; the trouble shows at once again. */
function lostAtDisabling(): CoreFixture {
  const core = settled({ limits: { ...defaultLimits, checkDownMs: 0 } });
  checks(core, failing);
  while (core.done("disable").length === 0) core.run(250);
  Object.assign(core.nova.service(host1), { status: "enabled", reason: undefined });
  core.restart();
  return core;
}

test("an order that is given again after a restart carries the epoch of the process that gives it", () => {
  const core = lostAtDisabling();
  core.run(60_000);
  const [before, again, ...more] = core.done("disable").map(({ reason }) => reason);
  assert.match(before ?? "", / epoch 1 incident i\d+-compute-1 degraded$/);
  assert.equal(again, before?.replace("epoch 1", "epoch 2"));
  assert.equal(more.length, 0);
  checks(core, well);
  core.run(enableHealthyAfterMs + 30_000);
  assert.equal(core.nova.service(host1).status, "enabled");
});

test("an order of an earlier process that is done late is ours, and taken away with its own mark", () => {
  const core = lostAtDisabling();
  const before = core.done("disable")[0]?.reason;
  core.run(30_000);
  assert.equal(core.done("disable").length, 2);
  Object.assign(core.nova.service(host1), { reason: before });
  core.run(30_000);
  assert.equal(core.state.memory.degraded.get(host1)?.mark, before);
  checks(core, well);
  core.run(enableHealthyAfterMs + 30_000);
  assert.equal(core.nova.service(host1).status, "enabled");
  assert.equal(core.done("enable").at(-1)?.mark, before);
});

test("an earlier process's order that is done while ours is refused ends the asking", () => {
  const core = lostAtDisabling();
  const before = core.done("disable")[0]?.reason;
  while (core.done("disable").length < 2) core.run(250);
  // Done after our look and before our own order, which the shell refuses then.
  Object.assign(core.nova.service(host1), { status: "disabled", reason: before });
  const answer = { kind: "refused", status: 409, reason: "it is disabled" } as const;
  const event = { kind: "service-order-answered", at: core.now, host: host1 } as const;
  core.take({ ...event, order: "disable", answer });
  core.run(60_000);
  assert.equal(core.done("disable").length, 2, "not asked again and again");
  assert.equal(core.state.memory.degraded.get(host1)?.disabled.kind, "done");
});
