/** What Nova says of a host that an order takes for empty, in the moment before. */
import type { Order } from "../core/effects.ts";
import type { ComputeApi, PowerOffAnswer } from "../ports.ts";

/** For an order that is for an empty host: what Nova lists on it now, in the moment before. */
export async function whyNotEmpty(
  compute: ComputeApi,
  { host, ifEmpty }: Extract<Order, { kind: "power-off" }>,
): Promise<PowerOffAnswer | undefined> {
  if (ifEmpty !== true) return undefined;
  const seen = await compute.serversOn(host);
  if (seen.kind === "failed") {
    return { kind: "refused", reason: `servers on it are not known: ${seen.reason}` };
  }
  const count = seen.servers.length;
  if (count > 0) return { kind: "refused", reason: `servers on it: ${count}, must be = 0` };
  // Of a cell that is down Nova lists no server, and of its hosts nothing but a name.
  const shown = await compute.services();
  if (shown.kind === "failed") {
    return { kind: "refused", reason: `whether Nova sees its cell is not known: ${shown.reason}` };
  }
  const isShown = shown.services.some((service) => service.host === host);
  return isShown ? undefined : { kind: "refused", reason: "Nova does not show its record of it" };
}
