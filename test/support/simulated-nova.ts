/**
 * Nova's state and rules as they were measured on a real 2.93 (Zed): services that report, forced
 * down, evacuations that run, fail, or wreck a server when asked for twice. Nothing here runs on a
 * timer: what time brings is worked out when somebody looks.
 */
import type { HostName } from "../../shared/names.ts";
import type { SimulatedHost } from "./simulated-host.ts";
import type {
  AddServer,
  NovaLiveMigration,
  NovaMigrationState,
  NovaRefusal,
  NovaServerState,
  NovaServiceState,
  SimulatedNovaOptions,
} from "./simulated-nova-records.ts";

const notEvacuable = new Set(["paused", "suspended", "rescued", "shelved_offloaded"]);

export class SimulatedNova {
  readonly services = new Map<string, NovaServiceState>();
  readonly servers = new Map<string, NovaServerState>();
  readonly migrations: NovaMigrationState[] = [];
  readonly liveMigrations: NovaLiveMigration[] = [];
  /** Properties of images, by id. */
  readonly images = new Map<string, Readonly<Record<string, string>>>();
  /** What Placement says of hosts, where it differs from the others. */
  readonly rooms = new Map<string, { readonly memoryMb: number; readonly usedMb: number }>();
  /** Hosts whose cell is down. */
  readonly hidden = new Set<string>();
  /** What the aggregate says that every host is in. */
  rackMetadata: Readonly<Record<string, string>> = {};
  /** Servers that were started elsewhere while the host they came from had power. */
  readonly doubleStarts: { readonly server: string; readonly source: HostName }[] = [];
  readonly limits: Required<Omit<SimulatedNovaOptions, "hosts">>;
  readonly #byHost = new Map<string, NovaServiceState>();

  constructor(options: SimulatedNovaOptions) {
    const { hosts, ...given } = options;
    this.limits = {
      reportIntervalMs: 100,
      serviceDownMs: 400,
      rebuildMs: 100,
      rebuildStepMs: 0,
      rpcTimeoutMs: 60_000,
      resourceUpdateMs: 60_000,
      ...given,
    };
    for (const host of hosts) this.#addService(host);
  }

  #addService(host: SimulatedHost): void {
    const service: NovaServiceState = {
      id: simulatedUuid("5e", this.services.size + 1),
      host,
      status: "enabled",
      disabledReason: null,
      forcedDown: false,
      reporting: host.reportsToNova,
      reportMs: performance.now(),
      touchedMs: 0,
      schedulableFromMs: 0,
    };
    this.services.set(service.id, service);
    this.#byHost.set(host.name, service);
    host.onChange(() => this.#hostChanged(service));
  }

  addServer(options: AddServer): NovaServerState {
    const status = options.status ?? "ACTIVE";
    const server: NovaServerState = {
      id: simulatedUuid("a0", this.servers.size + 1),
      name: options.name ?? `server-${this.servers.size + 1}`,
      project: simulatedUuid("b0", 1).replaceAll("-", ""),
      volumeBacked: options.volumeBacked ?? true,
      metadata: options.metadata ?? {},
      tags: options.tags ?? [],
      flavorSpecs: options.flavorSpecs ?? {},
      imageId: options.imageId ?? simulatedUuid("1a", 1),
      host: this.service(options.host).host.name,
      status,
      vmState: { ACTIVE: "active", SHUTOFF: "stopped", PAUSED: "paused", ERROR: "error" }[status],
      taskState: null,
      runs: status === "ACTIVE" || status === "PAUSED",
      locked: false,
      fault: undefined,
      wrecked: false,
    };
    this.servers.set(server.id, server);
    return server;
  }

  /** The nova-compute of a host. */
  service(host: string): NovaServiceState {
    const service = this.#byHost.get(host);
    if (service === undefined) throw new Error(`no such host: ${host}`);
    return service;
  }

  hasHost(host: string): boolean {
    return this.#byHost.has(host);
  }

  /** When the service last reported, on this process's monotonic clock. */
  lastReportMs(service: NovaServiceState): number {
    if (!service.reporting) return service.reportMs;
    const { reportIntervalMs } = this.limits;
    const runMs = Math.max(0, performance.now() - service.reportMs);
    return service.reportMs + Math.floor(runMs / reportIntervalMs) * reportIntervalMs;
  }

