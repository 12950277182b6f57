/**
 * A request from its first line to its answer, the same for the unix socket and the network: a known path,
 * who asks, whether that one may, what it says, and then the route. The doors differ in who may come in.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import { z } from "../config-parts.ts";
import { act, keepRefusal, type ActionPorts } from "./actions.ts";
import { readBody } from "./body.ts";
import { noReason, optionalLine, reason } from "./fields.ts";
import { findRoute, readTarget } from "./paths.ts";
import {
  maySee,
  problem,
  type Call,
  type Caller,
  type Fields,
  type Reply,
  type Route,
} from "./route.ts";

/** One way in. */
export interface Door {
  /** Who does not even get to say who it is: other sites' pages, strangers' names for us. */
  readonly refuse?: (request: IncomingMessage) => Reply | undefined;
  /** Who asks; `claimed` is the name that it gives itself. */
  readonly identify: (
    request: IncomingMessage,
    claimed: string,
  ) => Promise<Caller | Reply> | Caller | Reply;
  /** Actions a caller may ask for now; undefined: no bound. */
  readonly mayAct?: (caller: Caller) => boolean;
  /** Its callers say who they are in the body: it is read before. */
  readonly trusted: boolean;
  /** Counts what was answered. */
  readonly answered?: (status: number) => void;
}

export interface HandlerOptions extends ActionPorts {
  readonly clock: Clock;
  readonly routes: readonly Route[];
  readonly door: Door;
}

/** Never rejects; an answer that cannot be given ends the connection. */
export function createHandler(options: HandlerOptions): RequestListener {
  const { door } = options;
  return (request, response) => {
    answer(options, request, response)
      .catch((error: unknown): Reply => problem(500, describeError(error)))
      .then((reply) => {
        door.answered?.(reply === "sent" ? response.statusCode : reply.status);
        if (reply !== "sent") send(request, response, reply);
      })
      .catch(() => response.destroy());
  };
}

async function answer(
  options: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | "sent"> {
  const { routes, door } = options;
  const target = readTarget(request.url ?? "/");
  if (!("kind" in target)) return target;
  const refused = door.refuse?.(request);
  if (refused !== undefined) return refused;
  const found = findRoute(routes, request.method ?? "GET", target.parts);
  if (found.kind === "none" && door.trusted) return found.reply;
  // A stranger does not learn which paths there are.
  const claims = found.kind === "route" && found.route.method === "POST" && door.trusted;
  const early = claims ? await readBody(request) : undefined;
  if (early !== undefined && "status" in early) return early;
  const open = found.kind === "route" && found.route.role === undefined;
  const caller = open ? nobody : await door.identify(request, early?.claimed ?? "");
  if ("status" in caller) return caller;
  if (found.kind === "none") return found.reply;
  const { route, params } = found;
  if (route.role !== undefined && !maySee(caller.role, route.role)) {
    const needs = `${route.name} needs the role ${route.role}`;
    const reply = problem(403, `${needs}; ${caller.by} has ${caller.role}`);
    // Nobody fills the log with refusals: they are bounded as actions are.
    if (route.method === "POST" && door.mayAct?.(caller) !== false) {
      keepRefusal(options, route, { caller, wall: options.clock.wallMs(), params }, reply);
    }
    return reply;
  }
  const query = validate(route.query ?? {}, Object.fromEntries(target.query));
  if ("status" in query) return query;
  const stillAllowed = async (): Promise<boolean> => {
    const now = await door.identify(request, "");
    return !("status" in now) && (route.role === undefined || maySee(now.role, route.role));
  };
  const base = (body: Values): Call => ({
    ...callOf(request, query.values, params, body),
    caller,
    at: options.clock.monoMs(),
    wall: options.clock.wallMs(),
    parts: target.parts.slice(2),
    stillAllowed,
  });
  if (route.method === "GET") {
    const call = base({});
    return "stream" in route ? route.stream(call, request, response) : route.run(call);
  }
  const body = early ?? (await readBody(request));
  if ("status" in body) return body;
  const said = validate({ ...route.body, reason, by: claimedName }, body.value, route.name);
  if ("status" in said) return said;
  if (door.mayAct?.(caller) === false) {
    const detail = `${caller.by} asks for more actions than are taken in a minute: wait a little`;
    return problem(429, detail, undefined, { "retry-after": "10" });
  }
  return act(options, route, base(said.values), body.text);
}

const nobody: Caller = { by: "nobody", role: "viewer", uid: undefined };
const claimedName = optionalLine("who asks, in its own words; shown, and proves nothing", 64);

type Values = Readonly<Record<string, string | undefined>>;

function validate(
  fields: Fields,
  value: unknown,
  what = "the query",
): { readonly values: Values } | Reply {
  const parsed = z.strictObject(fields).safeParse(value);
  if (parsed.success) return { values: parsed.data as Values };
  const errors = parsed.error.issues.map((issue) => {
    const at = issue.path.map(String).join(".");
    const keys = "keys" in issue ? issue.keys.map((key) => key.slice(0, 50)).join(", ") : "";
    if (keys === "") return { at, message: issue.message };
    const known = Object.keys(fields).join(", ") || "nothing";
    return { at: keys, message: `is not known here; known: ${known}` };
  });
  if (errors.some(({ message }) => message === noReason)) {
    return problem(400, `${what} needs a reason`, errors);
  }
  const detail = errors.map(({ at, message }) => (at === "" ? message : `${at}: ${message}`));
  return problem(400, `${what}: ${detail.join("; ")}`, errors);
}

/** What was said, by name. */
function callOf(
  request: IncomingMessage,
  query: Values,
  params: ReadonlyMap<string, string>,
  body: Values,
): Pick<Call, "param" | "query" | "field" | "header"> {
  return {
    param: (name) => params.get(name) ?? "",
    query: (name) => query[name] ?? "",
    field: (name) => body[name] ?? "",
    header: (name) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : "";
    },
  };
}

/** What every answer says of itself; nothing of it is text of a caller's. */
export const safeHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, body, type, headers } = reply;
  const json = status >= 400 ? "application/problem+json" : "application/json";
  const shown = { ...safeHeaders, ...headers, "content-type": type ?? json };
  // Who was refused in the middle of its body is not read to the end.
  const unread = !request.complete && (status === 413 || status === 401 || status === 403);
  response.writeHead(status, unread ? { ...shown, connection: "close" } : shown);
  response.end(type === undefined ? `${JSON.stringify(body)}\n` : (body as string | Uint8Array));
}
