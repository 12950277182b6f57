/**
 * An action of a person's: kept in the audit log before it is done and completed afterwards, and, with an
 * Idempotency-Key, done once however often it is sent. A journal that cannot be written stops nobody from
 * disarming: what could not be kept goes to the log.
 */
import { createHash } from "node:crypto";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { WallMs } from "../../shared/time.ts";
import type { AuditLog } from "../shell/audit-table.ts";
import { parseJson } from "../shell/json.ts";
import {
  problem,
  type ActionRoute,
  type Call,
  type Caller,
  type Problem,
  type Reply,
} from "./route.ts";

export interface ActionPorts {
  readonly audit: AuditLog;
  readonly log: Logger;
  /** Tells whoever watches. */
  readonly acted?: (action: ActedOn) => void;
  /** Why the journal cannot be written now; undefined while it can. */
  readonly unkept?: () => string | undefined;
}

/** Words that are the same word when they are said twice: no journal is needed to do them once. */
const sameTwice: ReadonlySet<string> = new Set([
  "disarm",
  "incident hold",
  "incident dismiss",
  "incident ack",
  "maintenance set",
  "alert ack",
]);

/** What an action was, for people who watch. */
export interface ActedOn {
  readonly action: string;
  readonly target: string;
  readonly by: string;
  readonly reason: string;
  readonly status: number;
  readonly result: string;
}

/** An answer is kept so long for who sends the same again. */
const keptForMs = 86_400_000;
const replyCharsMax = 16_384;
const resultCharsMax = 1000;

export async function act(
  { audit, log, acted, unkept }: ActionPorts,
  route: ActionRoute,
  call: Call,
  said: string,
): Promise<Reply> {
  const given = call.header("idempotency-key");
  if (given !== "" && !/^[\x21-\x7e]{1,64}$/.test(given)) {
    return problem(400, "idempotency-key: must be 1 to 64 printable characters without spaces");
  }
  const { by, role } = call.caller;
  const path = call.parts.join("/");
  const repeatable =
    given === "" ? undefined : { key: hashOf(by, path, given), request: hashOf(said) };
  if (repeatable !== undefined) {
    const kept = audit.kept(repeatable.key, call.wall - keptForMs);
    if (kept !== undefined) return again(kept, repeatable.request);
  }
  const entry = {
    wallMs: call.wall,
    by,
    role,
    action: route.name,
    target: targetOf(call.param, route),
    reason: call.field("reason"),
  };
  let id: number | undefined;
  try {
    id = audit.begin(entry, repeatable);
  } catch (error) {
    const reason = describeError(error);
    log.error({ event: "audit-not-written", ...entry, problem: reason }, "audit not written");
    if (repeatable !== undefined && !sameTwice.has(route.name)) {
      const detail = `the journal cannot be written (${reason}): whether it is done once cannot be kept; send it without Idempotency-Key`;
      return problem(503, detail);
    }
  }
  const reply = withUnkept(await attempt(route, call), unkept?.());
  const result = resultOf(route, reply);
  log.info({ event: "action", ...entry, status: reply.status, result }, "a person's action");
  acted?.({ ...entry, status: reply.status, result });
  if (id === undefined) return reply;
  const text = JSON.stringify(reply.body);
  const isKept = route.secret !== true && text.length <= replyCharsMax;
  try {
    audit.end(id, reply.status, result, isKept ? text : undefined);
  } catch (error) {
    const reason = describeError(error);
    log.error(
      { event: "audit-not-written", ...entry, result, problem: reason },
      "audit not written",
    );
  }
  return reply;
}

/** What was done and stands in memory alone is lost when the guardian ends: whoever asked must know. */
function withUnkept(reply: Reply, reason: string | undefined): Reply {
  const { body } = reply;
  if (reason === undefined || reply.status !== 200 || Reflect.get(Object(body), "done") !== true) {
    return reply;
  }
  const { note } = body as { readonly note?: string };
  const lost = `not on disk (${reason}): lost if the guardian ends before the journal can be written`;
  return {
    ...reply,
    body: { ...(body as object), note: note === undefined ? lost : `${note}; ${lost}` },
  };
}

/** An action that its caller may not ask for: who tried what is kept as well; why was not read. */
export function keepRefusal(
  { audit, log, acted }: ActionPorts,
  route: ActionRoute,
  tried: {
    readonly caller: Caller;
    readonly wall: WallMs;
    readonly params: ReadonlyMap<string, string>;
  },
  reply: Reply,
): void {
  const { caller, wall, params } = tried;
  const { by, role } = caller;
  const target = targetOf((name) => params.get(name) ?? "", route);
  const entry = { wallMs: wall, by, role, action: route.name, target, reason: "" };
  const result = resultOf(route, reply);
  log.warn({ event: "refused", ...entry, status: reply.status, result }, "an action is refused");
  acted?.({ ...entry, status: reply.status, result });
  try {
    audit.end(audit.begin(entry), reply.status, result);
  } catch (error) {
    const problemText = describeError(error);
    log.error({ event: "audit-not-written", ...entry, problem: problemText }, "audit not written");
  }
}

/** The row before it must be completed whatever happens. */
async function attempt(route: ActionRoute, call: Call): Promise<Reply> {
  try {
    return await route.run(call);
  } catch (error) {
    return problem(500, `${route.name}: ${describeError(error)}; whether it was done is not known`);
  }
}

function again(
  kept: { readonly request: string; readonly status: number; readonly reply: string | undefined },
  request: string,
): Reply {
  const headers = { "idempotent-replayed": "true" };
  if (kept.request !== request) {
    return problem(422, "this Idempotency-Key was used with other words; take a new one");
  }
  if (kept.status === 0) {
    const detail = "it was begun, and its end is not known: look before it is done again";
    return problem(409, detail, undefined, headers);
  }
  if (kept.reply === undefined) {
    return problem(409, "it was done, and its answer is not kept", undefined, headers);
  }
  return { status: kept.status, body: parseJson(kept.reply), headers };
}

/** The name in the path, as a rule a host's or an incident's. */
function targetOf(param: Call["param"], { path }: ActionRoute): string {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  return name === undefined ? "" : param(name).slice(0, 500);
}

function resultOf(route: ActionRoute, { status, body }: Reply): string {
  const detail = (body as Partial<Problem> | undefined)?.detail;
  const text =
    status >= 400 && typeof detail === "string"
      ? `refused: ${detail}`
      : route.secret === true
        ? "done"
        : JSON.stringify(body);
  return text.slice(0, resultCharsMax);
}

function hashOf(...texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex");
}
