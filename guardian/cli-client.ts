/** The command line's way to the daemon: its socket on the same node, or its address on the network with a token. */
import { readFileSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { readSecretFile } from "../shared/key-files.ts";
import { callerHeader, proveCaller } from "./shell/caller-identity.ts";
import { sendHttp } from "./shell/http-request.ts";
import { parseJson } from "./shell/json.ts";

/** Where the daemon is asked. */
export interface Way {
  readonly socket: string;
  /** https://…; goes before the socket. */
  readonly api?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly caFile?: string | undefined;
}

type Method = "GET" | "POST";

interface Answer {
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** The daemon asks Nova twice at most for an order: 8 s to look, 10 s to give it. */
const deadlineMs: Readonly<Record<Method, number>> = { GET: 10_000, POST: 20_000 };
/** A list of a million rows is none that anybody reads. */
const pagesMax = 1000;

/** One request; every page of a list. Throws with the daemon's own sentence when it refuses. */
export async function askBy(
  way: Way,
  method: Method,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const first = await once(way, method, path, body);
  if (!Array.isArray(first.body)) return first.body;
  const rows: unknown[] = [...(first.body as unknown[])];
  let next = nextOf(first.headers);
  for (let page = 1; next !== undefined; page += 1) {
    if (page === pagesMax) throw new Error(`${path} does not end after ${pagesMax} pages`);
    const answer = await once(way, "GET", next, undefined);
    if (Array.isArray(answer.body)) rows.push(...(answer.body as unknown[]));
    next = nextOf(answer.headers);
  }
  return rows;
}

/** The same over the socket. */
export function ask(
  socket: string,
  method: Method,
  path: string,
  body?: unknown,
): Promise<unknown> {
  return askBy({ socket }, method, path, body);
}

function nextOf({ link }: IncomingHttpHeaders): string | undefined {
  return typeof link === "string" ? /<(\/[^>]+)>; rel="next"/.exec(link)?.[1] : undefined;
}

async function once(way: Way, method: Method, path: string, body: unknown): Promise<Answer> {
  if (way.api !== undefined) return overNetwork(way, way.api, method, path, body);
  const { socket } = way;
  if (method === "GET") return send(socket, method, path, {}, undefined);
  const proof = prove(socket);
  try {
    return await send(socket, method, path, { [callerHeader]: proof.token }, JSON.stringify(body));
  } finally {
    proof.withdraw();
  }
}

async function overNetwork(
  { tokenFile, caFile }: Way,
  api: string,
  method: Method,
  path: string,
  body: unknown,
): Promise<Answer> {
  if (tokenFile === undefined) {
    throw new Error(
      `${api} needs a token: --token-file FILE, with what guardian token create showed`,
    );
  }
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") };
  const outcome = await sendHttp({
    method,
    url: `${api.replace(/\/+$/, "")}${path}`,
    headers: {
      authorization: `Bearer ${readSecretFile(tokenFile)}`,
      "content-type": "application/json",
    },
    ...(method === "POST" && { body: JSON.stringify(body) }),
    deadlineMs: deadlineMs[method],
    tls: { verify: true, ...ca },
  });
  if (outcome.kind !== "answer") {
    throw new Error(`the guardian at ${api}: ${outcome.reason}${unknownEnd(method)}`);
  }
  return { body: read(outcome.status, outcome.body), headers: outcome.headers };
}

/** Throws for a refusal, with its sentence. */
function read(status: number, text: string): unknown {
  const answer = text === "" ? {} : parseJson(text);
  if (status < 400) return answer;
  const detail: unknown = Reflect.get(Object(answer), "detail");
  throw new Error(typeof detail === "string" ? detail : `answered ${status}`);
}

function prove(socket: string): ReturnType<typeof proveCaller> {
  try {
    return proveCaller(socket);
  } catch (error) {
    throw unreachable(socket, error);
  }
}

function unreachable(socket: string, error: unknown): Error {
  const code: unknown = Reflect.get(Object(error), "code");
  const hint =
    code === "EACCES" ? "it is its user's and its group's alone: sudo, or join" : "is it running?";
  return new Error(`the daemon does not answer on ${socket} (${hint})`, { cause: error });
}

function send(
  socket: string,
  method: Method,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
): Promise<Answer> {
  const options = { socketPath: socket, path, method, headers, timeout: deadlineMs[method] };
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        try {
          resolve({ body: read(response.statusCode ?? 500, text), headers: response.headers });
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    call.on("timeout", () => {
      const limit = `no answer from ${socket} within ${deadlineMs[method] / 1000} s`;
      call.destroy(new Error(`${limit}${unknownEnd(method)}`));
    });
    call.on("error", (error) => reject(unreachable(socket, error)));
    call.end(body);
  });
}

/** A daemon that is late goes on all the same. */
function unknownEnd(method: Method): string {
  return method === "POST" ? "; whether it was done is not known: look before you ask again" : "";
}
