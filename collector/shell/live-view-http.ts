/**
 * The second eye: what this collector hears right now, over HTTP, whatever the store does. And the one thing that the
 * guardian tells it: which hosts are fenced. GET /api/v1/live and PUT /v1/fenced need the token; /healthz and /metrics
 * tell no secrets and do not.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import {
  decodeFencedList,
  fencedListBytesMax,
  fencedListPath,
  type FencedList,
} from "../../shared/fenced-list.ts";
import { liveViewPaths } from "../../shared/live-view.ts";
import type { Secret } from "../../shared/secret.ts";

export interface LiveViewHttp {
  readonly port: number;
  close(): Promise<void>;
}

export interface LiveViewPages {
  readonly token: Secret;
  readonly live: () => unknown;
  /** Takes the guardian's list; why not, when it is refused. */
  readonly takeFenced: (list: FencedList) => string | undefined;
  readonly metrics: () => string;
  /** Undefined when all is well, else what is not. */
  readonly trouble: () => string | undefined;
}

export async function openLiveViewHttp(
  options: LiveViewPages & { readonly address: string; readonly port: number },
): Promise<LiveViewHttp> {
  const server = createServer(answerWith(options));
  // Slow or silent clients must not pile up.
  server.requestTimeout = 5000;
  server.headersTimeout = 5000;
  server.maxConnections = 100;
  await listen(server, options.address, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerWith(pages: LiveViewPages): RequestListener {
  return (request, response) => {
    // Not by URL, which throws on some of what may stand there.
    const [path = "/"] = (request.url ?? "/").split("?");
    const method = path === fencedListPath ? "PUT" : "GET";
    if (request.method !== method) {
      problem(response, 405, `Only ${method} is served here`);
    } else if (path === "/healthz") {
      const trouble = pages.trouble();
      if (trouble === undefined) send(response, 200, "text/plain; charset=utf-8", "ok\n");
      else problem(response, 503, trouble);
    } else if (path === "/metrics") {
      send(response, 200, "text/plain; version=0.0.4; charset=utf-8", pages.metrics());
    } else if (path !== fencedListPath && !liveViewPaths.includes(path)) {
      problem(response, 404, "There is no such page");
    } else if (!isAllowed(request.headers.authorization, pages.token)) {
      response.setHeader("WWW-Authenticate", "Bearer");
      problem(response, 401, "A bearer token is needed");
    } else if (path === fencedListPath) {
      takeBody(request, (text) => takeList(response, text, pages.takeFenced));
    } else {
      send(response, 200, "application/json", JSON.stringify(pages.live()));
    }
  };
}

/** The whole body; undefined when it is too long, and nothing at all when the other side breaks off. */
function takeBody(request: IncomingMessage, take: (text: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= fencedListBytesMax) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on("end", () => {
    take(bytes <= fencedListBytesMax ? Buffer.concat(chunks).toString("utf8") : undefined);
  });
}

function takeList(
  response: ServerResponse,
  text: string | undefined,
  takeFenced: LiveViewPages["takeFenced"],
): void {
  if (text === undefined) return problem(response, 413, `More than ${fencedListBytesMax} bytes`);
  const list = decodeFencedList(parsed(text));
  if (list === undefined) return problem(response, 400, "This is no list of fenced hosts");
  const refused = takeFenced(list);
  if (refused !== undefined) return problem(response, 409, refused);
  response.writeHead(204).end();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAllowed(header: string | undefined, token: Secret): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(header ?? ""), digest(`Bearer ${token.reveal()}`));
}

/** RFC 9457. */
function problem(response: ServerResponse, status: number, title: string): void {
  send(response, status, "application/problem+json", JSON.stringify({ status, title }));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
