/**
 * Nova as LAB facts have it: a service is down when forced or when it has not reported for a
 * while; an evacuate call is accepted only for a down source; a second call for the same server is
 * accepted too, and wrecks it.
 */
import { hostName, serverId, type HostName, type ServerId } from "../../shared/names.ts";
import type { Order } from "../../guardian/core/effects.ts";
import type {
  ApiAnswer,
  ComputeServer,
  ComputeService,
  EvacuationRecord,
  InventoryAnswer,
} from "../../guardian/ports.ts";

interface Service {
  reportedAt: number;
  reports: number;
  forcedDown: boolean;
  status: "enabled" | "disabled";
  reason: string | undefined;
}

interface Server {
  readonly id: ServerId;
  readonly name: string;
  host: HostName;
  status: string;
  vmState: string;
  taskState: string | undefined;
  volumeBacked: boolean;
  fault: string | undefined;
  moving: boolean;
}

interface Migration {
  readonly id: number;
  readonly server: ServerId;
  readonly source: HostName;
  destination: HostName | undefined;
  status: string;
}

export interface NovaWorld {
  readonly now: () => number;
  readonly later: (ms: number, run: () => void) => void;
  /** Starts the server's process on a host that is on; false when the host is off. */
  readonly startOn: (server: ServerId, host: HostName) => boolean;
  readonly isRunning: (host: HostName) => boolean;
  readonly note: (text: string) => void;
}

export class WorldNova {
  readonly services = new Map<HostName, Service>();
  readonly servers = new Map<ServerId, Server>();
  readonly migrations: Migration[] = [];
  reportEveryMs = 10_000;
  downAfterMs = 60_000;
  rebuildMs = 3000;
  readonly #world: NovaWorld;

  constructor(world: NovaWorld) {
    this.#world = world;
  }

  addHost(host: HostName): void {
    this.services.set(host, {
      reportedAt: this.#world.now(),
      reports: 1,
      forcedDown: false,
      status: "enabled",
      reason: undefined,
    });
  }

  addServer(host: HostName, index: number, volumeBacked: boolean): ServerId {
    const id = serverId(`${host}-server-${index}`);
    this.servers.set(id, {
      id,
      name: `vm-${host.replace("compute-", "")}-${index}`,
      host,
      status: "ACTIVE",
      vmState: "active",
      taskState: undefined,
      volumeBacked,
      fault: undefined,
      moving: false,
    });
    return id;
  }

  /** Host aggregates by name. */
  readonly aggregates = new Map<string, HostName[]>();

  inventory(): InventoryAnswer {
    const aggregates = [...this.aggregates].map(([name, hosts]) => ({ name, hosts }));
    const capacity = [...this.services.keys()].map((host) => {
      const servers = [...this.servers.values()].filter((server) => server.host === host).length;
      return { host, memoryMb: 65_536, memoryUsedMb: 512 + 2048 * servers };
    });
    return { kind: "inventory", aggregates, capacity };
  }

  report(host: HostName): void {
    const service = this.services.get(host);
    if (service === undefined) return;
    service.reportedAt = this.#world.now();
    service.reports += 1;
  }

  isDown(host: HostName): boolean {
    const service = this.services.get(host);
    if (service === undefined) return true;
    return service.forcedDown || this.#world.now() - service.reportedAt > this.downAfterMs;
  }

  list(): readonly ComputeService[] {
    return [...this.services].map(([host, service]) => ({
      serviceId: `service-${host}`,
      host,
      zone: "nova",
      status: service.status,
      state: this.isDown(host) ? ("down" as const) : ("up" as const),
      forcedDown: service.forcedDown,
      disabledReason: service.reason,
      updatedAt: `report ${service.reports}`,
    }));
  }

  forceDown(serviceId: string): ApiAnswer {
    const service = this.services.get(hostName(serviceId.replace("service-", "")));
    if (service === undefined) return { kind: "refused", status: 404, reason: "no such service" };
    service.forcedDown = true;
    service.reports += 1;
    return { kind: "accepted", requestId: "req" };
  }

