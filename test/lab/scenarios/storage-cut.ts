import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Lab, Scenario } from "../lab.ts";

/** The host lives and says itself what it lost: an alert that names it, and nothing is moved. */
async function expectDegraded(lab: Lab, evidence: RegExp): Promise<void> {
  const { victim } = lab;
  const alert = await lab.alert(victim, "degraded", 40_000);
  assert.match(alert.title, /its storage network or instances directory has failed/);
  assert.match(alert.why.join("\n"), evidence);
  lab.say(`told: ${alert.title}; 5 s more without any action`);
  await sleep(5000);
  await lab.expectUntouched(victim);
}

// 60 s by default: how long a failed self-check must last before it counts.
const guardian = { limits: { checkDown: "5s" } };

export const storageCut: Scenario = {
  name: "storage-cut",
  shows: "a living host without its storage network is degraded: told, nothing fenced or moved",
  tier: "ci",
  guardian,
  victim: "compute-2",
  servers: 2,
  async run(lab) {
    await lab.fault("isolate", lab.victim, "stor");
    await expectDegraded(lab, /storage/);
  },
};

export const directoryReadOnly: Scenario = {
  name: "directory-read-only",
  shows: "a living host whose instances directory turned read-only is degraded: told, not fenced",
  tier: "all",
  guardian,
  victim: "compute-3",
  servers: 1,
  async run(lab) {
    await lab.fault("readonly", lab.victim);
    await expectDegraded(lab, /read-only/);
  },
};

export const directoryFrozen: Scenario = {
  name: "directory-frozen",
  shows: "a living host whose instances directory hangs every write is degraded: told, not fenced",
  tier: "ci",
  guardian,
  victim: "compute-4",
  servers: 1,
  async run(lab) {
    await lab.fault("freeze", lab.victim);
    await expectDegraded(lab, /hung/);
  },
};
