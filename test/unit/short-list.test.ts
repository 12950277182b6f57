import assert from "node:assert/strict";
import { test } from "node:test";
import type { ComputeServer } from "../../guardian/ports.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

/** A host whose reports count three servers, and Nova that shows at first only some of them. */
function dies(shown: number): { readonly core: CoreFixture; readonly hidden: ComputeServer[] } {
  const core = new CoreFixture();
  const { checks } = core.factsOf(host1);
  core.fact(host1, { checks: { ...checks, serversTotal: 3, serversRunning: 3 } });
  core.run(15_000);
  for (const name of ["vm-1", "vm-2", "vm-3"]) core.nova.addServer(host1, name);
  const hidden = core.nova.servers.splice(shown);
  core.powerLoss(host1);
  core.run(20_000);
  assert.equal(core.done("evacuate").length, shown);
  return { core, hidden };
}

for (const shown of [0, 1]) {
  test(`Nova listed ${shown} of three servers, a cell was down: the others are moved later`, () => {
    const { core, hidden } = dies(shown);
    core.nova.servers.push(...hidden);
    core.run(40_000);
    assert.equal(core.done("evacuate").length, 3);
    assert.equal(core.phase(host1, "ended").unlisted, 0);
  });

  test(`Nova lists ${shown} of three servers for ever: a page, never "all run elsewhere"`, () => {
    const { core } = dies(shown);
    core.run(90_000);
    const page = core.alerts().find((alert) => alert.kind === "left-behind");
    assert.equal(page?.class, "page");
    assert.match(page?.title ?? "", new RegExp(`${3 - shown} more servers than Nova listed`));
    assert.equal(
      core.alerts().find((alert) => alert.kind === "evacuated"),
      undefined,
    );
  });
}

test("a server that came to the host after the first list is moved too", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.nova.moveMs = 10_000;
  core.powerLoss(host1);
  core.run(15_000);
  assert.equal(core.done("evacuate").length, 1);
  core.nova.addServer(host1, "vm-2");
  core.run(40_000);
  assert.deepEqual(
    core.done("evacuate").map((order) => order.server),
    ["id-vm-1", "id-vm-2"],
  );
});