  isUp(service: NovaServiceState): boolean {
    if (service.forcedDown) return false;
    return performance.now() - this.lastReportMs(service) <= this.limits.serviceDownMs;
  }

  /** Changes a service's record; undefined when done. */
  updateService(
    service: NovaServiceState,
    body: Readonly<Record<string, unknown>>,
  ): NovaRefusal | undefined {
    const { status, forced_down: forcedDown, disabled_reason: reason } = body;
    if (status === undefined && forcedDown === undefined) {
      return refusal(
        "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
      );
    }
    if (reason !== undefined && status !== "disabled") {
      return refusal("Specifying 'disabled_reason' when status is 'enabled' is invalid.");
    }
    this.settle();
    if (forcedDown === false && this.#hasDone(service)) {
      return refusal(
        `Unable to force up host ${service.host.name} as \`done\` evacuation migration records remain associated with the host. Ensure the compute service has been restarted, allowing these records to move to \`completed\` before retrying this request.`,
      );
    }
    if (typeof forcedDown === "boolean") service.forcedDown = forcedDown;
    if (status === "disabled") {
      service.status = "disabled";
      service.disabledReason = typeof reason === "string" ? reason : null;
    } else if (status === "enabled") {
      if (service.status === "disabled" && !this.isUp(service)) {
        service.schedulableFromMs = performance.now() + this.limits.resourceUpdateMs;
      }
      service.status = "enabled";
      service.disabledReason = null;
    }
    service.touchedMs = performance.now();
    return undefined;
  }

  /** Whether Nova would wait for the dead host's RPC before it answers this update. */
  blocksOnUpdate(service: NovaServiceState, body: Readonly<Record<string, unknown>>): boolean {
    return body["status"] !== undefined && !service.forcedDown && !service.reporting;
  }

  /** What people and services do to a server that hangs in a state: nothing but the record changes. */
  resetState(server: NovaServerState, state: "active" | "error"): void {
    server.vmState = state;
    server.status = state === "error" ? "ERROR" : "ACTIVE";
    server.taskState = null;
    server.runs = true;
  }

  /** Takes an evacuate order; undefined when accepted. */
  evacuate(server: NovaServerState, target: string | undefined): NovaRefusal | undefined {
    this.settle();
    if (notEvacuable.has(server.vmState)) {
      const message = `Cannot 'evacuate' instance ${server.id} while it is in vm_state ${server.vmState}`;
      return { status: 409, kind: "conflictingRequest", message };
    }
    if (target !== undefined && !this.hasHost(target)) {
      return { status: 404, kind: "itemNotFound", message: `Compute host ${target} not found.` };
    }
    if (target === server.host) return refusal("The target host can't be the same one.");
    const source = this.service(server.host);
    if (this.isUp(source)) {
      return refusal(`Compute service of ${server.host} is still in use.`);
    }
    const running = this.#open(server.host).find((migration) => migration.server === server);
    const wrecks = running !== undefined || server.wrecked;
    const migration: NovaMigrationState = {
      id: this.migrations.length + 1,
      server,
      source: server.host,
      acceptedMs: performance.now(),
      rebuildMs: this.limits.rebuildMs + this.limits.rebuildStepMs * this.#open(server.host).length,
      target: target === undefined ? undefined : this.service(target).host.name,
      destination: null,
      status: "accepted",
      stuck: wrecks,
      doubleStart: false,
    };
    this.migrations.push(migration);
    server.status = "REBUILD";
    server.taskState = "rebuilding";
    if (wrecks) {
      // Seen on the real one: the second call is accepted and the server never leaves REBUILD.
      if (running !== undefined) running.stuck = true;
      server.wrecked = true;
      server.taskState = "rebuild_block_device_mapping";
    }
    this.#checkDoubleStart(migration);
    return undefined;
  }

  /** Takes an order to migrate a server live; undefined when accepted. */
  migrateLive(server: NovaServerState): NovaRefusal | undefined {
    this.settle();
    if (server.vmState !== "active" || server.taskState !== null) {
      const shown = server.taskState ?? server.vmState;
      const message = `Cannot 'os-migrateLive' instance ${server.id} while it is in ${shown}`;
      return { status: 409, kind: "conflictingRequest", message };
    }
    const source = this.service(server.host);
    if (!this.isUp(source)) return refusal(`Compute service of ${server.host} is unavailable.`);
    this.liveMigrations.push({
      id: 5000 + this.liveMigrations.length,
      server,
      source: server.host,
      acceptedMs: performance.now(),
      destination: null,
      status: "queued",
    });
    server.taskState = "migrating";
    return undefined;
  }

