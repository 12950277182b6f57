/**
 * The second eye: what this collector hears right now, over HTTP, whatever the store does.
 * GET /api/v1/live needs the token; /healthz and /metrics tell no secrets and do not.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { liveViewPaths } from "../../shared/live-view.ts";
import type { Secret } from "../../shared/secret.ts";

export interface LiveViewHttp {
  readonly port: number;
  close(): Promise<void>;
}

export async function openLiveViewHttp(options: {
  readonly address: string;
  readonly port: number;
  readonly token: Secret;
  readonly live: () => unknown;
  readonly metrics: () => string;
  /** Undefined when all is well, else what is not. */
  readonly trouble: () => string | undefined;
}): Promise<LiveViewHttp> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://collector").pathname;
    if (request.method !== "GET") {
      problem(response, 405, "Only GET is served here");
    } else if (path === "/healthz") {
      const trouble = options.trouble();
      if (trouble === undefined) send(response, 200, "text/plain; charset=utf-8", "ok\n");
      else problem(response, 503, trouble);
    } else if (path === "/metrics") {
      send(response, 200, "text/plain; version=0.0.4; charset=utf-8", options.metrics());
    } else if (!liveViewPaths.includes(path)) {
      problem(response, 404, "There is no such page");
    } else if (!isAllowed(request.headers.authorization, options.token)) {
      response.setHeader("WWW-Authenticate", "Bearer");
      problem(response, 401, "A bearer token is needed");
    } else {
      send(response, 200, "application/json", JSON.stringify(options.live()));
    }
  });
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
