/** The collector's live view on the wire: GET /api/v1/live. Columns once, then rows of values. */
import {
  livenessFields,
  livenessNumbers,
  readLiveness,
  readWatermark,
  watermarkNumbers,
} from "./telemetry-fields.ts";
import { hostName, isHostName } from "./names.ts";
import {
  networkNames,
  type LivenessRow,
  type PeerSighting,
  type TelemetrySnapshot,
  type Watermark,
} from "./telemetry.ts";
import { monoMs } from "./time.ts";

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
  /** What peers say of quiet hosts; a collector of an earlier release leaves it out. */
  readonly sightings?: readonly (readonly (string | number)[])[];
}

export function encodeLiveView(
  watermark: Watermark,
  liveness: readonly LivenessRow[],
  sightings: readonly PeerSighting[] = [],
): LiveViewBody {
  return {
    watermark: { collector: watermark.collector, ...watermarkNumbers(watermark) },
    columns,
    rows: liveness.map((row) => {
      const numbers = livenessNumbers(row);
      return [row.collector, row.host, row.path, ...livenessFields.map((field) => numbers[field])];
    }),
    sightings: sightings.map(sightingValues),
  };
}

/** In this order; collector and its epoch are the watermark's. */
function sightingValues(sighting: PeerSighting): readonly (string | number)[] {
  const { host, by, network, arrivalMs, echoes, sent, overMs, anchorAnswered } = sighting;
  return [host, by, network, arrivalMs, echoes, sent, overMs, anchorAnswered ? 1 : 0];
}

function readSighting(value: unknown, { collector, epoch }: Watermark): PeerSighting | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  const [host, by, network, ...numbers] = values;
  const [arrival, echoes, sent, overMs, anchor] = numbers.map(Number);
  if (typeof host !== "string" || typeof by !== "string") return undefined;
  if (!isHostName(host) || !isHostName(by)) return undefined;
  const path = networkNames.find((name) => name === network);
  if (path === undefined || path === "unknown") return undefined;
  for (const number of [arrival, echoes, sent, overMs, anchor]) {
    if (number === undefined || !Number.isFinite(number) || number < 0) return undefined;
  }
  return {
    collector,
    collectorEpoch: epoch,
    arrivalMs: monoMs(arrival ?? 0),
    host: hostName(host),
    by: hostName(by),
    network: path,
    echoes: echoes ?? 0,
    sent: sent ?? 0,
    overMs: overMs ?? 0,
    anchorAnswered: anchor === 1,
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
  const said: readonly unknown[] = Array.isArray(view.sightings) ? view.sightings : [];
  const sightings = said.flatMap((value) => readSighting(value, watermark) ?? []);
  return { watermarks: [watermark], liveness, sightings };
}
