import assert from "node:assert/strict";
import { hostName } from "../../../shared/names.ts";
import { waitFor } from "../../support/wait-for.ts";
import type { Scenario } from "../lab.ts";

export const drain: Scenario = {
  name: "drain",
  shows:
    "a living host whose instances directory turned read-only is emptied by live migration on real Nova, and not fenced",
  tier: "all",
  // 60 s by default, each: how long a failed self-check must last, and how long the host is degraded before it is disabled.
  guardian: { drain: true, limits: { checkDown: "5s", disableDegradedAfter: "10s" } },
  victim: "compute-1",
  servers: 3,
  async run(lab) {
    const { victim, servers, guardian, observer } = lab;
    const brokenMs = await lab.fault("readonly", victim);
    const ended = await guardian.line(hostName(victim), "drain-ended", 180_000);
    lab.measure("directory read-only to drained", (ended.atMs - brokenMs) / 1000);
    assert.match(ended.text, /3 of 3 servers run elsewhere/);
    const view = await waitFor(
      "each server ACTIVE elsewhere, by Nova's own word",
      async () => {
        const now = await lab.nova();
        const there = now.servers.filter(({ id }) => servers.includes(id));
        const away = there.filter(({ host, status }) => host !== victim && status === "ACTIVE");
        return away.length === servers.length ? now : undefined;
      },
      30_000,
    );
    const service = view.services.find(({ host }) => host === victim);
    assert.equal(service?.status, "disabled");
    assert.equal(service.forced_down, false, "it lives, and is not fenced");
    assert.deepEqual(guardian.lines("fence-ordered"), []);
    assert.equal(observer.calls(), 0, "no evacuate call was made");
  },
};
