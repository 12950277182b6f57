/** The settings of the simulated world; scenarios, fixtures and the simulation change single values. */
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import { defaultLimits, type HostSettings, type Settings } from "../../guardian/core/settings.ts";
import { collectorId, type HostName } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import { worldAddress } from "./world-calls.ts";

/** What every world starts from; scenarios and the simulation change single values. */
export function worldSettings(hosts: readonly HostName[], changes: Partial<Settings>): Settings {
  const networks: readonly NetworkName[] = ["management", "storage"];
  const entry = (host: HostName): HostSettings => ({
    addresses: Object.fromEntries(networks.map((name) => [name, worldAddress(name, host)])),
    devices: ["bmc"],
    maintenance: undefined,
    domains: {},
  });
  return {
    cloud: "lab",
    guardianId: "g1",
    mode: "act",
    ask: { afterMs: 300_000, byDefault: "observe" },
    groups: new Map(),
    windows: [],
    proofs: ["off", "confirmed"],
    confirmBy: 1,
    disableDegraded: true,
    limits: defaultLimits,
    networks: networks.map((name) => ({ name, anchors: [worldAddress(name, undefined)] })),
    collectors: [collectorId("c1")],
    hosts: new Map(hosts.map((host) => [host, entry(host)])),
    domainAggregates: [],
    language: "en",
    rows: new Map(),
    groupsHaveRows: false,
    evacuation: defaultPolicy,
    instancesShared: false,
    rebootOverdue: "ask",
    oneNetworkIsEnough: false,
    ...changes,
  };
}
