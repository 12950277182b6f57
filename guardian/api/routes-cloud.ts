/** Servers, and what Nova shows beside them. What is done to a server passes the guardian's gates first. */
import { hostName } from "../../shared/names.ts";
import { z } from "../config-parts.ts";
import type { ApiAnswer, Failure } from "../ports.ts";
import type { ShownServer } from "../shell/nova-records.ts";
import {
  serverOrders,
  type Held,
  type Listable,
  type ServerControl,
  type ServerOrder,
} from "../shell/server-control.ts";
import { done, limitMax, optionalLine, paging, texts } from "./fields.ts";
import { badCursor, nextPage, readCursor } from "./paging.ts";
import type { ApiParts } from "./parts.ts";
import {
  problem,
  type ActionRoute,
  type Call,
  type ReadRoute,
  type Reply,
  type Route,
} from "./route.ts";
import { heldHost, heldServer } from "./server-gate.ts";

/** Nova pages servers by a thousand at most; fewer keep each answer short. */
const pageMax = 500;
const uuid = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

export function cloudRoutes(parts: ApiParts): readonly Route[] {
  const { servers } = parts;
  if (servers === undefined) return [];
  const held = gates(parts);
  return [
    ...serverReads(servers),
    ...listings(servers),
    ...serverOrders.map((order) => orderRoute(servers, order, held)),
    ...specialOrders(parts, servers, held),
  ];
}

function gates({ guardian }: ApiParts): Held {
  return ({ server, host }, to) => {
    const state = guardian.state();
    const wrong = heldServer(state, server, host);
    return wrong ?? (to === undefined ? undefined : heldHost(state, hostName(to)));
  };
}

const serverLine = texts("server", "name", "host", "status", "power", "project", "task", "address");

function lineOf(one: ShownServer): Readonly<Record<string, string | number>> {
  const { server, name, host, status, project, taskState, locked, volumeBacked, size } = one;
  const power = ["none", "running", "", "paused", "shutdown", "", "crashed", "suspended"];
  return {
    server,
    name,
    host: host ?? "",
    status,
    power: power[one.powerState] ?? "",
    project,
    task: taskState ?? "",
    locked: locked ? "yes" : "no",
    volumeBacked: volumeBacked ? "yes" : "no",
    memoryMb: size?.memoryMb ?? 0,
    vcpus: size?.vcpus ?? 0,
    diskGb: one.diskGb ?? 0,
    address: one.addresses.join(", "),
  };
}

function serverReads(control: ServerControl): readonly ReadRoute[] {
  return [
    {
      method: "GET",
      path: "/api/v1/servers",
      name: "server list",
      summary: "Servers of all projects, as Nova shows them now",
      role: "viewer",
      query: { ...paging, host: optionalLine("on this host alone", 64) },
      answer: z.array(serverLine),
      run: async (call) => {
        const marker = readCursor(call.query("cursor"));
        if (marker === undefined) return badCursor();
        const limit = Math.min(pageMax, Number(call.query("limit") || limitMax));
        const answer = await control.servers({ host: call.query("host"), limit, marker });
        if (answer.kind === "failed") return broken(answer);
        return listed(call, answer.servers.map(lineOf), answer.next);
      },
    },
    {
      method: "GET",
      path: "/api/v1/servers/{server}",
      name: "server show",
      summary: "One server, as Nova shows it now",
      role: "viewer",
      query: {},
      answer: serverLine,
      run: async (call) => {
        const server = call.param("server");
        if (!uuid.test(server)) return noUuid();
        const answer = await control.server(server);
        if (answer.kind === "failed") return broken(answer);
        if (answer.kind === "gone") return problem(404, `Nova knows no server ${server}`);
        return { status: 200, body: lineOf(answer.server) };
      },
    },
  ];
}

function listings(control: ServerControl): readonly ReadRoute[] {
  return (["images", "flavors", "volumes"] as const).map((what: Listable) => ({
    method: "GET",
    path: `/api/v1/${what}`,
    name: `${what.slice(0, -1)} list`,
    summary: `The ${what}, as Nova shows them now; read-only`,
    role: "viewer",
    query: paging,
    answer: z.array(z.looseObject({ id: z.string() })),
    run: async (call) => {
      const marker = readCursor(call.query("cursor"));
      if (marker === undefined) return badCursor();
      const limit = Math.min(pageMax, Number(call.query("limit") || limitMax));
      const answer = await control.list(what, limit, marker);
      return answer.kind === "failed" ? broken(answer) : listed(call, answer.records, answer.next);
    },
  }));
}

