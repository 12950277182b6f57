/**
 * The operator's way in: HTTP on a unix socket, for its owner and its group. It shows what the core
 * knows and hands what people decide, with who they are, to the core; nothing here decides.
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import { hostName } from "../../shared/names.ts";
import type { Guardian } from "../app.ts";
import {
  showHost,
  showHosts,
  showIncident,
  showIncidents,
  showMaintenance,
  showStatus,
  showTable,
} from "../core/show.ts";
import { tableOf } from "../core/policy-table.ts";
import { showDoctor } from "../core/show-doctor.ts";
import { showAlerts, showChannels, showSilences } from "../dispatch/show.ts";
import { languages } from "../core/words.ts";
import { callerHeader, identifyCaller, prepareCallers } from "./caller-identity.ts";
import { perform, problem, type Reply } from "./control-verbs.ts";
import type { Recording } from "../ports.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { notifyPaths, performNotify } from "./notify-verbs.ts";
import type { Outbox } from "./outbox.ts";
import { sendRecording } from "./replay-route.ts";

export interface ControlSocket {
  close(): Promise<void>;
}

export interface ControlOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly guardian: Guardian;
  readonly outbox: Outbox;
  readonly heartbeat?: Heartbeat | undefined;
  readonly recording: Recording;
}

/** A loop that has not decided for this long is not healthy, whatever the process does. */
const decidedWithinMs = 3000;
const bodyCharsMax = 10_000;

/** Starts serving; throws when the socket cannot be made. */
export async function startControlSocket(options: ControlOptions): Promise<ControlSocket> {
  const { path } = options;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  prepareCallers(path);
  const server = createServer((request, response) => {
    handle(options, request, response)
      .catch((error: unknown): Reply => problem(400, describeError(error)))
      .then((reply) => (reply === "sent" ? undefined : send(response, reply)))
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // The group's members are the operators; each says who it is by the kernel's word.
  chmodSync(path, 0o660);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, { status, body }: Reply): void {
  const type = status >= 400 ? "application/problem+json" : "application/json";
  response.writeHead(status, { "content-type": type });
  response.end(`${JSON.stringify(body)}\n`);
}

async function handle(
  options: ControlOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reply | "sent"> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://guardian");
  const parts = pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [, , kind, id] = parts;
  if (request.method === "GET" && kind === "replay" && id !== undefined) {
    const forMs = Number(searchParams.get("forMs"));
    if (await sendRecording(options.recording, id, forMs, response)) return "sent";
    return problem(404, `incident ${id} is not recorded; see: guardian replay`);
  }
  if (request.method === "GET") return show(options, parts, searchParams.get("language"));
  if (request.method !== "POST") return problem(405, `${request.method} is not known here`);
  return order(options, parts, request);
}

function show(options: ControlOptions, parts: readonly string[], asked: string | null): Reply {
  const { guardian, clock } = options;
  const state = guardian.state();
  const language = languages.find((known) => known === asked) ?? state.settings.language;
  const [api, version, kind, id] = parts;
  if (parts.join("/") === "healthz") {
    const sinceMs = clock.monoMs() - guardian.decidedAt();
    return { status: sinceMs <= decidedWithinMs ? 200 : 503, body: { decidedMsAgo: sinceMs } };
  }
  if (api !== "api" || version !== "v1") return problem(404, `no such path: /${parts.join("/")}`);
  if (kind === "status") {
    const notRecorded = guardian.notRecorded().inputs;
    const body = Object.assign(
      {},
      showStatus(state, showChannels(options.outbox.state()), language),
      {
        notRecorded,
      },
    );
    return { status: 200, body };
  }
  if (kind === "replay") {
    const { recording } = options;
    return { status: 200, body: { size: recording.size(), incidents: recording.incidents() } };
  }
  if (kind === "hosts" && id === undefined) return { status: 200, body: showHosts(state) };
  if (kind === "doctor") return { status: 200, body: showDoctor(state, language) };
  if (id === undefined && notifyPaths.includes(kind ?? "")) return showNotify(options, kind ?? "");
  if (kind === "maintenance") return { status: 200, body: showMaintenance(state, language) };
  if (kind === "incidents" && id === undefined)
    return { status: 200, body: showIncidents(state, language) };
  if (kind === "policy" && id !== undefined && state.hosts.has(hostName(id))) {
    return { status: 200, body: showTable(tableOf(state, hostName(id)), language) };
  }
  const found =
    kind === "hosts"
      ? showHost(state, hostName(id ?? ""), language)
      : kind === "incidents"
        ? showIncident(state, id ?? "", language)
        : undefined;
  if (found !== undefined) return { status: 200, body: found };
  if (kind === "hosts" || kind === "policy")
    return problem(404, `no host ${id} is known; see: guardian host list`);
  if (kind === "incidents") {
    return problem(404, `no incident ${id} is open; see: guardian incident list`);
  }
  return problem(404, `no such path: /${parts.join("/")}`);
}

function showNotify({ outbox, heartbeat }: ControlOptions, kind: string): Reply {
  const state = outbox.state();
  if (kind === "silences") return { status: 200, body: showSilences(state) };
  if (kind === "alerts") return { status: 200, body: showAlerts(state) };
  const beat = heartbeat === undefined ? [] : [heartbeat.show()];
  return { status: 200, body: [...showChannels(state), ...beat] };
}

async function order(
  options: ControlOptions,
  parts: readonly string[],
  request: IncomingMessage,
): Promise<Reply> {
  const { guardian, outbox, clock, path } = options;
  const [api, version, ...rest] = parts;
  if (api !== "api" || version !== "v1") return problem(404, `no such path: /${parts.join("/")}`);
  const field = await readBody(request);
  const token = request.headers[callerHeader];
  const caller = identifyCaller(path, typeof token === "string" ? token : "", field("by"));
  if (caller.kind === "unknown") return problem(401, caller.reason);
  const [at, wall] = [clock.monoMs(), clock.wallMs()];
  const { by, uid } = caller;
  const asked = { guardian, outbox, at, wall, by, uid, parts: rest, field };
  return notifyPaths.includes(rest[0] ?? "") ? performNotify(asked) : perform(asked);
}

/** The body's texts, by name; what is not there, or no text, is empty. */
async function readBody(request: IncomingMessage): Promise<(name: string) => string> {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyCharsMax)
      throw new Error(`a body of more than ${bodyCharsMax} characters`);
  }
  const value: unknown = text === "" ? {} : JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("the body must be an object");
  return (name) => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === "string" ? found.trim() : "";
  };
}
