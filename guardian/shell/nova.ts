/**
 * Nova behind the ComputeApi port. Reads show what Nova shows, partial records included; orders
 * are given once, and an order without an answer is "unknown": Nova accepts a second evacuation of
 * the same server and can wreck the server for good.
 */
import type { HostName } from "../../shared/names.ts";
import type { ApiAnswer, ComputeApi, ComputeService, Failure, InventoryAnswer } from "../ports.ts";
import { asList, asRecord } from "./json.ts";
import {
  bodyOf,
  createNovaCalls,
  failed,
  orderAnswer,
  type NovaCalls,
  type NovaCallDependencies,
} from "./nova-call.ts";
import { withImages } from "./nova-images.ts";
import { moveOrders } from "./nova-moves.ts";
import {
  collect,
  binaryOf,
  readAggregate,
  readHypervisor,
  readMigration,
  readServer,
  readService,
  schedulersOf,
  unreadableHost,
} from "./nova-records.ts";
import { capacityFrom, readPlacement, type PlacementDependencies } from "./placement.ts";

export interface NovaOptions extends Omit<NovaCallDependencies, "readDeadlineMs"> {
  /** Limit of one read, retries included. */
  readonly readDeadlineMs?: number;
  /** Limit of force-down and disable. */
  readonly orderDeadlineMs?: number;
  /** Limit of one evacuate call. */
  readonly evacuateDeadlineMs?: number;
  /** Servers of a host are listed with what their images say; costs a read for each image. */
  readonly readImages?: boolean;
}

/** A host has fewer servers than this many pages of them; more means that Nova repeats itself. */
const pagesMax = 1000;

export function createNova(options: NovaOptions): ComputeApi {
  const {
    readDeadlineMs = 10_000,
    orderDeadlineMs = 10_000,
    evacuateDeadlineMs = 30_000,
    readImages = false,
  } = options;
  const calls = createNovaCalls({ ...options, readDeadlineMs });

  return {
    async services() {
      const answer = await calls.read("/os-services");
      const body = bodyOf(answer, "the services");
      if (body.kind === "failed") return body;
      const all = asList(body.body["services"]);
      // A record without a binary is of a cell that is down: it may be a nova-compute.
      const computes = all.filter((one) => binaryOf(one) === "nova-compute");
      const services = collect(computes, readService);
      const unreadable = collect(computes, unreadableHost);
      return { kind: "services", services, unreadable, schedulers: schedulersOf(all) };
    },
    inventory: () => readInventory(calls, options),
    async serversOn(host) {
      const listed = await listServers(calls, host, readImages);
      return listed.kind === "failed" ? listed : ((await cellProblem(calls, host)) ?? listed);
    },
    evacuations: (host) => listMigrations(calls, "evacuation", host),
    liveMigrations: (host) => listMigrations(calls, "live-migration", host),
    forceDown: async (serviceId: string) =>
      orderAnswer(
        await calls.order("PUT", servicePath(serviceId), { forced_down: true }, orderDeadlineMs),
      ),
    ...statusOrders(calls, orderDeadlineMs),
    ...moveOrders(calls, { orderDeadlineMs, evacuateDeadlineMs }),
  };
}

/** One page, newest first: Nova's limit (1000) is above any host's moves of one incident. */
async function listMigrations(
  calls: NovaCalls,
  type: "evacuation" | "live-migration",
  host: HostName,
): ReturnType<ComputeApi["evacuations"]> {
  const query = new URLSearchParams({ migration_type: type, source_compute: host });
  const answer = await calls.read(`/os-migrations?${query.toString()}`);
  const body = bodyOf(answer, `the records of type ${type} from ${host}`);
  if (body.kind === "failed") return body;
  return { kind: "records", records: collect(body.body["migrations"], readMigration) };
}

/** Every page of the servers of a host. */
async function listServers(
  calls: NovaCalls,
  host: HostName,
  readImages: boolean,
): ReturnType<ComputeApi["serversOn"]> {
  const records: unknown[] = [];
  let marker = "";
  for (let page = 0; page < pagesMax; page += 1) {
    const query = new URLSearchParams({ all_tenants: "1", host });
    if (marker !== "") query.set("marker", marker);
    const answer = await calls.read(`/servers/detail?${query.toString()}`);
    const body = bodyOf(answer, `the servers of ${host}`);
    if (body.kind === "failed") return body;
    records.push(...asList(body.body["servers"]));
    const next = nextMarker(body.body["servers_links"]);
    if (next === undefined || next === marker) {
      const servers = collect(records, readServer);
      return {
        kind: "servers",
        servers: readImages ? await withImages(calls, records, servers) : servers,
      };
    }
    marker = next;
  }
  return failed(`Nova: the servers of ${host} do not end after ${pagesMax} pages`);
}

/**
 * Of a cell that is down Nova lists no server of a host, and no migration, and shows of its service little more than
 * a name (Nova's documentation of down cells): then an empty list says nothing.
 */
