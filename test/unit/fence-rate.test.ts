/** The fence rate remembers hosts, not attempts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hostName } from "../../shared/names.ts";
import { CoreFixture, host1, host2 } from "../support/core-fixture.ts";
import { runUntil } from "../support/levels-fixture.ts";

test("a host that is ordered off again and again does not make the rate forget the others", () => {
  const core = new CoreFixture({}, 60).run(15_000);
  for (const number of [2, 3]) {
    const host = hostName(`compute-${number}`);
    core.nova.addServer(host, `vm-${number}`, {});
    core.powerLoss(host);
    runUntil(core, () => core.done("evacuate").some((move) => move.host === host));
    core.run(10_000);
  }
  core.hang(host1);
  core.fact(host1, { offAnswer: { kind: "refused", reason: "node busy" } });
  for (let cycle = 0; cycle < 110; cycle += 1) {
    const before = core.done("power-off").length;
    runUntil(core, () => core.done("power-off").length > before);
    core.fact(host1, { echo: ["management"] });
    core.run(1000);
    core.fact(host1, { echo: [] });
  }
  const hosts = new Set(core.state.memory.fences.map(({ host }) => host));
  assert.ok(hosts.has(host2));
});
