/** The collector's port to a store. Adapters return what went wrong as values. */
import type { CollectorId } from "../shared/names.ts";
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

/** A row with the wall time of its arrival, which is its time in every store, however late it gets there. */
export interface TimedRow {
  readonly row: LivenessRow;
  readonly wallMs: number;
}

/** One value of one resource at one time, as Ceilometer has it. */
export interface SampleRow {
  readonly collector: CollectorId;
  readonly name: string;
  readonly type: "gauge" | "delta" | "cumulative";
  readonly unit: string;
  readonly volume: number;
  readonly resourceId: string;
  /** "" where there is none. */
  readonly projectId: string;
  readonly source: string;
  /** When it was read, by its host's wall clock. */
  readonly wallMs: number;
}

export interface StoreWriter {
  /** "sqlite FILE" or "influx URL"; no secrets. */
  readonly name: string;
  writeLiveness(rows: readonly TimedRow[]): Promise<WriteResult>;
  writeServers(rows: readonly ServerRow[], wallMs: number): Promise<WriteResult>;
  writeSamples(rows: readonly SampleRow[]): Promise<WriteResult>;
  writeWatermark(watermark: Watermark, wallMs: number): Promise<WriteResult>;
  /** Removes what is older than the configured history, a bounded bit at a time. */
  forgetOld(wallMs: number): Promise<void>;
  /** Of a store that is elsewhere: what it cannot take now waits on the disk. */
  readonly lines: LineWriter | undefined;
  close(): void;
}

/** `liveness` is never evicted; `bulk` is, oldest first, when the spool is full. */
export type SpoolClass = "liveness" | "bulk";

/** One point as the store takes it, and which of its retention policies it belongs under. */
export interface StoreLine {
  readonly policy: "main" | "servers";
  readonly line: string;
}

/** Points as text: they can wait on a disk, and outlive the release that wrote them. */
export interface LineWriter {
  ofLiveness(row: TimedRow): StoreLine;
  ofServer(row: ServerRow, wallMs: number): StoreLine;
  ofSample(row: SampleRow): StoreLine;
  /** How many the store takes at once, as far as is known. */
  linesMax(spoolClass: SpoolClass): number;
  /** In order; at most one call of each class at a time. */
  write(spoolClass: SpoolClass, lines: readonly StoreLine[]): Promise<WriteResult>;
}
