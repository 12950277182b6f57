import assert from "node:assert/strict";
import { test } from "node:test";
import type { Settings } from "../../guardian/core/settings.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";
import { worldSettings } from "../support/world-settings.ts";
import { hostName } from "../../shared/names.ts";

/** Host 1 has two power devices; the second answers, and shows another chassis' identity. */
function twoDevices(): Partial<Settings> {
  const names = Array.from({ length: 8 }, (_, index) => hostName(`compute-${index + 1}`));
  const { hosts } = worldSettings(names, {});
  const devices = ["bmc", "other"];
  const addresses = hosts.get(host1)?.addresses ?? {};
  return {
    hosts: new Map([
      ...hosts,
      [host1, { addresses, devices, maintenance: undefined, domains: {} }],
    ]),
  };
}

test("a device that is not verified is never ordered off, whatever its sibling says", () => {
  const core = new CoreFixture(twoDevices());
  core.guids.set(`${host1}/other`, "d15ea5e0112233445566778899aabbcc");
  core.run(15_000);
  core.hang(host1);
  core.run(60_000);
  const ordered = core.done("power-off").map((order) => order.device);
  assert.ok(!ordered.includes("other"), ordered.join());
  const page = core.alerts().find((alert) => alert.host === host1 && alert.class === "page");
  assert.ok(page !== undefined, "nobody was paged");
});
