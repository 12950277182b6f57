/** The API as it runs: one set of routes behind the unix socket and, where it is asked for, the network. */
import type { Clock } from "../shared/clock.ts";
import type { Lifecycle } from "../shared/lifecycle.ts";
import type { Logger } from "../shared/log.ts";
import type { ActedOn } from "./api/actions.ts";
import type { EventFeed } from "./api/event-feed.ts";
import { createLiveHosts } from "./api/live-hosts.ts";
import { createHandler } from "./api/handle.ts";
import type { ApiParts } from "./api/parts.ts";
import { apiRoutes } from "./api/routes.ts";
import type { GuardianConfig } from "./config.ts";
import type { Line } from "./core/effects.ts";
import type { AlertMessage } from "./ports.ts";
import type { PreparedApi } from "./shell/build-api.ts";
import { startControlSocket, unkeptIn } from "./shell/control-socket.ts";
import { networkDoor } from "./shell/network-door.ts";
import { pageFiles } from "./shell/page-bundle.ts";
import { startNetworkServer } from "./shell/network-server.ts";
import { createTokenCheck } from "./shell/token-file.ts";

export interface ApiServiceOptions {
  readonly config: GuardianConfig;
  readonly prepared: PreparedApi;
  readonly parts: Omit<ApiParts, "samples" | "servers" | "cloudLook" | "page" | "answers">;
  readonly feed: EventFeed;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
}

/** Starts serving; throws when a socket cannot be made. */
export async function startApi(options: ApiServiceOptions): Promise<void> {
  const { config, prepared, feed, clock, log, lifecycle } = options;
  const { api, controlSocket } = config;
  const answers = new Map<number, number>();
  const parts: ApiParts = {
    ...options.parts,
    feed,
    samples: prepared.samples,
    servers: prepared.servers,
    cloudLook: prepared.cloudLook,
    page: pageFiles({ isDemo: options.parts.addedRoutes !== undefined }),
    answers,
  };
  lifecycle.onStop("samples", () => prepared.samples.close());
  const routes = apiRoutes(parts);
  const acted = (action: ActedOn): void => feed.push("action", { ...action });
  const socket = await startControlSocket({ ...parts, path: controlSocket, log, routes, acted });
  lifecycle.onStop("control socket", () => socket.close());
  const stopping = new AbortController();
  const live = createLiveHosts({ state: () => parts.guardian.state(), feed, clock });
  const feeding = Promise.all([feed.run(stopping.signal), live.run(stopping.signal)]);
  lifecycle.onStop("events", async () => {
    stopping.abort();
    await feeding;
  });
  if (api.listen === undefined) return;
  const door = networkDoor({
    clock,
    tokens: createTokenCheck(api.tokensFile, () => clock.wallMs()),
    keystone: prepared.keystone,
    secure: prepared.tls !== undefined,
    names: api.names,
    answered: (status) => void answers.set(status, (answers.get(status) ?? 0) + 1),
  });
  const server = await startNetworkServer({
    address: api.listen.address,
    port: api.listen.port,
    tls: prepared.tls,
    connectionsMax: api.connectionsMax,
    handler: createHandler({
      clock,
      log,
      audit: parts.audit,
      routes,
      door,
      acted,
      unkept: unkeptIn(parts.guardian),
    }),
  });
  lifecycle.onStop("api", () => server.close());
  const { address } = api.listen;
  log.info({ event: "listening", address, port: server.port }, "the API listens");
}

/** What the feed hears of decisions. */
export function lineOf(feed: EventFeed): (line: Line) => void {
  return ({ level, host, event, text }) => feed.push("line", { level, host, event, text });
}

/** And of what is told. */
export function pushAlert(feed: EventFeed, message: AlertMessage): void {
  const { class: alertClass, status, host, incident, title, next } = message;
  feed.push("alert", { class: alertClass, status, host, incident, title, next });
}
