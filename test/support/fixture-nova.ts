/** Nova for the core fixture: facts that a test sets, and an answer to each effect. */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type {
  ApiAnswer,
  Capacity,
  CapacityBy,
  ComputeServer,
  ComputeService,
  EvacuationRecord,
  InventoryAnswer,
  PowerOffAnswer,
} from "../../guardian/ports.ts";
import { hostName, serverId, type HostName, type ServerId } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";

export type NovaEffect = Extract<
  Effect,
  {
    kind:
      | "read-services"
      | "force-down"
      | "force-up"
      | "disable"
      | "enable"
      | "list-servers"
      | "read-moves"
      | "evacuate"
      | "reset"
      | "live-migrate"
      | "read-migrations";
  }
>;

const accepted = { kind: "accepted", requestId: "req-0" } as const;

function refused(reason: string): ApiAnswer {
  return { kind: "refused", status: 409, reason };
}

interface Service {
  reports: number;
  status: "enabled" | "disabled";
  reason: string | undefined;
  forcedDown: boolean;
  /** Nova calls it down, by its own count. */
  down?: boolean;
}

export class FixtureNova {
  readonly services = new Map<HostName, Service>();
  servers: ComputeServer[] = [];
  records: EvacuationRecord[] = [];
  answers = true;
  /** It answers, and no report of a nova-compute comes to its records. */
  standsStill = false;
  evacuateAnswer: ApiAnswer = { kind: "accepted", requestId: "req-1" };
  liveAnswer: ApiAnswer = { kind: "accepted", requestId: "req-3" };
  /** Records of live migrations, newest last. */
  liveRecords: EvacuationRecord[] = [];
  resetAnswer: ApiAnswer = { kind: "accepted", requestId: "req-2" };
  /** A reset is done although its answer does not say so. */
  resetWorks = false;
  forceDownAnswer: ApiAnswer = { kind: "accepted", requestId: "req-0" };
  /** Why servers and migrations cannot be read, while services can. */
  looksFail: string | undefined = undefined;
  /** Where Nova shows that it takes servers; undefined while it has not chosen. */
  destination: HostName | undefined = undefined;
  /** Single servers cannot be read, while records can. */
  unseen = false;
  /** How long a move takes. */
  moveMs = 2000;
  readonly #finishAt = new Map<ServerId, number>();

  addHost(host: HostName): void {
    const service = {
      reports: 0,
      status: "enabled",
      reason: undefined,
      forcedDown: false,
    } as const;
    this.services.set(host, { ...service });
  }

  /** Aggregates by name; every host has as much memory as a test says. */
  aggregates: Readonly<Record<string, readonly HostName[]>> = {};
  /** What each of them says. */
  aggregateMetadata: Readonly<Record<string, string>> = {};
  memoryMb = 100_000;
  memoryUsedMb = 20_000;
  /** Of single hosts. */
  readonly capacities = new Map<HostName, Partial<Capacity>>();
  capacityBy: CapacityBy = { kind: "placement" };
  inventoryFails: string | undefined = undefined;
  schedulersUp = 1;
  schedulersShown = 1;
  zone = "nova";
  /** Of single hosts. */
  readonly zones = new Map<HostName, string>();
  /** Orders to enable a host are not answered. */
  enableMute = false;

  get schedulers(): { readonly up: number; readonly total: number } {
    return { up: Math.min(this.schedulersUp, this.schedulersShown), total: this.schedulersShown };
  }

  inventory(): InventoryAnswer {
    if (this.inventoryFails !== undefined) return { kind: "failed", reason: this.inventoryFails };
    const { memoryMb, memoryUsedMb } = this;
    return {
      kind: "inventory",
      aggregates: Object.entries(this.aggregates).map(([name, hosts]) => ({
        name,
        hosts,
        metadata: this.aggregateMetadata,
      })),
      capacity: [...this.services.keys()].map((host) => ({
        host,
        memoryMb,
        memoryUsedMb,
        ...this.capacities.get(host),
      })),
      capacityBy: this.capacityBy,
    };
  }

  /** One report of its nova-compute. */
  report(host: HostName): void {
    if (!this.standsStill) this.service(host).reports += 1;
  }

  service(host: HostName): Service {
    const service = this.services.get(host);
    if (service === undefined) throw new Error(`no service ${host}`);
    return service;
  }

  addServer(host: HostName, name: string, changes: Partial<ComputeServer> = {}): ServerId {
    const server = serverId(`id-${name}`);
    this.servers.push({
      server,
      name,
      host,
      status: "ACTIVE",
      vmState: "active",
      taskState: undefined,
      powerState: 1,
      project: "p1",
      locked: false,
      volumeBacked: true,
      metadata: {},
      fault: undefined,
      ...changes,
    });
    return server;
  }

  changeServer(server: ServerId, changes: Partial<ComputeServer>): void {
    const change = (found: ComputeServer): ComputeServer =>
      found.server === server ? { ...found, ...changes } : found;
    this.servers = this.servers.map(change);
  }

  addRecord(server: ServerId, source: HostName, status: string): void {
    const id = this.records.length + 1;
    const { destination } = this;
    this.records.push({ id, server, source, destination, status, createdAt: "" });
  }

  /** Nova shows where it takes a server. */
  sendTo(server: ServerId, destination: HostName): void {
    this.records = this.records.map((record) =>
      record.server === server ? { ...record, destination } : record,
    );
  }

  changeRecord(server: ServerId, status: string): void {
    const change = (record: EvacuationRecord): EvacuationRecord =>
      record.server === server ? { ...record, status } : record;
    this.records = this.records.map(change);
  }

