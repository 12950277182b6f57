/**
 * Writes to InfluxDB 1.x, 2.x, 3.x or VictoriaMetrics through `/write`, the one way in that all of
 * them have. The client's own batching and retrying is switched off: it has no back-pressure, takes
 * Retry-After for milliseconds, counts 200 as a failure and drops what is partly refused. One
 * request at a time per kind of data, an answer for each, and the caller keeps what was not taken.
 */
import { HttpError, InfluxDB, Point, type WriteApi } from "@influxdata/influxdb-client";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Secret } from "../../shared/secret.ts";
import { livenessNumbers, measurements, watermarkNumbers } from "../../shared/telemetry-fields.ts";
import { codeOf, serverStates } from "../../shared/telemetry.ts";
import type { StoreWriter, WriteResult } from "../ports.ts";
import { createPoisonFile, type PoisonFile } from "./poison-file.ts";

export interface InfluxWriterOptions {
  readonly url: string;
  readonly database: string;
  readonly retentionPolicy: string | undefined;
  readonly serversRetentionPolicy: string | undefined;
  /** With `{database}`, `{retentionPolicy}` and `{precision}` to fill in. */
  readonly writePath: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly poisonFile: string;
  readonly log: Logger;
}

const linesPerRequest = 5000;
/** So many refused rows in one write are no bad rows but a wrong setting: nothing is set aside. */
const poisonedRowsMax = 8;

type Answer =
  | { readonly kind: "ok" }
  /** The request as a whole was refused: some row in it may be bad, or it is too long. */
  | { readonly kind: "refused"; readonly reason: string }
  | Extract<WriteResult, { kind: "kept" }>;

export function createInfluxWriter(options: InfluxWriterOptions): StoreWriter {
  const poison = createPoisonFile(options.poisonFile, options.log);
  const main = createLane(options, options.retentionPolicy);
  const servers = createLane(options, options.serversRetentionPolicy);
  return {
    name: `influx ${options.url}`,
    async writeLiveness(rows, wallMs) {
      const points = rows.map((row) => {
        const point = new Point(measurements.liveness);
        point.tag("collector", row.collector).tag("host", row.host).tag("path", row.path);
        return withFields(point, livenessNumbers(row)).timestamp(wallMs);
      });
      return await storeLines(main, points.map(lineOf), poison);
    },
    async writeServers(rows, wallMs) {
      const points = rows.map(({ collector, host, server, state }) => {
        const point = new Point(measurements.server);
        point.tag("collector", collector).tag("host", host).tag("server", server);
        return withFields(point, { state: codeOf(serverStates, state) }).timestamp(wallMs);
      });
      return await storeLines(servers, points.map(lineOf), poison);
    },
    async writeWatermark(watermark, wallMs) {
      const point = new Point(measurements.watermark).tag("collector", watermark.collector);
      const line = lineOf(withFields(point, watermarkNumbers(watermark)).timestamp(wallMs));
      return await storeLines(main, [line], poison);
    },
    forgetOld: () => Promise.resolve(),
    close: () => undefined,
  };
}

/** Every field is a float, in every version, for ever: a field that changes its type is refused. */
function withFields(point: Point, numbers: Readonly<Record<string, number>>): Point {
  for (const [name, value] of Object.entries(numbers)) point.floatField(name, value);
  return point;
}

function lineOf(point: Point): string {
  return point.toLineProtocol() ?? "";
}

type Lane = (lines: readonly string[]) => Promise<Answer>;

/** One request at a time through one WriteApi whose retries and timers are off. */
function createLane(options: InfluxWriterOptions, retentionPolicy: string | undefined): Lane {
  let failure: Error | undefined;
  const revealed = Object.entries(options.headers).map(([name, value]) => [name, value.reveal()]);
  const client = new InfluxDB({
    url: options.url,
    timeout: options.timeoutMs,
    headers: Object.fromEntries(revealed) as Record<string, string>,
  });
  const api: WriteApi = client.getWriteApi("", options.database, "ms", {
    batchSize: linesPerRequest + 1,
    maxBatchBytes: 50_000_000,
    flushInterval: 0,
    maxRetries: 0,
    maxBufferLines: 0,
    // A promise returned here means "handled": nothing is logged, retried or thrown.
    writeFailed: (error) => {
      failure = error;
      return Promise.resolve();
    },
  });
  api.path = options.writePath
    .replaceAll("{database}", encodeURIComponent(options.database))
    .replaceAll("{retentionPolicy}", encodeURIComponent(retentionPolicy ?? ""))
    .replaceAll("{precision}", "ms");
  return async (lines) => {
    failure = undefined;
    api.writeRecords([...lines]);
    await api.flush();
    return failure === undefined ? { kind: "ok" } : explain(failure);
  };
}

function explain(error: Error): Answer {
  if (!(error instanceof HttpError)) {
    return { kind: "kept", reason: describeError(error), retryAfterMs: undefined };
  }
  const status = error.statusCode;
  if (status >= 200 && status < 300) return { kind: "ok" };
  const reason = `answered ${status}: ${(error.body ?? error.message).trim().slice(0, 300)}`;
  if (status === 400 || status === 413 || status === 422) return { kind: "refused", reason };
  const retryAfter = Number(error.headers?.["retry-after"]);
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined;
  return { kind: "kept", reason, retryAfterMs };
}

/** Sends lines; what is refused is halved until the bad rows stand alone and can be set aside. */
async function storeLines(
  lane: Lane,
  lines: readonly string[],
  poison: PoisonFile,
): Promise<WriteResult> {
  const bad: { readonly line: string; readonly reason: string }[] = [];
  const waiting: (readonly string[])[] = [];
  for (let start = 0; start < lines.length; start += linesPerRequest) {
    waiting.push(lines.slice(start, start + linesPerRequest));
  }
  for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
    const answer = await lane(chunk);
    if (answer.kind === "kept") return answer;
    if (answer.kind === "ok") continue;
    const [only] = chunk;
    if (chunk.length > 1) {
      const middle = Math.ceil(chunk.length / 2);
      waiting.unshift(chunk.slice(0, middle), chunk.slice(middle));
    } else if (only !== undefined) {
      bad.push({ line: only, reason: answer.reason });
      if (bad.length >= poisonedRowsMax) {
        const reason = `refuses one row after another: ${answer.reason}`;
        return { kind: "kept", reason, retryAfterMs: undefined };
      }
    }
  }
  const [first] = bad;
  // All refused is a wrong setting too (measured: influxd 1.6.7 answers 400 to every point when the
  // precision is wrong): the rows stay ours, and the watermark stands still.
  if (first !== undefined && bad.length === lines.length) {
    return { kind: "kept", reason: `refuses every row: ${first.reason}`, retryAfterMs: undefined };
  }
  for (const { line, reason } of bad) poison.add([line], reason);
  return { kind: "stored", poisoned: bad.length };
}