async function cellProblem(calls: NovaCalls, host: HostName): Promise<Failure | undefined> {
  const answer = await calls.read(`/os-services?${new URLSearchParams({ host }).toString()}`);
  const body = bodyOf(answer, `the service of ${host}`);
  if (body.kind === "failed") return body;
  const computes = asList(body.body["services"]).filter((one) => binaryOf(one) === "nova-compute");
  if (!collect(computes, unreadableHost).includes(host)) return undefined;
  return failed(`Nova cannot read the cell of ${host}: its list of servers says nothing`);
}

/** os-hypervisors shows memory up to this microversion only. */
const capacityMicroversion = "2.87";

async function readInventory(
  calls: NovaCalls,
  placement: PlacementDependencies,
): Promise<InventoryAnswer> {
  const [aggregates, hypervisors, summaries] = await Promise.all([
    calls.read("/os-aggregates"),
    calls.read("/os-hypervisors/detail", capacityMicroversion),
    readPlacement(placement),
  ]);
  const groups = bodyOf(aggregates, "the host aggregates");
  if (groups.kind === "failed") return groups;
  // Memory that is not shown is unknown to the gate that asks for it; aggregates are known all the same.
  const nodes = bodyOf(hypervisors, "the hypervisors");
  return {
    kind: "inventory",
    aggregates: collect(groups.body["aggregates"], readAggregate),
    ...capacityFrom(
      nodes.kind === "failed" ? [] : collect(nodes.body["hypervisors"], readHypervisor),
      summaries,
    ),
  };
}

/** Orders about a service's status; two of them look first, since a person may have been faster. */
function statusOrders(
  calls: NovaCalls,
  orderDeadlineMs: number,
): Pick<ComputeApi, "disable" | "disableEnabled" | "enable" | "forceUp"> {
  const order = async (serviceId: string, body: object): Promise<ApiAnswer> =>
    orderAnswer(await calls.order("PUT", servicePath(serviceId), body, orderDeadlineMs));
  // Nova takes 255 characters.
  const disable = (serviceId: string, reason: string): Promise<ApiAnswer> =>
    order(serviceId, { status: "disabled", disabled_reason: reason.slice(0, 255) });
  return {
    disable,
    async disableEnabled(host, serviceId, reason) {
      const seen = await lookAt(calls, host, serviceId);
      if (seen.kind === "failed") return { kind: "unknown", reason: `not sent: ${seen.reason}` };
      const { status, disabledReason } = seen.service;
      if (status === "enabled") return disable(serviceId, reason);
      if (disabledReason === reason) return { kind: "accepted", requestId: "" };
      return { kind: "refused", status: 409, reason: `it is disabled: ${disabledReason ?? ""}` };
    },
    async enable(host, serviceId, reason) {
      const seen = await lookAt(calls, host, serviceId);
      if (seen.kind === "failed") return { kind: "unknown", reason: `not sent: ${seen.reason}` };
      const { status, disabledReason } = seen.service;
      if (status === "disabled" && disabledReason === reason) {
        return order(serviceId, { status: "enabled" });
      }
      return notOurs(seen.service);
    },
    async forceUp(host, serviceId, reason) {
      const seen = await lookAt(calls, host, serviceId);
      if (seen.kind === "failed") return { kind: "unknown", reason: `not sent: ${seen.reason}` };
      const { status, disabledReason, forcedDown } = seen.service;
      if (!forcedDown) return { kind: "accepted", requestId: "" };
      if (status === "disabled" && disabledReason === reason) {
        return order(serviceId, { forced_down: false });
      }
      return notOurs(seen.service);
    },
  };
}

function notOurs({ status, disabledReason }: ComputeService): ApiAnswer {
  const shown = status === "disabled" ? `disabled: ${disabledReason ?? ""}` : status;
  return { kind: "refused", status: 409, reason: `the mark is not ours any more: ${shown}` };
}

/** One service as it is now. */
async function lookAt(
  calls: NovaCalls,
  host: HostName,
  serviceId: string,
): Promise<{ readonly kind: "service"; readonly service: ComputeService } | Failure> {
  const query = new URLSearchParams({ binary: "nova-compute", host });
  const body = bodyOf(
    await calls.read(`/os-services?${query.toString()}`),
    `the service of ${host}`,
  );
  if (body.kind === "failed") return body;
  const services = collect(body.body["services"], readService);
  const service = services.find((found) => found.serviceId === serviceId);
  if (service !== undefined) return { kind: "service", service };
  return failed(`Nova shows no readable nova-compute ${serviceId} of ${host}`);
}

function servicePath(serviceId: string): string {
  return `/os-services/${encodeURIComponent(serviceId)}`;
}

/**
 * Only the marker is taken from Nova's link: its host part is often an address inside the cloud
 * that is not the one we came by.
 */
function nextMarker(links: unknown): string | undefined {
  const next = asList(links)
    .map(asRecord)
    .find((link) => link["rel"] === "next");
  const href = next?.["href"];
  if (typeof href !== "string") return undefined;
  return new URLSearchParams(href.slice(href.indexOf("?") + 1)).get("marker") ?? undefined;
}
