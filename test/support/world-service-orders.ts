/** What the real adapter makes of an order about a nova-compute: a person who was faster keeps what they set. */
import type { Order } from "../../guardian/core/effects.ts";
import type { ApiAnswer } from "../../guardian/ports.ts";
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
      return order.kind === "enable" ? nova.enable(order.serviceId) : nova.forceUp(order.host);
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
