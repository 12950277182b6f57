/** The fence rate remembers hosts, not attempts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostSettings, Settings } from "../../guardian/core/settings.ts";
import { rateGates } from "../../guardian/core/storm-gates.ts";
import { hostName, type HostName } from "../../shared/names.ts";
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

/** Racks A and B by turns. */
function inTwoRacks(hosts: number): Partial<Settings> {
  const { settings } = new CoreFixture({}, hosts);
  const entries = [...settings.hosts].map(([host, entry], at): [HostName, HostSettings] => [
    host,
    { ...entry, domains: { rack: at % 2 === 0 ? "A" : "B" } },
  ]);
  return { hosts: new Map(entries) };
}

test("a rack's rate is asked for while the other rack is in maintenance, too", () => {
  const core = new CoreFixture(inTwoRacks(60), 60).run(15_000);
  for (let number = 2; number <= 60; number += 2) {
    core.maintain(hostName(`compute-${number}`), undefined);
  }
  for (const number of [3, 5]) {
    const host = hostName(`compute-${number}`);
    core.nova.addServer(host, `vm-${number}`, {});
    core.powerLoss(host);
    runUntil(core, () => core.done("evacuate").some((move) => move.host === host));
    core.run(30_000);
  }
  core.powerLoss(host1);
  core.run(30_000);
  const held = rateGates(core.state, core.hostState(host1)).filter(({ pass }) => !pass);
  assert.deepEqual(
    held.map(({ gate }) => gate),
    ["fence rate in rack A"],
  );
  assert.ok(!core.done("power-off").some(({ host }) => host === host1));
});
