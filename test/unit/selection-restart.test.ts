/** Servers that only their host's aggregate says are moved, when the aggregates are not known yet. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

function tagged(): CoreFixture {
  const core = new CoreFixture({ evacuation: { ...defaultPolicy, servers: "tagged" } });
  core.nova.aggregates = { ha: [host1] };
  core.nova.aggregateMetadata = { HA_Enabled: "true" };
  core.run(65_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  return core;
}

test("moved, for its host's aggregate says so", () => {
  assert.equal(tagged().run(20_000).done("evacuate").length, 1);
});

for (const outageMs of [0, 30_000]) {
  test(`a restart before its servers were listed: moved, aggregates unread for ${outageMs} ms`, () => {
    const core = tagged();
    const isForced = (): boolean => {
      const phase = core.state.memory.incidents.get(host1)?.phase;
      return phase?.kind === "evacuating" && phase.forcedDown.kind === "done";
    };
    while (!isForced()) core.run(250);
    assert.equal(core.phase(host1, "evacuating").moves, undefined);
    core.restart();
    if (outageMs > 0) core.nova.inventoryFails = "503";
    core.run(outageMs);
    core.nova.inventoryFails = undefined;
    core.run(180_000);
    const kinds = core.alerts().map(({ kind, class: urgency }) => `${urgency} ${kind}`);
    assert.equal(core.done("evacuate").length, 1, kinds.join(", "));
  });
}

test("a tag with a value that has an equals sign is compared as a whole", () => {
  const exclude = { ...defaultPolicy.exclude, tags: ["licence=a=b"] };
  const core = new CoreFixture({ evacuation: { ...defaultPolicy, exclude } }).run(15_000);
  core.nova.addServer(host1, "vm-1", { metadata: { licence: "a=b" } });
  core.powerLoss(host1);
  assert.equal(core.run(20_000).done("evacuate").length, 0);
});