  /** Moves whose time has come are finished. */
  finishMoves(now: number): void {
    for (const [server, due] of this.#finishAt) {
      if (due > now) continue;
      this.changeRecord(server, "done");
      const { status = "" } = this.servers.find((one) => one.server === server) ?? {};
      const came = status === "ERROR" ? { status: "ACTIVE", vmState: "active" } : {};
      this.changeServer(server, { host: hostName("compute-8"), ...came });
      this.#finishAt.delete(server);
    }
  }

  list(): readonly ComputeService[] {
    return [...this.services].map(([host, { reports, status, reason, forcedDown, down }]) => ({
      serviceId: `service-${host}`,
      host,
      zone: this.zones.get(host) ?? this.zone,
      status,
      state: forcedDown || down === true ? ("down" as const) : ("up" as const),
      forcedDown,
      disabledReason: reason,
      updatedAt: `report ${reports}`,
    }));
  }

  /** Why an order that is for an empty host is refused by the shell; undefined for any other. */
  notEmpty({ host, ifEmpty }: Extract<Effect, { kind: "power-off" }>): PowerOffAnswer | undefined {
    const count = this.servers.filter((one) => one.host === host).length;
    if (ifEmpty !== true || count === 0) return undefined;
    return { kind: "refused", reason: `servers on it: ${count}, must be = 0` };
  }

  /** What comes of an effect, and the event that tells it. */
  answer(effect: NovaEffect, at: MonoMs, askedAt: MonoMs): GuardianEvent {
    if (!this.answers) return { kind: "nova-failed", at, reason: "no answer within 10 s" };
    const { looksFail: reason } = this;
    if (reason !== undefined && (effect.kind === "list-servers" || effect.kind === "read-moves")) {
      return { kind: "look-failed", at, host: effect.host, reason };
    }
    switch (effect.kind) {
      case "read-services":
        return {
          kind: "services",
          at,
          askedAt,
          services: this.list(),
          unreadable: [],
          schedulers: this.schedulers,
        };
      case "force-down":
      case "disable": {
        const { host, kind: order } = effect;
        if (effect.kind === "force-down") {
          const answer = this.forceDownAnswer;
          if (answer.kind === "accepted") this.service(host).forcedDown = true;
          return { kind: "service-order-answered", at, id: effect.id, host, order, answer };
        }
        const service = this.service(host);
        const taken = effect.onlyIfEnabled && service.status === "disabled";
        if (!taken) Object.assign(service, { status: "disabled", reason: effect.reason });
        const answer = taken ? refused(`it is disabled: ${service.reason ?? ""}`) : accepted;
        return { kind: "service-order-answered", at, id: effect.id, host, order, answer };
      }
      case "force-up": {
        const { host, kind: order, mark } = effect;
        const service = this.service(host);
        const dirty = this.records.some(
          ({ source, status }) => source === host && status === "done",
        );
        const ours = service.status === "disabled" && service.reason === mark;
        const answer = !ours ? refused("not ours") : dirty ? refused("`done` records") : accepted;
        if (answer === accepted) service.forcedDown = false;
        return { kind: "service-order-answered", at, id: effect.id, host, order, answer };
      }
      case "enable": {
        const { host, kind: order, mark } = effect;
        const service = this.service(host);
        const ours = service.status === "disabled" && service.reason === mark;
        if (ours) Object.assign(service, { status: "enabled", reason: undefined });
        const answer = ours ? accepted : refused(`not ours: ${service.reason ?? service.status}`);
        return { kind: "service-order-answered", at, id: effect.id, host, order, answer };
      }
      case "list-servers": {
        const { host } = effect;
        const servers = this.servers.filter((server) => server.host === host);
        return { kind: "servers-seen", at, askedAt, host, servers, records: this.#recordsOf(host) };
      }
      case "read-moves": {
        const { host } = effect;
        const found = this.servers.filter(({ server }) => effect.servers.includes(server));
        const servers = this.unseen ? [] : found;
        const gone = this.unseen
          ? []
          : effect.servers.filter((id) => !found.some(({ server }) => server === id));
        const records = this.#recordsOf(host);
        return { kind: "moves-seen", at, askedAt, host, records, servers, gone };
      }
      case "evacuate": {
        const { host, server } = effect;
        const answer = this.evacuateAnswer;
        if (answer.kind === "accepted") {
          this.addRecord(server, host, "accepted");
          this.#finishAt.set(server, at + this.moveMs);
        }
        return { kind: "evacuate-answered", at, id: effect.id, host, server, answer };
      }
      case "live-migrate": {
        const { host, server, id } = effect;
        const answer = this.liveAnswer;
        return { kind: "live-migrate-answered", at, id, host, server, answer };
      }
      case "read-migrations": {
        const { host, servers: asked } = effect;
        const servers = this.servers.filter(({ server }) => asked.includes(server));
        const gone = asked.filter((one) => !servers.some(({ server }) => server === one));
        const records = this.liveRecords.filter(({ source }) => source === host).reverse();
        return { kind: "migrations-seen", at, askedAt, host, records, servers, gone };
      }
      case "reset": {
        const { host, server } = effect;
        const answer = this.resetAnswer;
        const works = answer.kind === "accepted" || this.resetWorks;
        if (works) this.changeServer(server, { vmState: "error", status: "ERROR" });
        return { kind: "reset-answered", at, host, server, answer };
      }
      default:
        return effect satisfies never;
    }
  }

  #recordsOf(host: HostName): readonly EvacuationRecord[] {
    return this.records.filter((record) => record.source === host).reverse();
  }
}
