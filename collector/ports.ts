/** The collector's port to a store. Adapters return what went wrong as values. */
import type { LivenessRow, ServerRow, Watermark } from "../shared/telemetry.ts";

export type WriteResult =
  /** Acknowledged; `poisoned` rows were refused by the store for ever and set aside. */
  | { readonly kind: "stored"; readonly poisoned: number }
  /** Not acknowledged: the rows must be offered again. */
  | {
      readonly kind: "kept";
      readonly reason: string;
      readonly retryAfterMs: number | undefined;
    };

export interface StoreWriter {
  /** "sqlite FILE" or "influx URL"; no secrets. */
  readonly name: string;
  writeLiveness(rows: readonly LivenessRow[], wallMs: number): Promise<WriteResult>;
  writeServers(rows: readonly ServerRow[], wallMs: number): Promise<WriteResult>;
  writeWatermark(watermark: Watermark, wallMs: number): Promise<WriteResult>;
  /** Removes what is older than the configured history, a bounded bit at a time. */
  forgetOld(wallMs: number): Promise<void>;
  close(): void;
}
