/** The probe's ports: what it asks of its host. Adapters return failures as values. */
import type { WireServer } from "../shared/wire-records.ts";
import type { ServerStats } from "./core/server-stats.ts";

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

export type StatsLook =
  | { readonly kind: "stats"; readonly servers: readonly ServerStats[] }
  /** Nothing is known; so many questions are still unanswered. */
  | { readonly kind: "none"; readonly reason: string; readonly unanswered: number };

export interface Hypervisor {
  /** All servers and their states now; settles within `deadlineMs`. */
  look(deadlineMs: number): Promise<HypervisorLook>;
  /** Statistics of the running ones, each of which is asked; settles within a few times `deadlineMs`. */
  stats(deadlineMs: number): Promise<StatsLook>;
  /** Told at once when something happens to a server, while a connection stands. */
  onChange(listener: () => void): void;
  close(): void;
}
