/** An anchor that answers every other ping: a router that limits its answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seenNetworks } from "../../guardian/core/reverse-ping.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("beside one that answers always it holds nobody: its network is not seen, and a ticket says so", () => {
  const core = new CoreFixture().run(15_000);
  core.shakyNetwork = "storage";
  core.run(15_000);
  assert.deepEqual(seenNetworks(core.state), ["management", "storage"], "a leg may be replugged");
  core.run(60_000);
  assert.deepEqual(seenNetworks(core.state), ["management"]);
  const ticket = core.alerts().find(({ kind }) => kind === "network-storage");
  assert.equal(ticket?.class, "ticket");
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(30_000);
  assert.equal(core.assessment(host1).verdict, "dead");
  assert.equal(core.done("evacuate").length, 1);
});

test("once it answers without breaks its network is seen again at once", () => {
  const core = new CoreFixture().run(15_000);
  core.shakyNetwork = "storage";
  core.run(60_000);
  core.shakyNetwork = undefined;
  core.run(4000);
  assert.deepEqual(seenNetworks(core.state), ["management", "storage"]);
});
