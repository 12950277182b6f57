/**
 * The demo's small cloud: eight simulated hosts with servers, each with a power device of its own,
 * behind a Keystone and Nova that answer over HTTP. Everything listens on loopback.
 */
import type { Lifecycle } from "../../shared/lifecycle.ts";
import { serverId, type HostName } from "../../shared/names.ts";
import type { HostChecks } from "../../shared/telemetry.ts";
import type { WireServer } from "../../shared/wire-records.ts";
import { startFakeBmc, type FakeBmc } from "../support/fake-bmc.ts";
import { startFakeOpenStack, type FakeOpenStack } from "../support/fake-openstack.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { SimulatedHost } from "../support/simulated-host.ts";
import { simulatedUuid } from "../support/simulated-nova.ts";
import type { NovaServerState } from "../support/simulated-nova-records.ts";
import { createSimulatedProbe } from "../support/simulated-probe.ts";
import { startUdpEchoServer } from "../support/udp-echo-server.ts";

/** A compute host and the power device that is its own. */
export interface DemoHost {
  readonly simulated: SimulatedHost;
  readonly bmc: FakeBmc;
}

export interface DemoCloud {
  readonly hosts: readonly DemoHost[];
  /** What is pinged to know that a network works: a router, not a compute host. */
  readonly anchor: SimulatedHost;
  readonly openstack: FakeOpenStack;
  /** Where every address answers UDP echoes. */
  readonly echoPort: number;
  /** Hosts whose instances directory can only be read. */
  readonly readOnly: Set<string>;
  host(name: string): DemoHost;
  /** The first half stand in rack A, the others in rack B. */
  rackOf(name: string): string;
  serversOn(name: string): readonly NovaServerState[];
}

const serversPerHost = [3, 2, 5, 2, 4, 3, 2, 3];

/** Nova's own defaults; rebuilds a little faster than on a real host. */
const novaTimes = {
  reportIntervalMs: 10_000,
  serviceDownMs: 60_000,
  rebuildMs: 1200,
  rebuildStepMs: 600,
};

/** Starts the cloud; it ends with `lifecycle`. Its hosts do not report yet. */
export async function startCloud(lifecycle: Lifecycle): Promise<DemoCloud> {
  const simulated = serversPerHost.map((_, index) => newHost(`compute-${index + 1}`, index + 1));
  const anchor = newHost("router", 254);
  const echo = await startUdpEchoServer([anchor, ...simulated]);
  lifecycle.onStop("echo server", () => echo.close());
  const openstack = await startFakeOpenStack({ hosts: simulated, ...novaTimes });
  lifecycle.onStop("openstack", () => openstack.close());
  const hosts: DemoHost[] = [];
  for (const [index, host] of simulated.entries()) {
    for (let n = 1; n <= (serversPerHost[index] ?? 0); n += 1) {
      openstack.nova.addServer({ host: host.name, name: `vm-${index + 1}-${n}` });
    }
    const bmc = await startFakeBmc({ hosts: [host] });
    lifecycle.onStop(`bmc of ${host.name}`, () => bmc.close());
    hosts.push({ simulated: host, bmc });
  }
  return {
    hosts,
    anchor,
    openstack,
    echoPort: echo.port,
    readOnly: new Set(),
    rackOf(name) {
      const at = hosts.findIndex((host) => host.simulated.name === name);
      return at < hosts.length / 2 ? "A" : "B";
    },
    host(name) {
      const found = hosts.find((host) => host.simulated.name === name);
      if (found === undefined) throw new Error(`the demo has no host ${name}`);
      return found;
    },
    serversOn: (name) =>
      [...openstack.nova.servers.values()].filter((server) => server.host === name),
  };
}

function newHost(name: string, number: number): SimulatedHost {
  const addresses = { management: `127.10.1.${number}`, storage: `127.10.2.${number}` };
  return new SimulatedHost({ name, uuid: simulatedUuid("c0", number), addresses });
}

export interface ReportsTo {
  readonly port: number;
  readonly keyOf: (host: HostName) => Uint8Array;
}

/** Every host reports each second over management, while it has power and that network works. */
export function startProbes(cloud: DemoCloud, to: ReportsTo, lifecycle: Lifecycle): void {
  for (const { simulated: host } of cloud.hosts) {
    const probe = createSimulatedProbe({
      host: host.name,
      key: to.keyOf(host.name),
      collectorPort: to.port,
      path: "management",
      bootId: host.bootId,
      checks: () => checksOf(cloud, host),
      servers: () => cloud.serversOn(host.name).map(wireServer),
    });
    let bootId = host.bootId;
    const follow = async (): Promise<void> => {
      if (!host.answersOn("management")) return probe.stop();
      if (bootId !== host.bootId) probe.reboot();
      bootId = host.bootId;
      probe.start();
    };
    let turn = follow();
    host.onChange(() => {
      turn = turn.then(follow);
    });
    lifecycle.onStop(`probe of ${host.name}`, async () => {
      await turn;
      await probe.close();
    });
  }
}

/** What its probe would find out about this host. */
function checksOf(cloud: DemoCloud, host: SimulatedHost): HostChecks {
  const servers = cloud.serversOn(host.name);
  return {
    ...healthyChecks,
    storage: host.answersOn("storage") ? "up" : "down",
    directory: cloud.readOnly.has(host.name) ? "read-only" : "ok",
    serversTotal: servers.length,
    serversRunning: servers.filter((server) => server.status === "ACTIVE").length,
    hardwareUuid: host.uuid.replaceAll("-", ""),
    bmcGuid: "",
  };
}

function wireServer(server: NovaServerState): WireServer {
  return { server: serverId(server.id), state: "running" };
}
