/** What the journal keeps of a reserve host that was enabled, and what a restart makes of it. */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";

/** A reserve host that we enable, or have enabled, for an evacuation. */
export interface ReserveUse {
  /** The incident that it was enabled for. */
  readonly incident: string;
  readonly order:
    | { readonly kind: "due" }
    | { readonly kind: "asked"; readonly at: MonoMs }
    /** Nova has taken it, or shows the host enabled. */
    | { readonly kind: "done"; readonly at: MonoMs }
    /** Refused, or without an answer: another one is tried. */
    | { readonly kind: "failed"; readonly at: MonoMs; readonly reason: string };
}

/** Whether an order that was under way was done, Nova's record shows. */
export function rememberedReserves(
  reserves: ReadonlyMap<HostName, ReserveUse>,
  now: MonoMs,
): ReadonlyMap<HostName, ReserveUse> {
  const result = new Map<HostName, ReserveUse>();
  for (const [host, use] of reserves) {
    const order =
      use.order.kind === "asked" ? ({ kind: "due" } as const) : { ...use.order, at: now };
    result.set(host, { ...use, order });
  }
  return result;
}
