/** More servers than are moved at once, hosts that come back among them, and two hosts at once. */
import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Lab, Scenario } from "../lab.ts";
import { runPython } from "../lab-scripts.ts";

async function evacuate(lab: Lab, endMs: number): Promise<void> {
  const { victim, servers, guardian, observer } = lab;
  const lostMs = await lab.fault("power_loss", victim);
  await guardian.line(victim, "evacuation-ended", endMs);
  await lab.expectEvacuated(victim, servers);
  const first = observer.firstCall(victim) ?? 0;
  lab.measure("power loss to first evacuate call", first - lostMs / 1000);
  lab.measure("first evacuate call to last server ACTIVE", (observer.lastEnd(victim) ?? 0) - first);
}

export const twentyServers: Scenario = {
  name: "twenty-servers",
  shows: "a host with twenty servers dies: each runs elsewhere, none twice",
  tier: "all",
  victim: "compute-3",
  servers: 20,
  run: (lab) => evacuate(lab, 120_000),
};

export const hundredServers: Scenario = {
  name: "hundred-servers",
  shows: "a host with a hundred servers dies: each runs elsewhere, none twice",
  tier: "all",
  victim: "compute-3",
  servers: 100,
  // A destination claims one server after the other, and each claim asks about all that are there.
  run: (lab) => evacuate(lab, 900_000),
};

export const returnsWhileServersMove: Scenario = {
  name: "returns-while-servers-move",
  shows: "the dead host is switched on while its servers move: off again at once, none runs twice",
  tier: "ci",
  revives: true,
  victim: "compute-2",
  servers: 8,
  async run(lab) {
    const { victim, servers, guardian, observer } = lab;
    await lab.fault("power_loss", victim);
    await waitFor("the first evacuate call", () => observer.firstCall(victim), 40_000);
    await lab.fault("power_on", victim);
    lab.say(`powered on; ${observer.ends(victim)} of ${servers.length} moves ended so far`);
    await guardian.line(victim, "refenced", 30_000);
    await guardian.line(victim, "evacuation-ended", 150_000);
    // The judge would say that it lived for a moment: so it did, and nothing of it came so far as to start.
    await expectMovedOnce(lab, servers, ["compute-1", "compute-3", "compute-4"]);
    assert.ok(guardian.lines("refenced").length <= 2, "switched off again no more than needed");
  },
};

export const twoHosts: Scenario = {
  name: "two-hosts",
  shows: "two of four hosts die at once where the storm limit allows it: both are evacuated",
  tier: "ci",
  // One of four is the default's most: this cloud says that half may die at once.
  guardian: { limits: { stormShare: 0.5, fencesPerHourInDomain: 3 } },
  victim: "compute-1",
  servers: 3,
  async run(lab) {
    const { victim, servers, guardian } = lab;
    const others = (await runPython("seed.py", "2", "compute-4", "other")).trim().split("\n");
    // Its probe and the inventory are to have seen them.
    await sleep(5000);
    await Promise.all([lab.fault("power_loss", victim), lab.fault("power_loss", "compute-4")]);
    await Promise.all([
      guardian.line(victim, "evacuation-ended", 90_000),
      guardian.line("compute-4", "evacuation-ended", 90_000),
    ]);
    await expectMovedOnce(lab, [...servers, ...others], ["compute-2", "compute-3"]);
    lab.say(await lab.observer.judge(victim));
  },
};

/** By Nova's own word: each runs on one of these hosts, by one migration. */
async function expectMovedOnce(
  lab: Lab,
  servers: readonly string[],
  hosts: readonly string[],
): Promise<void> {
  const view = await lab.nova();
  for (const id of servers) {
    const server = view.servers.find((one) => one.id === id);
    assert.equal(server?.status, "ACTIVE", `${server?.name} is ${server?.status}`);
    assert.ok(hosts.includes(server.host), `${server.name} is on ${server.host}`);
    const moves = view.evacuations.filter((one) => one.instance_uuid === id);
    assert.equal(moves.length, 1, `one migration of ${server.name}, not ${moves.length}`);
  }
}
