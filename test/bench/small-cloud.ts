/**
 * The real guardian (loop, reducer, effect runner, Nova adapter over HTTP) over three simulated hosts and
 * a simulated Nova; reports, pings and power readings are answered in the process.
 */
import { createGuardian, type GuardianPorts } from "../../guardian/app.ts";
import { defaultLimits } from "../../guardian/core/settings.ts";
import type { PowerController } from "../../guardian/ports.ts";
import { createKeystone } from "../../guardian/shell/keystone.ts";
import { createNova } from "../../guardian/shell/nova.ts";
import type { CloudAccess } from "../../guardian/shell/cloud-access.ts";
import { systemClock } from "../../shared/clock.ts";
import { collectorId } from "../../shared/names.ts";
import { seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";
import { noLedger, type TelemetrySnapshot } from "../../shared/telemetry.ts";
import { startFakeOpenStack, type FakeOpenStack } from "../support/fake-openstack.ts";
import { idlePorts } from "../support/idle-ports.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { SimulatedHost } from "../support/simulated-host.ts";
import { simulatedUuid, type SimulatedNova } from "../support/simulated-nova.ts";
import { worldSettings } from "../support/world-settings.ts";

/** Claims on a destination are serial, as measured: each rebuild waits for those before it. */
const rebuild = { rebuildMs: 800, rebuildStepMs: 400 } as const;
const collector = collectorId("c1");

export interface SmallCloud {
  readonly cloud: FakeOpenStack;
  readonly nova: SimulatedNova;
  readonly hosts: readonly SimulatedHost[];
  readonly dead: SimulatedHost;
  readonly servers: readonly string[];
}

/** The first host has the servers. */
export async function startSmallCloud(servers: number, hostCount = 3): Promise<SmallCloud> {
  const hosts = Array.from(
    { length: hostCount },
    (_, at) => new SimulatedHost({ name: `compute-${at + 1}`, uuid: simulatedUuid("c0", at + 1) }),
  );
  const [dead] = hosts;
  if (dead === undefined) throw new Error("a cloud without a host");
  const cloud = await startFakeOpenStack({ hosts, ...rebuild });
  const ids = Array.from({ length: servers }, () => cloud.nova.addServer({ host: dead.name }).id);
  return { cloud, nova: cloud.nova, hosts, dead, servers: ids };
}

/** A guardian over it, and the way to stop it. Without `power`, devices that answer in the process. */
export function guard(
  small: SmallCloud,
  power: ReadonlyMap<string, PowerController> = devicesOf(small),
): { readonly stop: () => Promise<void> } {
  const settings = worldSettings(
    small.hosts.map(({ name }) => name),
    {
      limits: { ...defaultLimits, suspectAfterMs: 2000, silentAfterMs: 3000, graceFreshMs: 1000 },
    },
  );
  const stopping = new AbortController();
  const running = createGuardian(settings, portsOf(small, power)).run(stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

function devicesOf({ hosts }: SmallCloud): ReadonlyMap<string, PowerController> {
  return new Map(hosts.map((host) => [`${host.name}/bmc`, bmcOf(host)]));
}

function portsOf(
  { cloud, hosts }: SmallCloud,
  power: ReadonlyMap<string, PowerController>,
): GuardianPorts {
  const access: CloudAccess = {
    name: "bench",
    authUrl: cloud.authUrl,
    auth: {
      kind: "password",
      user: { name: "admin", domain: { id: "default" } },
      who: 'user "admin"',
      password: new Secret("s3cret"),
      scope: { project: { name: "admin", domain: { id: "default" } } },
    },
    region: undefined,
    interface: "public",
    tls: { verify: true },
    computeEndpoint: undefined,
  };
  const keystone = createKeystone(access, systemClock);
  const random = seededRandom(1);
  const reports = reportsOf(hosts);
  return {
    ...idlePorts,
    store: { ...idlePorts.store, read: () => Promise.resolve({ kind: "read", ...reports() }) },
    pinger: {
      name: "bench",
      ping: ({ network, address }) => {
        const host = hosts.find(({ name }) => address === `${network}/${name}`);
        const echoes = host === undefined || host.answersOn(network);
        return Promise.resolve(echoes ? { kind: "echo", rttMs: 1 } : { kind: "no-echo" });
      },
      close: () => Promise.resolve(),
    },
    power,
    compute: createNova({ cloud: access, keystone, clock: systemClock, random }),
  };
}

function bmcOf(host: SimulatedHost): PowerController {
  const identity = { guid: host.uuid.replaceAll("-", ""), uuid: undefined, serial: undefined };
  return {
    name: `bmc of ${host.name}`,
    read: () => Promise.resolve({ power: host.power, identity }),
    powerOn: () => Promise.resolve({ kind: "refused", reason: "" }),
    powerOff: () =>
      Promise.resolve({ kind: host.power === "off" ? "already-off" : "refused", reason: "" }),
  };
}

/** Each host that has power has reported within the last second. */
function reportsOf(hosts: readonly SimulatedHost[]): () => TelemetrySnapshot {
  const arrivals = new Map<string, number>();
  return () => {
    const monoMs = systemClock.monoMs();
    for (const { name, power } of hosts) if (power === "on") arrivals.set(name, monoMs);
    const liveness = hosts.map((host) => ({
      collector,
      collectorEpoch: 1,
      host: host.name,
      path: "management" as const,
      arrivalMs: (arrivals.get(host.name) ?? monoMs) as typeof monoMs,
      bootId: "b0070000000000a1",
      probeEpoch: 1,
      sequence: arrivals.get(host.name) ?? 0,
      sentWallMs: 0,
      sent: 1,
      sendErrors: 0,
      checks: {
        ...healthyChecks,
        serversTotal: 0,
        serversRunning: 0,
        hardwareUuid: host.uuid.replaceAll("-", ""),
        bmcGuid: "",
      },
    }));
    return { watermarks: [{ collector, epoch: 1, monoMs, ledger: noLedger }], liveness };
  };
}
