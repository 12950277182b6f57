/** Who may come in over the network: a token of ours or Keystone's, from no other site's page, not too many tries. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { Clock } from "../../shared/clock.ts";
import type { Door } from "../api/handle.ts";
import { problem, type Caller, type Reply } from "../api/route.ts";
import { createAllowance } from "./allowance.ts";
import type { KeystoneTokens } from "./keystone-tokens.ts";
import type { TokenCheck } from "./token-file.ts";

export interface NetworkDoorOptions {
  readonly clock: Clock;
  readonly tokens: TokenCheck;
  readonly keystone: KeystoneTokens | undefined;
  readonly secure: boolean;
  /** Names by which browsers come here, beside addresses and localhost. */
  readonly names: readonly string[];
  readonly answered: (status: number) => void;
}

/** Wrong tokens from one address: a person mistypes a few, a program tries thousands. */
const failures = { burst: 10, perMinute: 6 };
/** From all addresses together: whoever has a network of them. */
const failuresOfAll = { burst: 200, perMinute: 120 };
const actions = { burst: 300, perMinute: 120 };

export function networkDoor(options: NetworkDoorOptions): Door {
  const { clock, answered } = options;
  const [failed, failedOfAll] = [
    createAllowance(clock, failures),
    createAllowance(clock, failuresOfAll),
  ];
  const acting = createAllowance(clock, actions);
  return {
    trusted: false,
    answered,
    refuse: (request) => refuseStrangers(options, request),
    mayAct: ({ by }) => acting.take(by),
    async identify(request) {
      const from = request.socket.remoteAddress ?? "";
      const isLimited = !failed.has(from) || !failedOfAll.has("");
      if (isLimited && !options.tokens.remembers(bearerOf(request))) return tooMany();
      const caller = await identify(options, request);
      if (!("status" in caller) || caller.status !== 401) return caller;
      failed.take(from);
      failedOfAll.take("");
      return caller;
    },
  };
}

async function identify(
  { tokens, keystone }: NetworkDoorOptions,
  request: IncomingMessage,
): Promise<Caller | Reply> {
  const { headers } = request;
  const theirs = headers["x-auth-token"];
  if (typeof theirs === "string" && keystone !== undefined) {
    const found = await keystone.check(theirs);
    if (found.kind === "failed") return problem(503, found.reason);
    if (found.kind === "unknown") return unauthorized(found.reason);
    return { by: `${found.by} (${found.role})`, role: found.role, uid: undefined };
  }
  const token = bearerOf(request);
  if (token === "") return unauthorized("a token is needed: authorization: Bearer TOKEN");
  const found = await tokens.check(token);
  if (found.kind === "busy") {
    return problem(503, "too many tokens are checked at once", undefined, { "retry-after": "1" });
  }
  if (found.kind === "unknown") return unauthorized(found.reason);
  const { name, role } = found.token;
  return { by: `token ${name} (${role})`, role, uid: undefined };
}

/** "" where there is none. */
function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
}

/**
 * A browser says from which page it asks, and by which name it came: another site's page is refused, and so is
 * a name that somebody else made point here. There are no cookies: nothing is sent along without being asked for.
 */
function refuseStrangers(
  { secure, names }: NetworkDoorOptions,
  { headers }: IncomingMessage,
): Reply | undefined {
  const { host = "", origin } = headers;
  const name = host
    .replace(/:\d{1,5}$/, "")
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
  if (isIP(name) === 0 && name !== "localhost" && !names.includes(name)) {
    return problem(421, "this name is none of ours: api.names in the configuration lists them");
  }
  const own = `${secure ? "https" : "http"}://${host}`.toLowerCase();
  const site = headers["sec-fetch-site"];
  const isForeign =
    (origin !== undefined && origin.toLowerCase() !== own) ||
    (site !== undefined && !["same-origin", "none"].includes(String(site)));
  return isForeign ? problem(403, "another site's page may not ask here") : undefined;
}

function unauthorized(reason: string): Reply {
  return problem(401, reason, undefined, { "www-authenticate": 'Bearer realm="guardian"' });
}

function tooMany(): Reply {
  const detail = "too many wrong tokens: wait a minute";
  return problem(429, detail, undefined, { "retry-after": "60" });
}
