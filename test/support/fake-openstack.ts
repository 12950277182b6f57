/**
 * Keystone v3 and Nova 2.93 over HTTP on a loopback port, in front of a `SimulatedNova`. Shapes,
 * status codes and sentences are those of the real services; faults are switched on by tests.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sleep } from "../../shared/loop.ts";
import { nova, type NovaReply } from "./fake-nova-api.ts";
import { placement } from "./fake-placement-api.ts";
import { SimulatedNova } from "./simulated-nova.ts";
import type { SimulatedNovaOptions } from "./simulated-nova-records.ts";

export interface FakeOpenStackOptions extends SimulatedNovaOptions {
  readonly tokenLifetimeMs?: number;
  /** Nova's own limit of servers per page. */
  readonly pageLimit?: number;
  readonly regionName?: string;
  readonly microversionMax?: string;
  /** Left out: the catalog has none. */
  readonly placement?: "answers" | "forbidden";
}

/** A fault of the API, for all requests or those whose "METHOD /path" matches. */
export type OpenStackFault =
  | { readonly kind: "none" }
  | { readonly kind: "slow"; readonly delayMs: number; readonly match?: RegExp }
  | { readonly kind: "status"; readonly status: number; readonly match?: RegExp }
  /** The request is carried out and the connection breaks before the answer. */
  | { readonly kind: "answer-lost"; readonly match?: RegExp };

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly status: number;
}

export interface FakeOpenStack {
  readonly nova: SimulatedNova;
  readonly authUrl: string;
  readonly endpoint: string;
  readonly username: "admin";
  readonly password: "s3cret";
  readonly credential: { readonly id: "cred-1"; readonly secret: "cr3d" };
  readonly requests: readonly RecordedRequest[];
  setFault(fault: OpenStackFault): void;
  /** "2.88": in the middle of an upgrade. */
  setMicroversionMax(max: string): void;
  /** All tokens given out so far stop being valid. */
  expireTokens(): void;
  /** Stops listening: connections are refused. */
  goDown(): Promise<void>;
  /** Listens again, on the same port. */
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

/** Starts the API on 127.0.0.1 and a free port. */
export async function startFakeOpenStack(options: FakeOpenStackOptions): Promise<FakeOpenStack> {
  const simulated = new SimulatedNova(options);
  const tokens = new Map<string, number>();
  const requests: RecordedRequest[] = [];
  let fault: OpenStackFault = { kind: "none" };
  let max = options.microversionMax ?? "2.93";

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}`;
  const endpoint = `${base}/v2.1`;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request);
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    const url = new URL(request.url ?? "/", base);
    const label = `${request.method ?? ""} ${url.pathname}`;
    const active = "match" in fault && fault.match?.test(label) === false ? undefined : fault;
    if (active?.kind === "slow") await sleep(active.delayMs);
    const reply: NovaReply =
      active?.kind === "status"
        ? { status: active.status, body: { error: { message: "Service Unavailable" } } }
        : url.pathname.startsWith("/v3")
          ? keystone(label, body)
          : url.pathname.startsWith("/placement")
            ? placement(simulated, options.placement, {
                url,
                asked: String(request.headers["openstack-api-version"]),
                authentic: isValid(request.headers["x-auth-token"]),
              })
            : await nova(
                {
                  simulated,
                  endpoint,
                  pageLimit: options.pageLimit ?? 1000,
                  max,
                },
                { request, url, body, authentic: isValid(request.headers["x-auth-token"]) },
              );
    const path = `${url.pathname}${url.search}`;
    requests.push({ method: request.method ?? "", path, body, status: reply.status });
    if (active?.kind === "answer-lost") {
      response.destroy();
      return;
    }
    const requestId = `req-${randomUUID()}`;
    const headers = { "x-openstack-request-id": requestId, "x-compute-request-id": requestId };
    response.writeHead(reply.status, {
      "content-type": "application/json",
      ...headers,
      ...reply.headers,
    });
    response.end(reply.body === undefined ? "" : JSON.stringify(reply.body));
  }

  function isValid(token: string | readonly string[] | undefined): boolean {
    return typeof token === "string" && (tokens.get(token) ?? 0) > performance.now();
  }

  function keystone(label: string, body: unknown): NovaReply {
    if (label !== "POST /v3/auth/tokens") {
      return {
        status: 404,
        body: { error: { code: 404, message: "Not Found", title: "Not Found" } },
      };
    }
    if (!isKnownUser(body)) return unauthorized;
    const token = `gAAAAA${randomUUID().replaceAll("-", "")}`;
    const lifetimeMs = options.tokenLifetimeMs ?? 3_600_000;
    tokens.set(token, performance.now() + lifetimeMs);
    const compute = { type: "compute", name: "nova", id: "c1", endpoints: endpoints(endpoint) };
    const second = endpoints(`${base}/placement`);
    const catalog =
      options.placement === undefined
        ? [compute]
        : [{ type: "placement", name: "placement", id: "c2", endpoints: second }, compute];
    const issued = Date.now();
    const stamp = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");
    return {
      status: 201,
      headers: { "x-subject-token": token },
      body: {
        token: {
          methods: ["password"],
          issued_at: stamp(issued),
          expires_at: stamp(issued + lifetimeMs),
          roles: [{ id: "r1", name: "admin" }],
          catalog,
        },
      },
    };
  }

  function endpoints(address: string): readonly unknown[] {
    const region = options.regionName ?? "RegionOne";
    return ["public", "internal", "admin"].map((kind) => ({
      id: `e-${kind}`,
      interface: kind,
      region_id: region,
      region,
      url: address,
    }));
  }

  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });

  return {
    nova: simulated,
    authUrl: base,
    endpoint,
    username: "admin",
    password: "s3cret",
    credential: { id: "cred-1", secret: "cr3d" },
    requests,
    setFault: (next) => void (fault = next),
    setMicroversionMax: (next) => void (max = next),
    expireTokens: () => tokens.clear(),
    goDown: stop,
    comeBack: () => listen(server, port),
    close: async () => {
      if (server.listening) await stop();
    },
  };
}

const unauthorized: NovaReply = {
  status: 401,
  body: {
    error: {
      code: 401,
      message: "The request you have made requires authentication.",
      title: "Unauthorized",
    },
  },
};

interface AuthRequest {
  readonly auth?: {
    readonly identity?: {
      readonly password?: {
        readonly user?: { readonly name?: string; readonly password?: string };
      };
      readonly application_credential?: { readonly id?: string; readonly secret?: string };
    };
  };
}

function isKnownUser(body: unknown): boolean {
  const identity = (body as AuthRequest).auth?.identity;
  const user = identity?.password?.user;
  const credential = identity?.application_credential;
  return (
    (user?.name === "admin" && user.password === "s3cret") ||
    (credential?.id === "cred-1" && credential.secret === "cr3d")
  );
}

function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve());
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
