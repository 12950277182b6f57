/** What the real adapter makes of an order about a nova-compute: a person who was faster keeps what they set. */
import type { Order } from "../../guardian/core/effects.ts";
import type { ApiAnswer } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import type { WorldNova } from "./world-nova.ts";

export type ServiceOrder = Extract<
  Order,
  { kind: "force-down" | "force-up" | "disable" | "enable" }
>;

export function obey(nova: WorldNova, order: ServiceOrder): ApiAnswer {
  if (order.kind === "force-down") return nova.forceDown(order.serviceId);
  const service = nova.services.get(order.host);
  if (order.kind === "enable" || order.kind === "force-up") {
    if (service?.status === "disabled" && service.reason === order.mark) {
      return order.kind === "enable" ? nova.enable(order.serviceId) : forceUp(nova, order.host);
    }
    const shown = service?.reason ?? service?.status ?? "";
    return refusal(`the mark is not ours any more: ${shown}`);
  }
  const done = service?.status === "disabled" && service.reason === order.reason;
  if (order.onlyIfEnabled && service?.status === "disabled" && !done) {
    return refusal(`it is disabled: ${service.reason ?? ""}`);
  }
  return nova.disable(order.serviceId, order.reason);
}

function refusal(reason: string): ApiAnswer {
  return { kind: "refused", status: 409, reason };
}

/** As Nova does it: refused while its nova-compute has not cleaned up after what was evacuated. */
function forceUp(nova: WorldNova, host: HostName): ApiAnswer {
  const dirty = nova.migrations.some(({ source, status }) => source === host && status === "done");
  if (!dirty) return nova.setUp(`service-${host}`);
  const reason = `Unable to force up host ${host} as \`done\` evacuation migration records remain`;
  return { kind: "refused", status: 400, reason };
}

/** Its nova-compute starts: what was evacuated is destroyed there, and its records are closed. */
export function restarted(nova: WorldNova, host: HostName): void {
  for (const migration of nova.migrations) {
    if (migration.source === host && migration.status === "done") migration.status = "completed";
  }
}
