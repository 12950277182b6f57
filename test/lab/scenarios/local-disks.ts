import assert from "node:assert/strict";
import type { Scenario } from "../lab.ts";

export const localDisks: Scenario = {
  name: "local-disks",
  shows: "servers whose root disk was on the dead host are left alone, and named in the page",
  tier: "ci",
  guardian: { instancesShared: false },
  // Its BMC shows its GUID in the byte order of RFC 4122.
  victim: "compute-4",
  servers: 2,
  async run(lab) {
    const { victim, servers } = lab;
    await lab.fault("power_loss", victim);
    const page = await lab.alert(victim, "left-behind", 30_000);
    assert.equal(page.class, "page");
    const names = (await lab.nova()).servers
      .filter(({ id }) => servers.includes(id))
      .map(({ name }) => name);
    assert.equal(names.length, 2);
    for (const name of names) {
      assert.ok(
        page.why.some((line) => line.startsWith(`${name} (its root disk is on the dead host`)),
        page.why.join("\n"),
      );
    }
    await lab.expectNotEvacuated();
  },
};
