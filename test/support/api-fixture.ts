/** The API over the network in front of the core fixture: a real listener on a free port of 127.0.0.1. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Settings } from "../../guardian/core/settings.ts";
import { createEventFeed, type EventFeed } from "../../guardian/api/event-feed.ts";
import { createHandler } from "../../guardian/api/handle.ts";
import { unkeptIn } from "../../guardian/shell/control-socket.ts";
import type { ApiParts } from "../../guardian/api/parts.ts";
import type { Role, Route } from "../../guardian/api/route.ts";
import { apiRoutes } from "../../guardian/api/routes.ts";
import type { KeystoneTokens } from "../../guardian/shell/keystone-tokens.ts";
import { networkDoor } from "../../guardian/shell/network-door.ts";
import { startNetworkServer } from "../../guardian/shell/network-server.ts";
import { createToken, createTokenCheck } from "../../guardian/shell/token-file.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { wallMs } from "../../shared/time.ts";
import { memoryAudit, outboxOf } from "./control-fixture.ts";
import { CoreFixture } from "./core-fixture.ts";
import { idlePorts } from "./idle-ports.ts";

export interface ApiFixture {
  readonly core: CoreFixture;
  readonly parts: ApiParts;
  readonly routes: readonly Route[];
  readonly feed: EventFeed;
  readonly port: number;
  readonly tokensFile: string;
  readonly token: (role: Role) => string;
  /** A request with a role's token, or with these headers alone. */
  readonly ask: (
    method: string,
    path: string,
    who: Role | Readonly<Record<string, string>>,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<ApiAnswer>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  readonly detail: string;
}

export interface ApiFixtureOptions {
  readonly settings?: Partial<Settings>;
  readonly hosts?: number;
  readonly parts?: Partial<ApiParts>;
  readonly keystone?: KeystoneTokens;
  readonly watchersMax?: number;
  readonly eventsMax?: number;
  readonly connectionsMax?: number;
  readonly patienceMs?: number;
}

/** Serves; ends with the test. */
export async function apiFixture(
  t: TestContext,
  options: ApiFixtureOptions = {},
): Promise<ApiFixture> {
  const folder = mkdtempSync(join(tmpdir(), "guardian-api-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const tokensFile = join(folder, "tokens.json");
  const core = new CoreFixture(options.settings ?? {}, options.hosts ?? 8).run(15_000);
  const clock = { monoMs: () => core.now, wallMs: () => wallMs(core.wall) };
  const { watchersMax, eventsMax } = options;
  const feed = createEventFeed({
    clock: systemClock,
    epoch: 7,
    ...(watchersMax && { watchersMax }),
    ...(eventsMax && { eventsMax }),
  });
  const parts: ApiParts = {
    clock,
    guardian: {
      run: () => Promise.resolve(),
      tell: (event) => void core.take(event),
      state: () => core.state,
      decidedAt: () => core.now,
      notRecorded: () => ({ inputs: 0, reason: "" }),
    },
    recording: idlePorts.journal.recording,
    outbox: outboxOf(core, []),
    audit: memoryAudit(),
    feed,
    answers: new Map(),
    ...options.parts,
  };
  const routes = apiRoutes(parts);
  const door = networkDoor({
    clock: systemClock,
    tokens: createTokenCheck(tokensFile, () => systemClock.wallMs()),
    keystone: options.keystone,
    secure: false,
    names: ["guardian.example.org"],
    answered: () => undefined,
  });
  const server = await startNetworkServer({
    address: "127.0.0.1",
    port: 0,
    tls: undefined,
    connectionsMax: options.connectionsMax ?? 700,
    ...(options.patienceMs && { patienceMs: options.patienceMs }),
    handler: createHandler({
      clock,
      log: silentLogger,
      audit: parts.audit,
      routes,
      door,
      unkept: unkeptIn(parts.guardian),
    }),
  });
  const stopping = new AbortController();
  const feeding = feed.run(stopping.signal);
  t.after(async () => {
    stopping.abort();
    await feeding;
    await server.close();
  });
  const made = new Map<Role, string>();
  const token = (role: Role): string => {
    const known = made.get(role);
    if (known !== undefined) return known;
    const text = createToken(tokensFile, { name: role, role, expires: "" }, Date.now());
    made.set(role, text);
    return text;
  };
  const ask: ApiFixture["ask"] = async (method, path, who, body, headers = {}) => {
    const own = typeof who === "string" ? { authorization: `Bearer ${token(who)}` } : who;
    const said = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      headers: { ...own, ...(said && { "content-type": "application/json" }), ...headers },
      ...(said && { body: said }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    const isJson = /[/+]json$/.test(response.headers.get("content-type") ?? "");
    const answer: unknown = isJson ? JSON.parse(text) : undefined;
    const detail = String(Reflect.get(Object(answer), "detail") ?? "");
    return { status: response.status, headers: response.headers, text, body: answer, detail };
  };
  return { core, parts, routes, feed, port: server.port, tokensFile, token, ask };
}

/** Bytes as they are, and what comes back until the other side ends; "" when it just closes. */
export function rawRequest(port: number, text: string, patienceMs = 9000): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

/** A tokens file with what a test writes by hand. */
export function writeTokensFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o640 });
}
