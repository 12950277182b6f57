/** What people ask of a server, as Nova takes or refuses it: each order has a state that it begins in. */
import type { NovaRefusal, NovaServerState } from "./simulated-nova-records.ts";

interface Order {
  readonly from: string;
  readonly vmState: string;
  readonly status: string;
}

const orders: Readonly<Record<string, Order>> = {
  "os-start": { from: "stopped", vmState: "active", status: "ACTIVE" },
  "os-stop": { from: "active", vmState: "stopped", status: "SHUTOFF" },
  pause: { from: "active", vmState: "paused", status: "PAUSED" },
  unpause: { from: "paused", vmState: "active", status: "ACTIVE" },
  suspend: { from: "active", vmState: "suspended", status: "SUSPENDED" },
  resume: { from: "suspended", vmState: "active", status: "ACTIVE" },
  reboot: { from: "active", vmState: "active", status: "ACTIVE" },
};

/** Whether it is such an order at all; `refusal` where Nova does not take it now. */
export function orderServer(
  server: NovaServerState,
  name: string,
): { readonly refusal: NovaRefusal | undefined } | undefined {
  if (name === "lock" || name === "unlock") {
    server.locked = name === "lock";
    return { refusal: undefined };
  }
  const order = orders[name];
  if (order === undefined) return undefined;
  if (server.vmState !== order.from || server.taskState !== null) {
    const shown = server.taskState ?? server.vmState;
    const message = `Cannot '${name}' instance ${server.id} while it is in ${shown}`;
    return { refusal: { status: 409, kind: "conflictingRequest", message } };
  }
  server.vmState = order.vmState;
  server.status = order.status;
  server.runs = order.vmState === "active";
  return { refusal: undefined };
}
