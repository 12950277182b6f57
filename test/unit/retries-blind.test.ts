/** A further evacuate call of a server: never while somebody else's may be under way. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerId } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** A server whose first evacuation Nova shows as failed: the second try is planned. */
function failedOnce(): { readonly core: CoreFixture; readonly server: ServerId } {
  const core = new CoreFixture().run(15_000);
  const server = core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 3_600_000;
  core.powerLoss(host1);
  core.run(15_000);
  assert.equal(core.done("evacuate").length, 1);
  const error = { status: "ERROR", vmState: "error", fault: "No valid host was found" };
  core.nova.changeServer(server, error);
  core.nova.changeRecord(server, "error");
  core.run(3000);
  return { core, server };
}

/** A person who sees the error evacuates it by hand. */
function byHand({ core, server }: ReturnType<typeof failedOnce>): void {
  core.nova.changeServer(server, { status: "REBUILD", taskState: "rebuilding" });
  core.nova.addRecord(server, host1, "accepted");
}

test("a person evacuates by hand before the second try: followed, not called again", () => {
  const failed = failedOnce();
  byHand(failed);
  failed.core.run(60_000);
  assert.equal(failed.core.done("evacuate").length, 1);
});

test("a person evacuates by hand while the guardian is down: looked for before the second try", () => {
  const failed = failedOnce();
  byHand(failed);
  failed.core.restart();
  failed.core.run(60_000);
  assert.equal(failed.core.done("evacuate").length, 1);
});

test("a person evacuates a server that waits for a place: followed, not called again", () => {
  const core = new CoreFixture().run(15_000);
  const servers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) =>
    core.nova.addServer(host1, `vm-${n}`),
  );
  core.nova.moveMs = 60_000;
  core.powerLoss(host1);
  core.run(15_000);
  const called = new Set(core.done("evacuate").map((order) => order.server));
  const waits = servers.find((server) => !called.has(server));
  assert.ok(waits !== undefined);
  byHand({ core, server: waits });
  core.run(120_000);
  assert.equal(core.done("evacuate").filter(({ server }) => server === waits).length, 0);
});

test("a call without an answer, and a restart: looked for, and not made again", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.evacuateAnswer = { kind: "unknown", reason: "504: gateway timeout" };
  core.powerLoss(host1);
  core.run(20_000);
  assert.equal(core.done("evacuate").length, 1);
  core.restart();
  core.run(120_000);
  assert.equal(core.done("evacuate").length, 1);
});
