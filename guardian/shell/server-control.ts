/**
 * What people do with servers, through Nova: each order is given once, and after a look at the server and at
 * what the guardian does with its host. Evacuation is no such order: it needs the guardian's proof.
 */
import { serverId, type ServerId } from "../../shared/names.ts";
import type { ApiAnswer, ComputeServer, Failure } from "../ports.ts";
import { asList, asRecord, isRecord, textOf, type JsonRecord } from "./json.ts";
import { bodyOf, failed, messageOf, type NovaCalls } from "./nova-call.ts";
import { readShownServer, type ShownServer } from "./nova-records.ts";

/** What a server is asked to do, and what Nova calls it. */
const orders = {
  start: () => ({ "os-start": null }),
  stop: () => ({ "os-stop": null }),
  pause: () => ({ pause: null }),
  unpause: () => ({ unpause: null }),
  suspend: () => ({ suspend: null }),
  resume: () => ({ resume: null }),
  reboot: ({ hard }: OrderWords) => ({ reboot: { type: hard === true ? "HARD" : "SOFT" } }),
  lock: ({ reason }: OrderWords) => ({ lock: { locked_reason: (reason ?? "").slice(0, 255) } }),
  unlock: () => ({ unlock: null }),
  "live-migrate": ({ to }: OrderWords) => ({
    "os-migrateLive": { host: to ?? null, block_migration: "auto" },
  }),
} as const;

export type ServerOrder = keyof typeof orders;
export const serverOrders = Object.keys(orders) as readonly ServerOrder[];

export interface OrderWords {
  readonly hard?: boolean;
  readonly reason?: string;
  readonly to?: string | undefined;
}

/** Why nothing may be done to a server now; undefined: it may. */
export type Held = (server: ComputeServer, to: string | undefined) => string | undefined;

export type ConsoleAnswer =
  | { readonly kind: "console"; readonly url: string; readonly type: string }
  | Exclude<ApiAnswer, { kind: "accepted" }>;

export interface Listed {
  readonly kind: "listed";
  readonly records: readonly JsonRecord[];
  /** Where the next page begins; undefined at the end. */
  readonly next: string | undefined;
}

export interface ServerControl {
  readonly mayDelete: boolean;
  servers(query: {
    readonly host: string;
    readonly limit: number;
    readonly marker: string;
  }): Promise<
    | {
        readonly kind: "servers";
        readonly servers: readonly ShownServer[];
        readonly next: string | undefined;
      }
    | Failure
  >;
  server(
    id: string,
  ): Promise<{ readonly kind: "server"; readonly server: ShownServer } | Gone | Failure>;
  order(id: string, order: ServerOrder, words: OrderWords, held: Held): Promise<ApiAnswer>;
  delete(id: string, held: Held): Promise<ApiAnswer>;
  console(id: string, held: Held): Promise<ConsoleAnswer>;
  /** Read-only. */
  list(what: Listable, limit: number, marker: string): Promise<Listed | Failure>;
}

interface Gone {
  readonly kind: "gone";
}

export type Listable = "images" | "flavors" | "volumes";

/** Nova shows images and volumes up to 2.35, as a proxy of Glance and Cinder. */
const listings: Readonly<
  Record<Listable, { readonly path: string; readonly key: string; readonly version?: string }>
> = {
  images: { path: "/images/detail", key: "images", version: "2.35" },
  flavors: { path: "/flavors/detail", key: "flavors" },
  volumes: { path: "/os-volumes/detail", key: "volumes", version: "2.35" },
};

const orderDeadlineMs = 10_000;

