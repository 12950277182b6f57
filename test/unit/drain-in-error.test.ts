/** A live migration that ended where nobody knows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";

const limits = { ...defaultLimits, disableDegradedAfterMs: 10_000 };

for (const isWellBetween of [false, true]) {
  test(`a server whose live migration ended in error is not evacuated (well between: ${isWellBetween})`, () => {
    const core = new CoreFixture({ drain: true, limits }).run(15_000);
    const server = core.nova.addServer(host1, "vm-0");
    const { checks } = core.factsOf(host1);
    core.fact(host1, { checks: { ...checks, directory: "read-only" } });
    core.run(80_000);
    assert.equal(core.done("live-migrate").length, 1);
    const record = {
      id: 100,
      server,
      source: host1,
      destination: host2,
      status: "error",
      createdAt: "",
    };
    core.nova.liveRecords = [record];
    // Its guest may run on either of the two.
    core.nova.changeServer(server, { status: "ERROR", vmState: "error" });
    core.run(10_000);
    const move = core.state.memory.drains.get(host1)?.moves?.[server]?.state;
    assert.ok(move?.kind === "failed" && move.open, JSON.stringify(move));
    if (isWellBetween) {
      core.fact(host1, { checks });
      core.run(120_000);
    }
    core.powerLoss(host1);
    core.run(90_000);
    assert.ok(core.done("power-off").length > 0, "it was fenced");
    assert.equal(core.done("evacuate").length, 0, "evacuated, though it may run on compute-2");
  });
}

test("a live migration that nobody knows of is over once Nova has no such server on the host", () => {
  const core = new CoreFixture({ drain: true, limits }).run(15_000);
  const server = core.nova.addServer(host1, "vm-0");
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, directory: "read-only" } });
  core.run(80_000);
  core.nova.liveRecords = [
    { id: 100, server, source: host1, destination: host2, status: "error", createdAt: "" },
  ];
  core.nova.changeServer(server, { status: "ERROR", vmState: "error" });
  core.run(10_000);
  const open = (): boolean =>
    Object.values(core.state.memory.drains.get(host1)?.moves ?? {}).some(
      ({ state }) => state.kind === "failed" && state.open,
    );
  assert.ok(open());
  core.fact(host1, { checks });
  core.run(120_000);
  assert.ok(open(), "its guest may run there still");
  const listed = core.nova.servers;
  core.run(2_000_000);
  // Of a cell that is down for a moment Nova lists none.
  core.nova.servers = [];
  core.run(31_000);
  core.nova.servers = listed;
  core.run(100_000);
  assert.ok(open(), "it is there still");
  core.nova.servers = [];
  core.run(2_000_000);
  assert.ok(!open());
  assert.equal(core.state.memory.drains.size, 0, "nothing is left of it");
});
