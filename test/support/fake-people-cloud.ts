/** Keystone and Nova as people meet them: servers that obey orders, tokens of other people's, a remote console. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { CloudAccess } from "../../guardian/shell/cloud-access.ts";
import { createKeystone, type Keystone } from "../../guardian/shell/keystone.ts";
import { createNovaCalls, type NovaCalls } from "../../guardian/shell/nova-call.ts";
import { systemClock } from "../../shared/clock.ts";
import { seededRandom } from "../../shared/random.ts";
import { Secret } from "../../shared/secret.ts";

export interface TheirToken {
  readonly user: string;
  readonly project: string;
  readonly roles: readonly string[];
  readonly expiresMs: number;
}

export interface PeopleCloud {
  readonly cloud: CloudAccess;
  readonly keystone: Keystone;
  readonly calls: NovaCalls;
  /** "METHOD path" and the order's name. */
  readonly asked: string[];
  readonly servers: Map<string, { host: string; status: string; name: string }>;
  readonly tokens: Map<string, TheirToken>;
  /** Of Nova's own records, by the path's word: why they may not be read. */
  readonly refuses: Map<string, string>;
  /** Of the guardian's own login. */
  roles: readonly string[];
  letsUsIn: boolean;
  microversionMax: string;
}

const statusAfter: Readonly<Record<string, string>> = {
  "os-start": "ACTIVE",
  "os-stop": "SHUTOFF",
  pause: "PAUSED",
  unpause: "ACTIVE",
  suspend: "SUSPENDED",
  resume: "ACTIVE",
  reboot: "ACTIVE",
};

/** Where Nova shows what; images and volumes up to microversion 2.35 alone. */
const listings: Readonly<
  Record<string, { readonly key: string; readonly ids: readonly string[]; readonly old?: true }>
> = {
  images: { key: "images", ids: ["i1", "i2", "i3"], old: true },
  flavors: { key: "flavors", ids: ["f1", "f2", "f3"] },
  "os-volumes": { key: "volumes", ids: ["v1", "v2", "v3"], old: true },
};

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const service = (binary: string, host: string, state: string): unknown => {
  return { id: `${binary}-${host}`, binary, host, state, status: "enabled", forced_down: false };
};

/** What Nova says of itself. */
const ofTheCloud: Readonly<Record<string, unknown>> = {
  "os-services": {
    services: [
      service("nova-compute", "compute-1", "up"),
      service("nova-scheduler", "control-1", "up"),
      service("nova-conductor", "control-1", "down"),
    ],
  },
  "os-migrations": { migrations: [] },
  "os-hypervisors": { hypervisors: [] },
  "os-aggregates": { aggregates: [] },
};

function listing(
  { key, ids, old }: (typeof listings)[string],
  { searchParams }: URL,
  headers: IncomingMessage["headers"],
): Answer {
  const minor = Number(/ 2\.(\d+)$/.exec(String(headers["openstack-api-version"]))?.[1]);
  if (old === true && !(minor <= 35)) return { status: 404, body: {} };
  const from = ids.indexOf(searchParams.get("marker") ?? "") + 1;
  const some = ids.slice(from, from + Number(searchParams.get("limit")));
  return { status: 200, body: { [key]: some.map((id) => ({ id, name: `name of ${id}` })) } };
}

/** Starts it; it ends with the test. */
export async function peopleCloud(t: TestContext): Promise<PeopleCloud> {
  const asked: string[] = [];
  const servers: PeopleCloud["servers"] = new Map();
  const tokens: PeopleCloud["tokens"] = new Map();
  const refuses: PeopleCloud["refuses"] = new Map();
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body, headers }) => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(body === undefined ? "" : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage): Promise<Answer> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = Object(text === "" ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>;
    const url = new URL(request.url ?? "/", base);
    const label = `${request.method ?? ""} ${url.pathname}`;
    asked.push([label, ...Object.keys(body)].join(" "));
    if (url.pathname === "/v3/auth/tokens") return keystone(request);
    if (url.pathname === "/v2.1/") {
      return {
        status: 200,
        body: { version: { version: people.microversionMax, min_version: "2.1" } },
      };
    }
    const [, , kind = "", id = "", what] = url.pathname.split("/");
    const shown = ofTheCloud[kind];
    if (shown !== undefined) {
      const reason = refuses.get(kind);
      if (reason === undefined) return { status: 200, body: shown };
      return { status: 403, body: { forbidden: { message: reason } } };
    }
    const listed = listings[kind];
    if (listed !== undefined) return listing(listed, url, request.headers);
    if (kind !== "servers") return { status: 404, body: {} };
    if (id === "detail") {
      const all = [...servers.keys()].map(recordOf);
      return { status: 200, body: { servers: all } };
    }
    const known = servers.get(id);
    if (known === undefined) return { status: 404, body: { itemNotFound: { message: "none" } } };
    if (request.method === "GET") return { status: 200, body: { server: recordOf(id) } };
    if (request.method === "DELETE") return { status: servers.delete(id) ? 204 : 404 };
    if (what === "remote-consoles") {
      const found = { url: "https://console.example/?token=s3cret", type: "novnc" };
      return { status: 200, body: { remote_console: found } };
    }
    known.status = statusAfter[Object.keys(body)[0] ?? ""] ?? known.status;
    return { status: 202 };
  }

  function recordOf(id: string): unknown {
    const { host, status, name } = servers.get(id) ?? { host: "", status: "", name: "" };
    return { id, name, status, "OS-EXT-SRV-ATTR:host": host, tenant_id: "p1" };
  }

  function keystone({ method, headers }: IncomingMessage): Answer {
    const stamp = (ms: number): string => new Date(ms).toISOString();
    if (method === "POST" && !people.letsUsIn) return { status: 401, body: {} };
    if (method === "POST") {
      const endpoints = [{ interface: "public", region: "r", url: `${base}/v2.1` }];
      const times = { issued_at: stamp(Date.now()), expires_at: stamp(Date.now() + 3_600_000) };
      const roles = people.roles.map((name) => ({ name }));
      const body = { token: { ...times, roles, catalog: [{ type: "compute", endpoints }] } };
      return { status: 201, headers: { "x-subject-token": "ours" }, body };
    }
    if (headers["x-auth-token"] !== "ours") return { status: 401, body: {} };
    const found = tokens.get(String(headers["x-subject-token"]));
    if (found === undefined) return { status: 404, body: {} };
    const token = {
      user: { name: found.user, domain: { name: "Default" } },
      project: { id: found.project },
      roles: found.roles.map((name) => ({ name })),
      expires_at: stamp(found.expiresMs),
    };
    return { status: 200, body: { token } };
  }

  const cloud: CloudAccess = {
    name: "people",
    authUrl: base,
    auth: {
      kind: "password",
      user: { name: "admin", domain: { id: "default" } },
      who: 'user "admin"',
      password: new Secret("s3cret"),
      scope: undefined,
    },
    region: undefined,
    interface: "public",
    tls: { verify: true },
    computeEndpoint: undefined,
    placementEndpoint: undefined,
  };
  const keystoneClient = createKeystone(cloud, systemClock);
  const calls = createNovaCalls({
    cloud,
    keystone: keystoneClient,
    clock: systemClock,
    random: seededRandom(1),
    readDeadlineMs: 5000,
  });
  const people: PeopleCloud = {
    cloud,
    keystone: keystoneClient,
    calls,
    asked,
    servers,
    tokens,
    refuses,
    roles: ["admin", "reader"],
    letsUsIn: true,
    microversionMax: "2.93",
  };
  return people;
}
