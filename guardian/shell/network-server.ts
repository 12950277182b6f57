/** The API over the network: bounded in connections, headers, bodies and time, so that no caller holds it up. */
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface NetworkServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface NetworkServerOptions {
  readonly address: string;
  readonly port: number;
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly connectionsMax: number;
  readonly handler: RequestListener;
  /** A request must have arrived by then, its header in half of it. */
  readonly patienceMs?: number;
}

/** Who sends its header or body a byte a second is closed. */
function boundsOf(patienceMs: number): ServerOptions {
  return {
    maxHeaderSize: 16_384,
    headersTimeout: patienceMs / 2,
    requestTimeout: patienceMs,
    connectionsCheckingInterval: Math.min(1000, patienceMs / 4),
    keepAliveTimeout: 10_000,
    requireHostHeader: true,
  };
}
/** A connection on which nothing moves; watchers of events hear something every 15 s. */
const idleMsMax = 45_000;

export async function startNetworkServer(options: NetworkServerOptions): Promise<NetworkServer> {
  const { address, port, tls, connectionsMax, handler, patienceMs = 10_000 } = options;
  const bounds = boundsOf(patienceMs);
  const server: Server =
    tls === undefined
      ? createServer(bounds, handler)
      : createSecureServer(
          { ...bounds, ...tls, minVersion: "TLSv1.2", handshakeTimeout: 5000 },
          handler,
        );
  server.maxConnections = connectionsMax;
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 10_000;
  server.timeout = idleMsMax;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
