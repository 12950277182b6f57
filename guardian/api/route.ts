/** One route of the API: what it takes, who may ask, what it answers. OpenAPI is made from the same words. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { MonoMs, WallMs } from "../../shared/time.ts";
import type { z } from "../config-parts.ts";

/** Each may do what the ones before it may. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** Who asks, as it was made sure of. */
export interface Caller {
  /** "alice (uid 1000)", "token pager (operator)". */
  readonly by: string;
  readonly role: Role;
  /** By the kernel's word; undefined over the network, where no two names are two people for sure. */
  readonly uid: number | undefined;
}

export interface Call {
  readonly caller: Caller;
  readonly at: MonoMs;
  readonly wall: WallMs;
  /** The path below /api/v1, decoded. */
  readonly parts: readonly string[];
  /** What stands in the path for its names in braces. */
  readonly param: (name: string) => string;
  /** What the query says; "" where it says nothing. */
  readonly query: (name: string) => string;
  /** What the body says; "" where it says nothing. */
  readonly field: (name: string) => string;
  readonly header: (name: string) => string;
  /** Whether the same caller would still be let in: asked now and then while an answer goes on. */
  readonly stillAllowed: () => Promise<boolean>;
}

export interface Reply {
  readonly status: number;
  /** As JSON, unless `type` names something else: then it is a text. */
  readonly body: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** RFC 9457. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly at: string; readonly message: string }[];
}

/** A refusal: one sentence with the next step. */
export function problem(
  status: number,
  detail: string,
  errors?: Problem["errors"],
  headers?: Readonly<Record<string, string>>,
): Reply {
  const body: Problem = { title: "refused", status, detail, ...(errors && { errors }) };
  return { status, body, ...(headers && { headers }) };
}

interface AnyRoute {
  /** Below the root; names in braces stand for one part each. */
  readonly path: string;
  /** Names the route in the description and in the audit log: "host list", "incident approve". */
  readonly name: string;
  readonly summary: string;
  /** Undefined: nobody need say who it is. Nothing secret is shown there. */
  readonly role: Role | undefined;
  readonly query?: Fields;
  /** What it answers when all is well; "text" and the like for what is no JSON. */
  readonly answer: z.ZodType | string;
}

/** Fields of a query or a body: every one a text, as it comes. */
export type Fields = Readonly<Record<string, z.ZodType<string | undefined>>>;

export interface ReadRoute extends AnyRoute {
  readonly method: "GET";
  readonly run: (call: Call) => Reply | Promise<Reply>;
}

/** Writes its answer itself, piece by piece; a reply is sent as one. */
export interface StreamRoute extends AnyRoute {
  readonly method: "GET";
  readonly stream: (
    call: Call,
    request: IncomingMessage,
    response: ServerResponse,
  ) => Promise<Reply | "sent">;
}

export interface ActionRoute extends AnyRoute {
  readonly method: "POST";
  readonly role: Role;
  /** Beside `reason`, which every action needs. */
  readonly body: Fields;
  /** What it answers is a secret: it is neither kept nor shown again. */
  readonly secret?: true;
  readonly run: (call: Call) => Reply | Promise<Reply>;
}

export type Route = ReadRoute | StreamRoute | ActionRoute;

/** Whether `role` suffices where `needed` is asked for. */
export function maySee(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
