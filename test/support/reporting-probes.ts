/** Healthy hosts that report to a collector, until the test ends. */
import type { TestContext } from "node:test";
import { hostName } from "../../shared/names.ts";
import type { CollectorFixture } from "./collector-fixture.ts";
import { healthyChecks } from "./sample-report.ts";
import { createSimulatedProbe, type SimulatedProbe } from "./simulated-probe.ts";

export function startProbes(
  t: TestContext,
  hosts: readonly string[],
  to: { readonly fixture: CollectorFixture; readonly port: number; readonly everyMs: number },
): readonly SimulatedProbe[] {
  const probes = hosts.map((host) =>
    createSimulatedProbe({
      host: hostName(host),
      key: to.fixture.keyOf(host),
      collectorPort: to.port,
      path: "management",
      checks: () => healthyChecks,
      reportEveryMs: to.everyMs,
    }),
  );
  for (const probe of probes) probe.start();
  t.after(() => Promise.all(probes.map((probe) => probe.close())));
  return probes;
}