export function createServerControl(calls: NovaCalls, mayDelete: boolean): ServerControl {
  const show: ServerControl["server"] = async (id) => {
    const answer = await calls.read(pathOf(serverId(id)));
    if (answer.kind === "answer" && answer.status === 404) return { kind: "gone" };
    const body = bodyOf(answer, `server ${id}`);
    if (body.kind === "failed") return body;
    const server = readShownServer(body.body["server"]);
    if (server === undefined) return failed(`Nova: the record of server ${id} cannot be read`);
    return { kind: "server", server };
  };
  /** Undefined: nothing is in the way. The gates are asked after the look, right before the call. */
  const inTheWay = async (
    id: string,
    held: Held,
    to?: string,
  ): Promise<Exclude<ApiAnswer, { kind: "accepted" }> | undefined> => {
    const seen = await show(id);
    if (seen.kind === "failed") return { kind: "unknown", reason: `not sent: ${seen.reason}` };
    if (seen.kind === "gone") return { kind: "refused", status: 404, reason: `no server ${id}` };
    const reason = held(seen.server, to);
    return reason === undefined ? undefined : { kind: "refused", status: 409, reason };
  };
  return {
    mayDelete,
    server: show,
    servers: (query) => readServers(calls, query),
    async order(id, order, words, held) {
      const refused = await inTheWay(id, held, words.to);
      if (refused !== undefined) return refused;
      const path = `${pathOf(serverId(id))}/action`;
      return answerOf(await calls.order("POST", path, orders[order](words), orderDeadlineMs));
    },
    async delete(id, held) {
      const refused = await inTheWay(id, held);
      if (refused !== undefined) return refused;
      return answerOf(
        await calls.order("DELETE", pathOf(serverId(id)), undefined, orderDeadlineMs),
      );
    },
    async console(id, held) {
      const refused = await inTheWay(id, held);
      if (refused !== undefined) return refused;
      const wanted = { remote_console: { protocol: "vnc", type: "novnc" } };
      const path = `${pathOf(serverId(id))}/remote-consoles`;
      const answer = await calls.order("POST", path, wanted, orderDeadlineMs);
      const seen = answerOf(answer);
      if (seen.kind !== "accepted" || answer.kind !== "answer") {
        return seen.kind === "accepted" ? { kind: "unknown", reason: "no answer" } : seen;
      }
      const given = asRecord(asRecord(answer.body)["remote_console"]);
      const url = textOf(given["url"]) ?? "";
      if (!/^https?:\/\//.test(url)) return { kind: "unknown", reason: "Nova gave no link" };
      return { kind: "console", url, type: textOf(given["type"]) ?? "novnc" };
    },
    list: (what, limit, marker) => readListing(calls, what, limit, marker),
  };
}

async function readServers(
  calls: NovaCalls,
  { host, limit, marker }: Parameters<ServerControl["servers"]>[0],
): ReturnType<ServerControl["servers"]> {
  const query = new URLSearchParams({ all_tenants: "1", limit: String(limit) });
  if (host !== "") query.set("host", host);
  if (marker !== "") query.set("marker", marker);
  const body = bodyOf(await calls.read(`/servers/detail?${query.toString()}`), "the servers");
  if (body.kind === "failed") return body;
  const records = asList(body.body["servers"]);
  const servers = records.map(readShownServer).filter((one) => one !== undefined);
  const last = textOf(asRecord(records.at(-1))["id"]);
  const links = asList(body.body["servers_links"]);
  const goesOn = links.some((one) => asRecord(one)["rel"] === "next");
  return { kind: "servers", servers, next: goesOn ? last : undefined };
}

async function readListing(
  calls: NovaCalls,
  what: Listable,
  limit: number,
  marker: string,
): Promise<Listed | Failure> {
  const { path, key, version } = listings[what];
  const query = new URLSearchParams({ limit: String(limit) });
  if (what === "volumes") query.set("all_tenants", "1");
  if (marker !== "") query.set("marker", marker);
  const body = bodyOf(await calls.read(`${path}?${query.toString()}`, version), `the ${what}`);
  if (body.kind === "failed") return body;
  const records = asList(body.body[key]).filter(isRecord);
  const last = textOf(asRecord(records.at(-1))["id"]);
  return { kind: "listed", records, next: records.length < limit ? undefined : last };
}

function pathOf(server: ServerId): string {
  return `/servers/${encodeURIComponent(server)}`;
}

function answerOf(answer: Awaited<ReturnType<NovaCalls["order"]>>): ApiAnswer {
  if (answer.kind === "silence") {
    const reason = answer.sent ? answer.reason : `not sent: ${answer.reason}`;
    return { kind: "unknown", reason };
  }
  const { status, body, requestId } = answer;
  if (status >= 200 && status < 300) return { kind: "accepted", requestId };
  const reason = messageOf(body);
  if (status >= 500 || status === 408) return { kind: "unknown", reason: `${status}: ${reason}` };
  return { kind: "refused", status, reason };
}
