/**
 * The operator's way in on the guardian's own node: the API on a unix socket, for its owner and its group. Who
 * acts proves it by the kernel's word; whoever may open the socket may look.
 */
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { dirname } from "node:path";
import type { Logger } from "../../shared/log.ts";
import type { ActedOn } from "../api/actions.ts";
import { createHandler, type Door } from "../api/handle.ts";
import type { ApiParts } from "../api/parts.ts";
import { problem, type Route } from "../api/route.ts";
import { apiRoutes } from "../api/routes.ts";
import type { Guardian } from "../app.ts";
import { callerHeader, identifyCaller, prepareCallers } from "./caller-identity.ts";

export interface ControlSocket {
  close(): Promise<void>;
}

export interface ControlOptions extends ApiParts {
  readonly path: string;
  readonly log: Logger;
  /** Made of the same parts; made here when left out. */
  readonly routes?: readonly Route[];
  readonly acted?: (action: ActedOn) => void;
}

/** Why what people say now stands in memory alone; undefined while the journal can be written. */
export function unkeptIn(guardian: Guardian): () => string | undefined {
  return () => {
    const { journalWritable, journalReason } = guardian.state().eyes;
    return journalWritable ? undefined : journalReason;
  };
}

/** Starts serving; throws when the socket cannot be made. */
export async function startControlSocket(options: ControlOptions): Promise<ControlSocket> {
  const { path, clock, audit, log, routes = apiRoutes(options), acted } = options;
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  prepareCallers(path);
  const door = socketDoor(path);
  const server = createServer(
    createHandler({
      clock,
      audit,
      log,
      routes,
      door,
      unkept: unkeptIn(options.guardian),
      ...(acted && { acted }),
    }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // The group's members are the operators; each says who it is by the kernel's word.
  chmodSync(path, 0o660);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function socketDoor(path: string): Door {
  return {
    trusted: true,
    identify: (request, claimed) => {
      if (request.method !== "POST") return { by: "the socket", role: "admin", uid: undefined };
      const token = request.headers[callerHeader];
      const caller = identifyCaller(path, typeof token === "string" ? token : "", claimed);
      if (caller.kind === "unknown") return problem(401, caller.reason);
      return { by: caller.by, uid: caller.uid, role: "admin" };
    },
  };
}