  disable(serviceId: string, reason: string): ApiAnswer {
    const service = this.services.get(hostName(serviceId.replace("service-", "")));
    if (service === undefined) return { kind: "refused", status: 404, reason: "no such service" };
    service.status = "disabled";
    service.reason = reason;
    service.reports += 1;
    return { kind: "accepted", requestId: "req" };
  }

  enable(serviceId: string, mark: string): ApiAnswer {
    const service = this.services.get(hostName(serviceId.replace("service-", "")));
    if (service === undefined) return { kind: "refused", status: 404, reason: "no such service" };
    if (service.status !== "disabled" || service.reason !== mark) {
      const shown = service.reason ?? service.status;
      return { kind: "refused", status: 409, reason: `the mark is not ours any more: ${shown}` };
    }
    service.status = "enabled";
    service.reason = undefined;
    service.reports += 1;
    return { kind: "accepted", requestId: "req" };
  }

  /** What the adapter makes of an order: a person who was faster keeps what they set. */
  order(order: Extract<Order, { kind: "force-down" | "disable" | "enable" }>): ApiAnswer {
    if (order.kind === "force-down") return this.forceDown(order.serviceId);
    if (order.kind === "enable") return this.enable(order.serviceId, order.mark);
    const service = this.services.get(order.host);
    if (order.onlyIfEnabled && service?.status === "disabled") {
      const reason = `it is disabled: ${service.reason ?? ""}`;
      return { kind: "refused", status: 409, reason };
    }
    return this.disable(order.serviceId, order.reason);
  }

  serversOn(host: HostName): readonly ComputeServer[] {
    return [...this.servers.values()].filter((server) => server.host === host).map(shown);
  }

  server(id: ServerId): ComputeServer | undefined {
    const server = this.servers.get(id);
    return server === undefined ? undefined : shown(server);
  }

  evacuations(host: HostName): readonly EvacuationRecord[] {
    return this.migrations
      .filter((migration) => migration.source === host)
      .map((migration) => ({ ...migration, createdAt: "" }))
      .reverse();
  }

  evacuate(id: ServerId): ApiAnswer {
    const server = this.servers.get(id);
    if (server === undefined) return { kind: "refused", status: 404, reason: "no such server" };
    if (!this.isDown(server.host)) {
      const reason = `Compute service of ${server.host} is still in use.`;
      return { kind: "refused", status: 400, reason };
    }
    const migration: Migration = {
      id: this.migrations.length + 1,
      server: id,
      source: server.host,
      destination: undefined,
      status: "accepted",
    };
    this.migrations.push(migration);
    if (server.moving) {
      this.#world.note(`VIOLATION second evacuate of ${server.name} while the first runs`);
      server.status = "ERROR";
      return { kind: "accepted", requestId: "req" };
    }
    server.moving = true;
    server.status = "REBUILD";
    server.taskState = "rebuilding";
    this.#world.later(this.rebuildMs, () => this.#arrive(server, migration));
    return { kind: "accepted", requestId: `req-${migration.id}` };
  }

  #arrive(server: Server, migration: Migration): void {
    const destination = [...this.services.keys()].find(
      (host) => host !== migration.source && this.#takes(host),
    );
    server.moving = false;
    server.taskState = undefined;
    const stopped = server.vmState === "stopped";
    const started =
      destination !== undefined && (stopped || this.#world.startOn(server.id, destination));
    if (destination === undefined || !started) {
      migration.status = "error";
      server.status = "ERROR";
      server.fault = "No valid host was found";
      return;
    }
    migration.status = "done";
    migration.destination = destination;
    server.host = destination;
    server.status = stopped ? "SHUTOFF" : "ACTIVE";
  }

  #takes(host: HostName): boolean {
    const service = this.services.get(host);
    return service?.status === "enabled" && !this.isDown(host) && this.#world.isRunning(host);
  }
}

function shown(server: Server): ComputeServer {
  return {
    server: server.id,
    name: server.name,
    host: server.host,
    status: server.status,
    vmState: server.vmState,
    taskState: server.taskState,
    powerState: server.vmState === "active" ? 1 : 4,
    project: "project-1",
    locked: false,
    volumeBacked: server.volumeBacked,
    metadata: {},
    fault: server.fault,
  };
}
