/** Nova's HTTP routes over a `SimulatedNova`, in the shapes seen from the real API at 2.93. */
import type { IncomingMessage } from "node:http";
import { sleep } from "../../shared/loop.ts";
import { orderServer } from "./simulated-orders.ts";
import { simulatedUuid, type SimulatedNova } from "./simulated-nova.ts";
import type {
  NovaLiveMigration,
  NovaMigrationState,
  NovaRefusal,
  NovaServerState,
  NovaServiceState,
} from "./simulated-nova-records.ts";

export interface NovaReply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface NovaApi {
  readonly simulated: SimulatedNova;
  readonly endpoint: string;
  readonly pageLimit: number;
  readonly max: string;
}

interface NovaRequest {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: unknown;
  readonly authentic: boolean;
}

/** Answers one request to Nova. */
export async function nova(api: NovaApi, call: NovaRequest): Promise<NovaReply> {
  const method = call.request.method ?? "";
  const path = call.url.pathname.replace(/^\/v2\.1/, "").replace(/\/$/, "");
  if (path === "") return versionDocument(api);
  if (!call.authentic) {
    const message = "The request you have made requires authentication.";
    return { status: 401, body: { error: { code: 401, message, title: "Unauthorized" } } };
  }
  const asked = String(call.request.headers["openstack-api-version"] ?? "compute 2.1");
  const minor = Number(/^compute 2\.(\d+)$/.exec(asked)?.[1] ?? Number.NaN);
  if (!(minor <= Number(api.max.slice(2)))) {
    const message = `Version ${asked.slice(8)} is not supported by the API. Minimum is 2.1 and maximum is ${api.max}.`;
    return { status: 406, body: { computeFault: { code: 406, message } } };
  }
  api.simulated.settle();
  const [, resource, id, action] = path.split("/");
  const route = `${method} ${resource ?? ""}${id === undefined ? "" : "/"}${id === "detail" ? id : ""}`;
  switch (route) {
    case "GET os-services":
      return listServices(api.simulated, call.url.searchParams);
    case "GET os-aggregates":
      return listAggregates(api.simulated);
    case "GET os-hypervisors/detail":
      return listHypervisors(api.simulated, minor);
    case "PUT os-services/":
      return await putService(api.simulated, id ?? "", call.body);
    case "GET servers/detail":
      return listServers(api, call.url.searchParams);
    case "GET servers/":
      return showServer(api.simulated, id ?? "");
    case "POST servers/":
      if (action === "action") return act(api.simulated, id ?? "", call.body);
      return refused({ status: 400, kind: "badRequest", message: "consoles are not simulated" });
    case "GET images/":
      return showImage(api.simulated, id ?? "", minor);
    case "GET os-migrations":
      return listMigrations(api.simulated, call.url.searchParams);
    default:
      return notFound("The resource could not be found.");
  }
}

function versionDocument(api: NovaApi): NovaReply {
  const version = { id: "v2.1", status: "CURRENT", version: api.max, min_version: "2.1" };
  return { status: 200, body: { version } };
}

function notFound(message: string): NovaReply {
  return refused({ status: 404, kind: "itemNotFound", message });
}

function refused(refusal: NovaRefusal): NovaReply {
  const { status, kind, message } = refusal;
  return { status, body: { [kind]: { code: status, message } } };
}

function listServices(simulated: SimulatedNova, query: URLSearchParams): NovaReply {
  const host = query.get("host");
  const services = [...simulated.services.values()]
    .filter((service) => host === null || service.host.name === host)
    .map((service) => serviceRecord(simulated, service));
  const scheduler = { id: simulatedUuid("5c", 1), binary: "nova-scheduler", host: "controller" };
  const others = [{ ...scheduler, zone: "internal", status: "enabled", state: "up" }];
  return { status: 200, body: { services: [...services, ...others] } };
}

/** Every host stands in one rack. */
function listAggregates(simulated: SimulatedNova): NovaReply {
  const hosts = [...simulated.services.values()].map((service) => service.host.name);
  const aggregate = {
    id: 1,
    name: "rack-a",
    availability_zone: null,
    hosts,
    metadata: simulated.rackMetadata,
  };
  return { status: 200, body: { aggregates: [aggregate] } };
}

