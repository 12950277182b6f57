/**
 * Reads newest telemetry from InfluxDB with InfluxQL over /query, which versions 1, 2 and 3 all
 * have; Flux is gone from 3, and the official client reads nothing else.
 */
import { describeError } from "../../shared/errors.ts";
import type { Secret } from "../../shared/secret.ts";
import {
  livenessFields,
  measurements,
  readLiveness,
  readWatermark,
  watermarkFields,
} from "../../shared/telemetry-fields.ts";
import type { TelemetryStore } from "../ports.ts";

export interface InfluxTelemetryOptions {
  readonly url: string;
  readonly database: string;
  /** undefined: the database's default policy. */
  readonly retentionPolicy: string | undefined;
  /** Request headers, `authorization` as a rule. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Older rows are not looked at, so that a read stays short however long the history is. */
  readonly windowMs: number;
}

/** One series of an InfluxQL answer. */
interface Series {
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

export function createInfluxTelemetry(options: InfluxTelemetryOptions): TelemetryStore {
  const url = queryUrl(options);
  return {
    name: "store",
    async read(deadlineMs) {
      try {
        const headers = Object.entries(options.headers).map(([name, value]) => [
          name,
          value.reveal(),
        ]);
        const response = await fetch(url, {
          headers: Object.fromEntries(headers) as Record<string, string>,
          signal: AbortSignal.timeout(deadlineMs),
        });
        const text = await response.text();
        if (!response.ok)
          throw new Error(`answered ${response.status}: ${text.trim().slice(0, 300)}`);
        const [watermarks, liveness] = readStatements(JSON.parse(text));
        return {
          kind: "read",
          watermarks: newestOf(watermarks, readWatermark),
          liveness: newestOf(liveness, readLiveness),
        };
      } catch (error) {
        return { kind: "failed", reason: `telemetry ${options.url}: ${describeError(error)}` };
      }
    },
    close: () => Promise.resolve(),
  };
}

function queryUrl(options: InfluxTelemetryOptions): URL {
  const url = new URL("/query", options.url);
  url.searchParams.set("db", options.database);
  if (options.retentionPolicy !== undefined) url.searchParams.set("rp", options.retentionPolicy);
  url.searchParams.set("epoch", "ms");
  // Statements run in order: the watermark is read first, so that it can only be too old.
  url.searchParams.set(
    "q",
    [
      newest(measurements.watermark, watermarkFields, ["collector"], options.windowMs),
      newest(
        measurements.liveness,
        livenessFields,
        ["collector", "host", "path"],
        options.windowMs,
      ),
    ].join(";"),
  );
  return url;
}

function newest(
  measurement: string,
  fields: readonly string[],
  tags: readonly string[],
  windowMs: number,
): string {
  const quoted = fields.map((field) => `"${field}"`).join(", ");
  const groups = tags.map((tag) => `"${tag}"`).join(", ");
  return (
    `SELECT ${quoted} FROM "${measurement}" WHERE time > now() - ${windowMs}ms ` +
    `GROUP BY ${groups} ORDER BY time DESC LIMIT 1`
  );
}

/** The series of each statement. An error inside a 200 answer counts as one. */
function readStatements(body: unknown): readonly [readonly Series[], readonly Series[]] {
  const { results } = (body ?? {}) as { results?: unknown };
  if (!Array.isArray(results) || results.length !== 2)
    throw new Error("the answer is not InfluxQL");
  const statements = results.map((result: unknown): readonly Series[] => {
    const { error, series, partial } = (result ?? {}) as Record<string, unknown>;
    if (error !== undefined) throw new Error(`answered: ${JSON.stringify(error)}`);
    // A cut answer would show hosts as missing that are not.
    if (partial === true) throw new Error("the answer was cut short");
    return Array.isArray(series) ? (series as readonly Series[]) : [];
  });
  return [statements[0] ?? [], statements[1] ?? []];
}

function newestOf<Row>(
  series: readonly Series[],
  read: (column: (name: string) => unknown) => Row | undefined,
): readonly Row[] {
  return series.flatMap(({ tags, columns, values }) => {
    const positions = new Map(columns.map((name, index) => [name, index]));
    const newestValues = values[0] ?? [];
    return read((name) => tags?.[name] ?? newestValues[positions.get(name) ?? -1]) ?? [];
  });
}
