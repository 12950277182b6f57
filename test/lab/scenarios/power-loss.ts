import assert from "node:assert/strict";
import type { Scenario } from "../lab.ts";

export const powerLoss: Scenario = {
  name: "power-loss",
  shows: "a host loses its power: its five servers run elsewhere within seconds, none twice",
  tier: "ci",
  // Its BMC shows its GUID in the byte order of the IPMI specification.
  victim: "compute-3",
  servers: 5,
  async run(lab) {
    const { guardian, observer, victim, servers } = lab;
    const lostMs = await lab.fault("power_loss", victim);
    const dead = await guardian.verdict(victim, "dead", 20_000);
    const fenced = await guardian.line(victim, "fenced", 20_000);
    lab.measure("power loss to verdict", (dead.atMs - lostMs) / 1000);
    lab.measure("power loss to confirmed fence", (fenced.atMs - lostMs) / 1000);
    await guardian.line(victim, "evacuation-ended", 60_000);
    await lab.expectEvacuated(victim, servers);
    lab.measure(
      "power loss to first evacuate call",
      (observer.firstCall(victim) ?? 0) - lostMs / 1000,
    );
    lab.measure(
      "power loss to last server ACTIVE",
      (observer.lastEnd(victim) ?? 0) - lostMs / 1000,
    );
    const alert = await lab.alert(victim, "evacuated", 10_000);
    assert.match(alert.title, /all 5 servers run elsewhere/);
    lab.say(`told by webhook: ${alert.title}`);
    const incidents = guardian.ask("incident", "list") as readonly { readonly id: string }[];
    assert.deepEqual(
      incidents.map(({ id }) => id),
      [`i1-${victim}`],
      "the first trouble since the start is the first incident",
    );
  },
};