/** Memory is shown up to 2.87 and gone from 2.88 on, as in the real one. */
function listHypervisors(simulated: SimulatedNova, minor: number): NovaReply {
  const hypervisors = [...simulated.services.values()].map((service, index) => ({
    id: simulatedUuid("1f", index + 1),
    hypervisor_hostname: service.host.name,
    service: { id: service.id, host: service.host.name, disabled_reason: null },
    ...(minor > 87 ? {} : { memory_mb: 65_536, memory_mb_used: 2560 }),
  }));
  return { status: 200, body: { hypervisors } };
}

function serviceRecord(simulated: SimulatedNova, service: NovaServiceState): unknown {
  // Of a cell that is down (api-guide, down cells).
  const { name: host } = service.host;
  if (simulated.hidden.has(host)) return { binary: "nova-compute", host, status: "UNKNOWN" };
  const updatedMs = Math.max(simulated.lastReportMs(service), service.touchedMs);
  return {
    id: service.id,
    binary: "nova-compute",
    host: service.host.name,
    zone: "nova",
    status: service.status,
    state: simulated.isUp(service) ? "up" : "down",
    updated_at: novaStamp(performance.timeOrigin + updatedMs),
    disabled_reason: service.disabledReason,
    forced_down: service.forcedDown,
  };
}

function novaStamp(wallMs: number): string {
  const micros = Math.floor((wallMs % 1) * 1000);
  return new Date(wallMs).toISOString().replace("Z", String(micros).padStart(3, "0"));
}

async function putService(simulated: SimulatedNova, id: string, body: unknown): Promise<NovaReply> {
  const service = simulated.services.get(id);
  if (service === undefined) return notFound(`Service ${id} not found.`);
  const changes = (body ?? {}) as Readonly<Record<string, unknown>>;
  const blocks = simulated.blocksOnUpdate(service, changes);
  const refusal = simulated.updateService(service, changes);
  if (refusal !== undefined) return refused(refusal);
  if (blocks) await sleep(simulated.limits.rpcTimeoutMs);
  return { status: 200, body: { service: serviceRecord(simulated, service) } };
}

function listServers(api: NovaApi, query: URLSearchParams): NovaReply {
  const host = query.get("host");
  const all = [...api.simulated.servers.values()].filter(
    (server) => (host === null || server.host === host) && !api.simulated.hidden.has(server.host),
  );
  const marker = query.get("marker");
  const start = marker === null ? 0 : all.findIndex((server) => server.id === marker) + 1;
  const limit = Math.min(Number(query.get("limit") ?? api.pageLimit), api.pageLimit);
  const page = all.slice(start, start + limit);
  const last = page.at(-1);
  const servers = page.map((server) => serverRecord(server));
  if (last === undefined || start + limit >= all.length) return { status: 200, body: { servers } };
  // The real API links to the address it believes to have, not to the one the client used.
  const href = `http://controller.invalid:8774/v2.1/servers/detail?all_tenants=1&host=${host ?? ""}&marker=${last.id}`;
  return { status: 200, body: { servers, servers_links: [{ rel: "next", href }] } };
}

function serverRecord(server: NovaServerState): unknown {
  const running = server.vmState === "active";
  return {
    id: server.id,
    name: server.name,
    status: server.status,
    tenant_id: server.project,
    metadata: server.metadata,
    tags: server.tags,
    flavor: {
      vcpus: 1,
      ram: 512,
      disk: 5,
      original_name: "m1.small",
      extra_specs: server.flavorSpecs,
    },
    addresses: { private: [{ addr: addressOf(server), version: 4 }] },
    image: server.volumeBacked ? "" : { id: server.imageId },
    "os-extended-volumes:volumes_attached": server.volumeBacked
      ? [{ id: server.id.replace("a0", "f0"), delete_on_termination: false }]
      : [],
    "OS-EXT-SRV-ATTR:host": server.host,
    "OS-EXT-SRV-ATTR:hypervisor_hostname": server.host,
    "OS-EXT-STS:task_state": server.taskState,
    "OS-EXT-STS:vm_state": server.vmState,
    "OS-EXT-STS:power_state": running ? 1 : 4,
    locked: server.locked,
    ...(server.status === "ERROR" && server.fault !== undefined
      ? { fault: { code: 500, message: server.fault } }
      : {}),
  };
}

