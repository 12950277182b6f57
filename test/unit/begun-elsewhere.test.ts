/** Evacuations that a compute began, and that failed: whether the guest runs there, nobody can see. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { homeProblem } from "../../guardian/core/home-gates.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { render } from "../../guardian/core/words.ts";
import type { ServerId } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { runUntil } from "../support/levels-fixture.ts";

interface Failed {
  readonly core: CoreFixture;
  readonly server: ServerId;
}

/** A server in error, with the record of an evacuation to host 2 that failed there. */
function failedBefore(status = "failed"): Failed {
  const core = new CoreFixture().run(15_000);
  const server = core.nova.addServer(host1, "vm-1", { status: "ERROR", vmState: "error" });
  addRecord({ core, server }, status);
  return { core, server };
}

function addRecord({ core, server }: Failed, status: string): void {
  const id = 17 + core.nova.records.length;
  const record = { id, server, source: host1, destination: host2, status, createdAt: "" };
  core.nova.records = [...core.nova.records, record];
}

function shown({ core, server }: Failed): string {
  const phase = core.state.memory.incidents.get(host1)?.phase;
  const move = phase !== undefined && "moves" in phase ? phase.moves?.[server] : undefined;
  return move?.state.kind === "left" ? render(move.state.reason) : (move?.state.kind ?? "none");
}

test("an incident later, too, it is not called again: it may run where that evacuation took it", () => {
  const { core, server } = failedBefore();
  core.powerLoss(host1);
  core.run(90_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(
    shown({ core, server }),
    /migration 17 is failed; it may have begun to run on compute-2/,
  );
  const page = core.alerts().findLast(({ kind }) => kind === "left-behind");
  assert.equal(page?.class, "page");
  assert.match(page?.next ?? "", /look on the host that is named first/);
});

test("nor is its host switched on for its way home", () => {
  const { core } = failedBefore();
  core.powerLoss(host1);
  core.run(90_000);
  const phase = core.phase(host1, "ended");
  const home = { byPerson: true } as NonNullable<typeof phase.home>;
  const problem = homeProblem(core.state, core.hostState(host1), phase, home);
  assert.ok(problem !== undefined);
});

for (const [what, later] of [
  ["found no host", "error"],
  ["was never taken up", "failed"],
] as const) {
  test(`a later one that ${what} says nothing of it`, () => {
    const { core, server } = failedBefore();
    addRecord({ core, server }, later);
    core.powerLoss(host1);
    core.run(90_000);
    assert.deepEqual(core.done("evacuate"), []);
  });
}

test("one whose scheduling alone failed is called, and so is one that was done later, or set right by people", () => {
  for (const [status, changes, further] of [
    ["error", {}, undefined],
    ["failed", {}, "completed"],
    ["failed", { status: "ACTIVE", vmState: "active" }, undefined],
  ] as const) {
    const { core, server } = failedBefore(status);
    core.nova.changeServer(server, changes);
    if (further !== undefined) addRecord({ core, server }, further);
    core.powerLoss(host1);
    core.run(60_000);
    assert.equal(core.done("evacuate").length, 1, `${status} ${further ?? ""}`);
  }
});

test("one whose record failed a moment before Nova says so of the server is looked at, and left", () => {
  const { core, server } = failedBefore();
  core.nova.changeServer(server, {
    status: "REBUILD",
    vmState: "active",
    taskState: "rebuild_spawning",
  });
  core.powerLoss(host1);
  runUntil(core, () => shown({ core, server }) === "planned");
  core.nova.changeServer(server, { status: "ERROR", vmState: "error", taskState: undefined });
  core.run(60_000);
  assert.deepEqual(core.done("evacuate"), []);
  assert.match(shown({ core, server }), /may have begun/);
});

/** Somebody else evacuates it; that finds no host, and we call it. */
function takenOver(): Failed {
  const core = new CoreFixture({}, 24).run(15_000);
  const server = core.nova.addServer(host1, "vm-1");
  core.nova.addRecord(server, host1, "running");
  core.nova.moveMs = 600_000;
  core.powerLoss(host1);
  runUntil(core, () => shown({ core, server }) === "running");
  return { core, server };
}

test("what we call after another's evacuation of it found no host is ours: over a restart its host goes off again", () => {
  const { core, server } = takenOver();
  core.nova.changeRecord(server, "error");
  runUntil(core, () => core.done("evacuate").length > 0);
  core.run(2000);
  core.restart();
  core.powerOn(host1);
  core.run(30_000);
  core.phase(host1, "evacuating");
  assert.ok(core.done("power-off").length > 1);
});

test("over a restart a host that people switched on and repaired stays on, whatever another's evacuation of it was", () => {
  const { core } = takenOver();
  core.run(5000);
  core.restart();
  core.powerOn(host1);
  const before = core.done("power-off").length;
  core.run(60_000);
  assert.equal(core.done("power-off").length, before);
});

/** The second of two servers waits for the first, which takes long. */
function waiting(): Failed {
  const limits = { ...defaultLimits, movesAtOnce: 1 };
  const core = new CoreFixture({ limits }).run(15_000);
  core.nova.moveMs = 200_000;
  core.nova.addServer(host1, "vm-1");
  const server = core.nova.addServer(host1, "vm-2");
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(shown({ core, server }), "planned");
  return { core, server };
}

/** Somebody evacuates it meanwhile, and that fails on host 2. */
function failMeanwhile({ core, server }: Failed): void {
  addRecord({ core, server }, "failed");
  core.nova.changeServer(server, { status: "ERROR", vmState: "error" });
}

function isCalled({ core, server }: Failed): boolean {
  return core.done("evacuate").some((order) => order.server === server);
}

test("a server whose call waits while somebody else's evacuation of it fails is left", () => {
  const place = waiting();
  failMeanwhile(place);
  place.core.run(10_000);
  assert.match(shown(place), /may have begun/);
  place.core.run(300_000);
  assert.ok(!isCalled(place));
});

test("nor is it called after a restart during which that happened", () => {
  const place = waiting();
  failMeanwhile(place);
  place.core.restart();
  place.core.run(300_000);
  assert.ok(!isCalled(place));
  assert.match(shown(place), /may have begun/);
});
