import assert from "node:assert/strict";
import { sleep } from "../../../shared/loop.ts";
import type { Scenario } from "../lab.ts";

const common = {
  // Reports go over this network only, and so does nova-compute: all of it falls silent at once.
  victim: "compute-1",
  servers: 2,
} as const;

export const managementCut: Scenario = {
  ...common,
  name: "management-cut",
  shows: "a host that lost the management network only is isolated: told, never fenced",
  tier: "ci",
  async run(lab) {
    const { victim } = lab;
    await lab.fault("isolate", victim, "mgmt");
    const alert = await lab.alert(victim, "isolated", 20_000);
    assert.match(alert.title, /it lives, a network failed/);
    assert.ok(
      alert.why.some((line) => line.startsWith("reverse ping, management: 0 of")),
      alert.why.join("\n"),
    );
    lab.say(`told: ${alert.title}; 12 s more without any action`);
    await sleep(12_000);
    await lab.expectUntouched(victim);
    await lab.fault("heal", victim, "mgmt");
    await lab.guardian.verdict(victim, "healthy", 30_000);
  },
};

export const managementCutForLong: Scenario = {
  ...common,
  name: "management-cut-for-long",
  shows: "after a minute without a word to Nova an isolated host is a page, and still not fenced",
  tier: "all",
  async run(lab) {
    const { victim } = lab;
    await lab.fault("isolate", victim, "mgmt");
    lab.say("waiting for a minute of Nova's silence");
    const page = await lab.alert(victim, "row-11a", 110_000);
    assert.equal(page.class, "page");
    await lab.expectUntouched(victim);
  },
};