/** From the number in its id, so that it keeps it wherever it runs. */
function addressOf({ id }: NovaServerState): string {
  const number = Number.parseInt(id.slice(-4), 16);
  return `10.0.${number >> 8}.${number & 255}`;
}

function showServer(simulated: SimulatedNova, id: string): NovaReply {
  const server = simulated.servers.get(id);
  if (server === undefined) return notFound(`Instance ${id} could not be found.`);
  // Of a cell that is down (api-guide, down cells): what its API database has.
  if (server.status === "UNKNOWN") {
    const { project: tenant_id } = server;
    return { status: 200, body: { server: { id, status: "UNKNOWN", tenant_id } } };
  }
  return { status: 200, body: { server: serverRecord(server) } };
}

/** Nova's proxy of Glance: there up to 2.35, and gone from 2.36 on. */
function showImage(simulated: SimulatedNova, id: string, minor: number): NovaReply {
  const properties = simulated.images.get(id);
  if (minor > 35 || properties === undefined) return notFound("Image not found.");
  return { status: 200, body: { image: { id, name: "cirros", metadata: properties } } };
}

function act(simulated: SimulatedNova, id: string, body: unknown): NovaReply {
  const server = simulated.servers.get(id);
  if (server === undefined) return notFound(`Instance ${id} could not be found.`);
  const reset = (body as { "os-resetState"?: { readonly state?: string } })["os-resetState"];
  if (reset !== undefined) {
    simulated.resetState(server, reset.state === "error" ? "error" : "active");
    return { status: 202 };
  }
  if ((body as Readonly<Record<string, unknown>>)["os-migrateLive"] !== undefined) {
    const held = simulated.migrateLive(server);
    return held === undefined ? { status: 202 } : refused(held);
  }
  for (const name of Object.keys(Object(body) as object)) {
    const taken = orderServer(server, name);
    if (taken !== undefined) {
      return taken.refusal === undefined ? { status: 202 } : refused(taken.refusal);
    }
  }
  const order = (body as { evacuate?: Readonly<Record<string, unknown>> }).evacuate;
  if (order === undefined) return notFound("There is no such action.");
  const odd = Object.keys(order).find((key) => key !== "host");
  if (odd !== undefined) {
    const message = `Invalid input for field/attribute evacuate. Additional properties are not allowed ('${odd}' was unexpected)`;
    return refused({ status: 400, kind: "badRequest", message });
  }
  const target = typeof order["host"] === "string" ? order["host"] : undefined;
  const refusal = simulated.evacuate(server, target);
  return refusal === undefined ? { status: 200 } : refused(refusal);
}

function listMigrations(simulated: SimulatedNova, query: URLSearchParams): NovaReply {
  const source = query.get("source_compute");
  const server = query.get("instance_uuid");
  const type = query.get("migration_type") ?? "evacuation";
  const all = type === "live-migration" ? simulated.liveMigrations : simulated.migrations;
  const migrations = [...all]
    .filter((migration) => source === null || migration.source === source)
    .filter((migration) => server === null || migration.server.id === server)
    .map((migration) => migrationRecord(migration, type))
    .reverse();
  return { status: 200, body: { migrations } };
}

function migrationRecord(migration: NovaMigrationState | NovaLiveMigration, type: string): unknown {
  return {
    id: migration.id,
    instance_uuid: migration.server.id,
    migration_type: type,
    source_compute: migration.source,
    dest_compute: migration.destination,
    dest_host: migration.destination === null ? null : "192.168.0.1",
    status: migration.status,
    created_at: novaStamp(performance.timeOrigin + migration.acceptedMs).slice(0, 19),
  };
}
