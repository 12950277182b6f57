/** The probe's ports: what it asks of its host. Adapters return failures as values. */
import type { WireServer } from "../shared/wire-records.ts";

export type HypervisorLook =
  | {
      readonly kind: "servers";
      readonly servers: readonly WireServer[];
      /** The host's UUID as the hypervisor knows it, 32 hex digits; "" when it does not say. */
      readonly hostUuid: string;
    }
  /** It did not answer, or not in time. */
  | { readonly kind: "down"; readonly reason: string }
  /** We may not ask: says nothing about the hypervisor. */
  | { readonly kind: "denied"; readonly reason: string };

export interface Hypervisor {
  /** All servers and their states now; settles within `deadlineMs`. */
  look(deadlineMs: number): Promise<HypervisorLook>;
  close(): void;
}
