/**
 * Nova as LAB facts have it: a service is down when forced or when it has not reported for a
 * while; an evacuate call is accepted only for a down source; a second call for the same server is
 * accepted too, and wrecks it. And Nova in trouble: it stalls, refuses, loses calls and answers.
 */
import { hostName, serverId, type HostName, type ServerId } from "../../shared/names.ts";
import type {
  ApiAnswer,
  ComputeServer,
  ComputeService,
  EvacuationRecord,
  InventoryAnswer,
  MoveAnswer,
  ServerSize,
} from "../../guardian/ports.ts";
import {
  shown,
  type EvacuateMode,
  type NovaMigration,
  type NovaServer,
  type NovaService,
  type NovaWorld,
  type OrderMode,
  usualSize,
} from "./world-nova-records.ts";
import { WorldLiveMigrations } from "./world-live-migrations.ts";
import { hasRoom, inventoryOf } from "./world-room.ts";
import { obey, type ServiceOrder } from "./world-service-orders.ts";

const accepted: ApiAnswer = { kind: "accepted", requestId: "req" };
const noAnswer: ApiAnswer = { kind: "unknown", reason: "no answer within 30 s" };

export class WorldNova {
  readonly services = new Map<HostName, NovaService>();
  readonly servers = new Map<ServerId, NovaServer>();
  readonly migrations: NovaMigration[] = [];
  /** Hosts of a cell that is down: nothing is known of them. */
  readonly unreadable = new Set<HostName>();
  reportEveryMs = 10_000;
  /** Reports of nova-computes come to no record: its conductors, or the messages to them, are lost. */
  standsStill = false;
  downAfterMs = 60_000;
  rebuildMs = 3000;
  evacuateMode: EvacuateMode = "normal";
  orderMode: OrderMode = "normal";
  doneLateMs = 40_000;
  /** Of each host. */
  memoryMb = 65_536;
  vcpus = 128;
  /** Whether it shows how much a server takes. */
  showsSizes = false;
  /** Whether a host that has not enough left takes no further server. */
  countsRoom = false;
  placementUp = true;
  /** What Nova shows of its schedulers; it may hide them. */
  schedulers: { readonly up: number; readonly total: number } | undefined;
  readonly live: WorldLiveMigrations;
  readonly #stalled: (() => void)[] = [];
  readonly #world: NovaWorld;

  constructor(world: NovaWorld) {
    this.#world = world;
    this.live = new WorldLiveMigrations({
      later: world.later,
      destination: (source, size) => this.#destination(source, size),
      isUp: (host) => !this.isDown(host),
      carry: world.carry,
    });
  }

  addHost(host: HostName): void {
    this.services.set(host, {
      reportedAt: this.#world.now(),
      sentAt: this.#world.now(),
      stoodStillMs: 0,
      reports: 1,
      forcedDown: false,
      status: "enabled",
      reason: undefined,
      changedAt: 0,
    });
  }

  /** Undefined: there is one of this number already. */
  addServer(host: HostName, index: number, volumeBacked: boolean): ServerId | undefined {
    const id = serverId(`${host}-server-${index}`);
    if (this.servers.has(id)) return undefined;
    this.servers.set(id, {
      id,
      name: `vm-${host.replace("compute-", "")}-${index}`,
      host,
      status: "ACTIVE",
      vmState: "active",
      taskState: undefined,
      volumeBacked,
      metadata: {},
      tags: [],
      flavorSpecs: {},
      image: undefined,
      size: usualSize,
      fault: undefined,
      moving: false,
    });
    return id;
  }

  /** A server that its owner had stopped. */
  stop(id: ServerId): void {
    const server = this.servers.get(id);
    if (server === undefined) return;
    server.status = "SHUTOFF";
    server.vmState = "stopped";
  }

  /** Whether aggregates and hypervisors can be read; services can, all the same. */
  inventoryUp = true;
  /** Host aggregates by name. */
  readonly aggregates = new Map<string, HostName[]>();
  /** What each says; none where there is no entry. */
  readonly aggregateMetadata = new Map<string, Readonly<Record<string, string>>>();

  inventory(): InventoryAnswer {
    return inventoryOf(this);
  }

  report(host: HostName): void {
    const service = this.services.get(host);
    if (service === undefined) return;
    service.sentAt = this.#world.now();
    if (this.standsStill) return;
    service.stoodStillMs = service.sentAt - service.reportedAt;
    service.reportedAt = service.sentAt;
    service.reports += 1;
  }

  isDown(host: HostName): boolean {
    const service = this.services.get(host);
    if (service === undefined) return true;
    return service.forcedDown || this.#world.now() - service.reportedAt > this.downAfterMs;
  }

  list(): readonly ComputeService[] {
    const listed: ComputeService[] = [];
    for (const [host, service] of this.services) {
      if (this.unreadable.has(host)) continue;
      listed.push({
        serviceId: `service-${host}`,
        host,
        zone: "nova",
        status: service.status,
        state: this.isDown(host) ? "down" : "up",
        forcedDown: service.forcedDown,
        disabledReason: service.reason,
        updatedAt: `report ${service.reports}`,
      });
    }
    return listed;
  }

  /** The guardian's order, through whatever troubles Nova has. */
  order(order: ServiceOrder): ApiAnswer {
    if (this.orderMode === "refuses") {
      return { kind: "refused", status: 503, reason: "the server is currently unavailable" };
    }
    if (this.orderMode === "loses-call") return noAnswer;
    const answer = obey(this, order);
    return this.orderMode === "loses-answer" ? noAnswer : answer;
  }

  forceDown(serviceId: string): ApiAnswer {
    return this.#change(serviceId, (service) => void (service.forcedDown = true));
  }