const sayings: Readonly<Record<ServerOrder, string>> = {
  start: "Starts it where it is",
  stop: "Stops it",
  pause: "Pauses it in memory",
  unpause: "Lets a paused one go on",
  suspend: "Suspends it to disk",
  resume: "Lets a suspended one go on",
  reboot: 'Reboots it; "hard": "yes" without asking its system',
  lock: "Locks it for its owners",
  unlock: "Unlocks it",
  "live-migrate": 'Moves it while it runs, to the host "to", or where Nova finds room',
};

function orderRoute(control: ServerControl, order: ServerOrder, held: Held): ActionRoute {
  return {
    method: "POST",
    path: `/api/v1/servers/{server}/${order}`,
    name: `server ${order}`,
    summary: `${sayings[order]}; refused while the guardian has its host in hand`,
    role: "operator",
    body: {
      ...(order === "reboot" && { hard: z.enum(["yes", "no"], "must be yes or no").optional() }),
      ...(order === "live-migrate" && { to: optionalLine("the host it goes to", 64) }),
    },
    answer: done,
    run: async (call) => {
      const server = call.param("server");
      if (!uuid.test(server)) return noUuid();
      const words = {
        hard: call.field("hard") === "yes",
        reason: call.field("reason"),
        to: call.field("to") || undefined,
      };
      return answered(call, await control.order(server, order, words, held));
    },
  };
}

function specialOrders(
  { guardian }: ApiParts,
  control: ServerControl,
  held: Held,
): readonly ActionRoute[] {
  const route = { method: "POST", role: "operator", body: {}, answer: done } as const;
  return [
    {
      ...route,
      path: "/api/v1/servers/{server}/evacuate",
      name: "server evacuate",
      summary: "Always refused, with the way there: only a proof of the guardian's evacuates",
      run: async (call) => {
        const server = call.param("server");
        if (!uuid.test(server)) return noUuid();
        const seen = await control.server(server);
        if (seen.kind === "failed") return broken(seen);
        if (seen.kind === "gone") return problem(404, `Nova knows no server ${server}`);
        const { host } = seen.server;
        const state = guardian.state();
        const id = host === undefined ? undefined : state.memory.incidents.get(host)?.id;
        const way =
          id === undefined
            ? `${host ?? "its host"} has no incident; while it lives: guardian server live-migrate ${server}`
            : `guardian incident approve ${id}: it is moved once ${host ?? ""} is proven off`;
        return problem(409, `a server is evacuated by the guardian's own proof alone: ${way}`);
      },
    },
    {
      ...route,
      path: "/api/v1/servers/{server}/console",
      name: "server console",
      summary: "Nova's short-lived link to its console",
      secret: true,
      answer: texts("url", "type"),
      run: async (call) => {
        const server = call.param("server");
        if (!uuid.test(server)) return noUuid();
        const answer = await control.console(server, held);
        if (answer.kind !== "console") return answered(call, answer);
        return { status: 200, body: { url: answer.url, type: answer.type } };
      },
    },
    {
      ...route,
      path: "/api/v1/servers/{server}/delete",
      name: "server delete",
      summary: "Deletes it for good; refused unless the configuration allows it",
      role: "admin",
      body: { again: optionalLine("the server's id again", 64) },
      run: async (call) => {
        const server = call.param("server");
        if (!uuid.test(server)) return noUuid();
        if (!control.mayDelete) {
          return problem(403, "servers are not deleted from here: api.serverDelete is false");
        }
        if (call.field("again") !== server) {
          return problem(400, `delete ${server}: its id must be given again, as "again"`);
        }
        return answered(call, await control.delete(server, held));
      },
    },
  ];
}

function answered(call: Call, answer: ApiAnswer): Reply {
  if (answer.kind === "accepted") {
    const { by } = call.caller;
    return { status: 200, body: { done: true, by, requestId: answer.requestId } };
  }
  if (answer.kind === "refused") {
    const status = answer.status >= 400 && answer.status < 500 ? answer.status : 409;
    // Nova's 401 is about the guardian's own login, not about who asks.
    return problem(status === 401 ? 502 : status, answer.reason);
  }
  const detail = `${answer.reason}; it may have been done: look before it is asked again`;
  return problem(502, answer.reason.startsWith("not sent") ? answer.reason : detail);
}

function listed(call: Call, body: readonly unknown[], next: string | undefined): Reply {
  if (next === undefined) return { status: 200, body };
  return { status: 200, body, headers: nextPage(call, next) };
}

function broken({ reason }: Failure): Reply {
  return problem(502, reason);
}

function noUuid(): Reply {
  return problem(400, "a server is named by its id, a UUID; see: guardian server list");
}