  #carry(migration: NovaLiveMigration): void {
    const { server } = migration;
    if (migration.status !== "queued") return;
    if (performance.now() - migration.acceptedMs < this.limits.rebuildMs) return;
    const destination = this.#schedule({ source: migration.source, target: undefined });
    const runs = this.service(migration.source).host.power === "on";
    server.taskState = null;
    migration.destination = destination ?? null;
    migration.status = destination === undefined || !runs ? "error" : "completed";
    if (migration.status === "completed" && destination !== undefined) server.host = destination;
  }

  /** Works out what time has brought. */
  settle(): void {
    for (const migration of this.liveMigrations) this.#carry(migration);
    for (const migration of this.migrations) this.#advance(migration);
  }

  #advance(migration: NovaMigrationState): void {
    const { server } = migration;
    const ageMs = performance.now() - migration.acceptedMs;
    if (migration.status === "accepted" && !migration.stuck && ageMs >= migration.rebuildMs / 4) {
      const destination = this.#schedule(migration);
      if (destination === undefined) {
        migration.status = "error";
        Object.assign(server, { status: "ERROR", vmState: "error", taskState: null });
        server.fault = "No valid host was found. There are not enough hosts available.";
        return;
      }
      migration.status = "pre-migrating";
      migration.destination = destination;
      server.taskState = "rebuild_spawning";
    }
    if (migration.status !== "pre-migrating" || migration.stuck) return;
    if (ageMs < migration.rebuildMs) return;
    const destination = this.service(migration.destination ?? "");
    if (!destination.reporting) {
      migration.stuck = true;
      return;
    }
    this.#checkDoubleStart(migration);
    migration.status = "done";
    server.host = destination.host.name;
    server.status = server.runs ? "ACTIVE" : "SHUTOFF";
    server.vmState = server.runs ? "active" : "stopped";
    server.taskState = null;
    server.fault = undefined;
  }

  #schedule(migration: Pick<NovaMigrationState, "source" | "target">): HostName | undefined {
    // As the real scheduler counts: what is on its way to a host has claimed its place there.
    const load = (name: string): number =>
      [...this.servers.values()].filter((server) => server.host === name).length +
      this.migrations.filter(
        (other) => other.status === "pre-migrating" && other.destination === name,
      ).length;
    const candidates = [...this.services.values()].filter(
      (service) =>
        service.host.name !== migration.source &&
        (migration.target === undefined || service.host.name === migration.target) &&
        service.status === "enabled" &&
        service.schedulableFromMs <= performance.now() &&
        this.isUp(service),
    );
    candidates.sort((a, b) => load(a.host.name) - load(b.host.name));
    return candidates[0]?.host.name;
  }

  /** Evacuations from a host that have not ended. */
  #open(source: HostName): readonly NovaMigrationState[] {
    return this.migrations.filter(
      (migration) =>
        migration.source === source &&
        (migration.status === "accepted" || migration.status === "pre-migrating"),
    );
  }

  #hasDone(service: NovaServiceState): boolean {
    return this.migrations.some(
      (migration) => migration.source === service.host.name && migration.status === "done",
    );
  }

  #checkDoubleStart(migration: NovaMigrationState): void {
    const { server, source } = migration;
    if (migration.doubleStart || !server.runs || this.service(source).host.power === "off") return;
    migration.doubleStart = true;
    this.doubleStarts.push({ server: server.id, source });
  }

  #hostChanged(service: NovaServiceState): void {
    for (const migration of this.#open(service.host.name)) this.#checkDoubleStart(migration);
    const reports = service.host.reportsToNova;
    if (reports === service.reporting) return;
    this.settle();
    service.reportMs = reports ? performance.now() : this.lastReportMs(service);
    service.reporting = reports;
    if (!reports) return;
    // nova-compute starts: it deletes what was evacuated from it and closes those records.
    for (const migration of this.migrations) {
      if (migration.source === service.host.name && migration.status === "done") {
        migration.status = "completed";
      }
    }
  }
}

function refusal(message: string): NovaRefusal {
  return { status: 400, kind: "badRequest", message };
}

/** A stable UUID for the n-th thing of a kind. */
export function simulatedUuid(prefix: string, n: number): string {
  return `${prefix.padEnd(8, "0")}-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}
