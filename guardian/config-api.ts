/** The API over the network: off unless `listen` is given. */
import { absolutePath, address, duration, z } from "./config-parts.ts";
import { roles } from "./api/route.ts";

export const api = z
  .strictObject({
    /** Left out: the unix socket alone. */
    listen: z
      .strictObject({
        address: address.default("127.0.0.1"),
        port: z.int().min(0).max(65_535).default(8775),
      })
      .optional(),
    tls: z.strictObject({ certFile: absolutePath, keyFile: absolutePath }).optional(),
    /** Beyond loopback without TLS: tokens travel in the clear. */
    insecure: z.boolean().default(false),
    tokensFile: absolutePath.default("/etc/guardian/tokens.json"),
    /** Names by which browsers come here, beside addresses and localhost. */
    names: z
      .array(z.string().regex(/^[a-z0-9.-]+$/, "must be a name in lower case, without a port"))
      .default([]),
    connectionsMax: z.int().min(10).max(10_000).default(700),
    /** Who may follow the events at once. */
    watchersMax: z.int().min(1).max(5000).default(500),
    serverDelete: z.boolean().default(false),
    /** Left out: Keystone's tokens are not taken. */
    keystone: z
      .strictObject({
        /** Ids of projects whose tokens count; "system" stands for system scope. */
        scopes: z.array(z.string().min(1)).min(1, "must name a project's id, or system"),
        roles: z.record(z.string().min(1), z.enum(roles)),
        cacheFor: duration(60_000, 1000),
      })
      .optional(),
  })
  .prefault({});

export type ApiConfig = z.output<typeof api>;

/** What the shape does not say. */
export function* apiProblems({
  listen,
  tls,
  insecure,
}: ApiConfig): Generator<readonly [readonly string[], string]> {
  if (listen === undefined || tls !== undefined || insecure) return;
  if (/^(?:127\.|::1$)/.test(listen.address)) return;
  const text = `${listen.address} is beyond loopback: give api.tls, or api.insecure: true (tokens in the clear)`;
  yield [["api", "listen", "address"], text];
}