  disable(serviceId: string, reason: string | undefined): ApiAnswer {
    return this.#change(serviceId, (service) => {
      service.status = "disabled";
      service.reason = reason;
    });
  }

  enable(serviceId: string): ApiAnswer {
    return this.#change(serviceId, (service) => {
      service.status = "enabled";
      service.reason = undefined;
    });
  }

  /** No longer forced down. */
  setUp(serviceId: string): ApiAnswer {
    return this.#change(serviceId, (service) => void (service.forcedDown = false));
  }

  #change(serviceId: string, change: (service: NovaService) => void): ApiAnswer {
    const service = this.services.get(hostName(serviceId.replace("service-", "")));
    if (service === undefined) return { kind: "refused", status: 404, reason: "no such service" };
    change(service);
    service.changedAt = this.#world.now();
    service.reports += 1;
    return accepted;
  }

  serversOn(host: HostName): readonly ComputeServer[] {
    const found: ComputeServer[] = [];
    for (const server of this.servers.values())
      if (server.host === host) found.push(shown(server, this.showsSizes));
    return found;
  }

  server(id: ServerId): ComputeServer | undefined {
    const server = this.servers.get(id);
    return server === undefined ? undefined : shown(server, this.showsSizes);
  }

  /** Whether its record is partial, because its cell is down. */
  isHidden(id: ServerId): boolean {
    const server = this.servers.get(id);
    return server !== undefined && this.unreadable.has(server.host);
  }

  /** Of a cell that is down Nova lists none. */
  evacuations(host: HostName): readonly EvacuationRecord[] {
    if (this.unreadable.has(host)) return [];
    return this.migrations
      .filter((migration) => migration.source === host)
      .map((migration) => ({ ...migration, createdAt: "" }))
      .reverse();
  }

  /** Whether Nova works on a move away from this host. */
  isMovingOff(host: HostName): boolean {
    return this.migrations.some(
      (migration) => migration.source === host && migration.status === "accepted",
    );
  }

  evacuate(id: ServerId): MoveAnswer {
    // The adapter looks first.
    if (this.isHidden(id)) return { kind: "not-made", reason: "its cell is down" };
    switch (this.evacuateMode) {
      case "refuses-tasks": {
        const task = this.servers.get(id)?.taskState;
        if (task === undefined) return this.#begin(id);
        return { kind: "refused", status: 409, reason: `Cannot 'evacuate' while in task ${task}` };
      }
      case "refuses":
        return { kind: "refused", status: 409, reason: "cannot evacuate it now" };
      case "loses-call":
        return accepted;
      case "done-late":
        this.#world.later(this.doneLateMs, () => void this.#begin(id));
        return noAnswer;
      case "loses-answer":
        this.#begin(id);
        return noAnswer;
      case "normal":
      case "stalls":
      case "stalls-at-destination":
      case "fails":
        return this.#begin(id);
      default:
        return this.evacuateMode satisfies never;
    }
  }

  /** Everything that stalled goes on. */
  mend(): void {
    this.evacuateMode = "normal";
    this.orderMode = "normal";
    this.live.mend();
    this.unreadable.clear();
    if (this.schedulers !== undefined) this.schedulers = { up: 1, total: 1 };
    for (const goOn of this.#stalled.splice(0)) this.#world.later(this.rebuildMs, goOn);
  }

  #begin(id: ServerId): ApiAnswer {
    const server = this.servers.get(id);
    if (server === undefined) return { kind: "refused", status: 404, reason: "no such server" };
    if (!["active", "stopped", "error"].includes(server.vmState)) {
      const reason = `Cannot 'evacuate' instance while it is in vm_state ${server.vmState}`;
      return { kind: "refused", status: 409, reason };
    }
    if (!this.isDown(server.host)) {
      const reason = `Compute service of ${server.host} is still in use.`;
      return { kind: "refused", status: 400, reason };
    }
    const migration: NovaMigration = {
      id: this.migrations.length + 1,
      server: id,
      source: server.host,
      destination: undefined,
      status: "accepted",
    };
    this.migrations.push(migration);
    if (this.live.isUnderWay(id)) {
      this.#world.note(`evacuate of ${server.name} while it is migrated live`);
    }
    if (server.moving) {
      this.#world.note(`second evacuate of ${server.name} while the first runs`);
      server.status = "ERROR";
      return accepted;
    }
    server.moving = true;
    server.status = "REBUILD";
    server.taskState = "rebuilding";
    const fails = this.evacuateMode === "fails";
    const arrive = (): void => this.#arrive(server, migration, fails);
    const queued = this.evacuateMode === "stalls-at-destination";
    if (queued) migration.destination = this.#destination(migration.source, server.size);
    if (queued || this.evacuateMode === "stalls") this.#stalled.push(arrive);
    else this.#world.later(this.rebuildMs, arrive);
    return { kind: "accepted", requestId: `req-${migration.id}` };
  }

  #arrive(server: NovaServer, migration: NovaMigration, fails: boolean): void {
    const { destination: queuedAt } = migration;
    if (queuedAt !== undefined && !this.#world.isRunning(queuedAt)) {
      return void this.#stalled.push(() => this.#arrive(server, migration, fails));
    }
    const destination = fails
      ? undefined
      : (queuedAt ?? this.#destination(migration.source, server.size));
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

  #destination(source: HostName, size?: ServerSize): HostName | undefined {
    for (const [host, service] of this.services) {
      if (host === source || service.status !== "enabled" || !hasRoom(this, host, size)) continue;
      if (!this.isDown(host) && this.#world.isRunning(host)) return host;
    }
    return undefined;
  }
}
