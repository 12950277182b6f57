/** The collector's live view on the wire: GET /api/v1/live. Columns once, then rows of values. */
import {
  livenessFields,
  livenessNumbers,
  readLiveness,
  readWatermark,
  watermarkNumbers,
} from "./telemetry-fields.ts";
import type { LivenessRow, TelemetrySnapshot, Watermark } from "./telemetry.ts";

export const liveViewPath = "/api/v1/live";
/** The same page: where no other program's API is beside it, the shorter one is asked for. */
export const liveViewPaths: readonly string[] = [liveViewPath, "/v1/live"];
/** TCP port of the live view. */
export const liveViewPort = 7513;

const columns = ["collector", "host", "path", ...livenessFields] as const;

export interface LiveViewBody {
  readonly watermark: Readonly<Record<string, string | number>>;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function encodeLiveView(
  watermark: Watermark,
  liveness: readonly LivenessRow[],
): LiveViewBody {
  return {
    watermark: { collector: watermark.collector, ...watermarkNumbers(watermark) },
    columns,
    rows: liveness.map((row) => {
      const numbers = livenessNumbers(row);
      return [row.collector, row.host, row.path, ...livenessFields.map((field) => numbers[field])];
    }),
  };
}

/** A parsed body, read with suspicion; undefined when it is not a live view. */
export function decodeLiveView(body: unknown): TelemetrySnapshot | undefined {
  const view = (body ?? {}) as Partial<Record<keyof LiveViewBody, unknown>>;
  if (!Array.isArray(view.columns) || !Array.isArray(view.rows)) return undefined;
  const positions = new Map(view.columns.map((name: unknown, index) => [name, index]));
  const marks = (view.watermark ?? {}) as Record<string, unknown>;
  const watermark = readWatermark((name) => marks[name]);
  if (watermark === undefined) return undefined;
  const liveness = view.rows.flatMap((row: unknown) => {
    const values: readonly unknown[] = Array.isArray(row) ? row : [];
    return readLiveness((name) => values[positions.get(name) ?? -1]) ?? [];
  });
  return { watermarks: [watermark], liveness };
}
