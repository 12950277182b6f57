/** Servers of the simulated Nova, as the real adapter shows them and puts them in error: it looks first. */
import type { ServersSeen } from "../../guardian/core/events.ts";
import { stateText } from "../../guardian/core/resets.ts";
import type { ApiAnswer, Failure } from "../../guardian/ports.ts";
import type { HostName, ServerId } from "../../shared/names.ts";
import { shown } from "./world-nova-records.ts";
import type { WorldNova } from "./world-nova.ts";

/** Servers and evacuations of a host: of a cell that is down there is no list. */
export function listOf(
  nova: WorldNova,
  host: HostName,
): Pick<ServersSeen, "servers" | "records"> | Failure {
  if (nova.unreadable.has(host)) return { kind: "failed", reason: `the cell of ${host} is down` };
  return { servers: nova.serversOn(host), records: nova.evacuations(host) };
}

/** Puts a server in error, after a look at it. */
export function resetToError(
  nova: WorldNova,
  host: HostName,
  id: ServerId,
  from: string,
): ApiAnswer {
  if (nova.orderMode === "refuses") {
    return { kind: "refused", status: 503, reason: "the server is currently unavailable" };
  }
  const silence = { kind: "unknown", reason: "no answer within 30 s" } as const;
  if (nova.orderMode === "loses-call" || nova.isHidden(id)) return silence;
  const server = nova.servers.get(id);
  if (server === undefined) return { kind: "refused", status: 404, reason: "no such server" };
  const state = stateText(shown(server));
  if (server.host !== host || ![from, "error"].includes(state)) {
    return { kind: "refused", status: 409, reason: `it is ${state} on ${server.host}` };
  }
  server.taskState = undefined;
  server.vmState = "error";
  server.status = "ERROR";
  return nova.orderMode === "loses-answer" ? silence : { kind: "accepted", requestId: "req" };
}
