/**
 * One request at a time to InfluxDB, by its own client. The client's batching and retrying is switched off: it has no
 * back-pressure, takes Retry-After for milliseconds, counts 200 as a failure and drops what is partly refused.
 */
import { HttpError, InfluxDB, type WriteApi } from "@influxdata/influxdb-client";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import type { Secret } from "../../shared/secret.ts";
import type { WriteResult } from "../ports.ts";

export interface InfluxWriterOptions {
  readonly url: string;
  /** Which write path: 1 `/write`, 2 and 3 `/api/v2/write`. */
  readonly version: 1 | 2 | 3;
  readonly database: string;
  /** InfluxDB 2. */
  readonly organization: string;
  readonly retentionPolicy: string | undefined;
  readonly serversRetentionPolicy: string | undefined;
  /** Instead of the version's own; with `{database}`, `{retentionPolicy}` and `{precision}` to fill in. */
  readonly writePath: string | undefined;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly poisonFile: string;
  readonly log: Logger;
}

export const linesPerRequest = 5000;

export type InfluxAnswer =
  | { readonly kind: "ok" }
  /** The request as a whole was refused: some row in it may be bad. */
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "too-long"; readonly reason: string }
  | Extract<WriteResult, { kind: "kept" }>;

export interface InfluxLane {
  /** So many lines a request; less after one that was too long, and slowly more again. */
  linesMax: number;
  send(lines: readonly string[]): Promise<InfluxAnswer>;
}

/** A lane into one retention policy. A call while the last one is under way is not sent. */
export function createInfluxLane(
  options: InfluxWriterOptions,
  retentionPolicy: string | undefined,
): InfluxLane {
  let busy = false;
  let failure: Error | undefined;
  const api = writeApi(options, retentionPolicy, (error) => void (failure = error));
  async function send(lines: readonly string[]): Promise<InfluxAnswer> {
    // The caller's deadline may be over before the request's: a second one would share its answer.
    if (busy)
      return { kind: "kept", reason: "the last request is under way", retryAfterMs: undefined };
    busy = true;
    failure = undefined;
    try {
      // As one record: the client looks at each by itself, and does nothing with it.
      api.writeRecord(lines.join("\n"));
      await api.flush();
    } finally {
      busy = false;
    }
    return failure === undefined ? { kind: "ok" } : explain(failure);
  }
  return { linesMax: linesPerRequest, send };
}

function writeApi(
  options: InfluxWriterOptions,
  retentionPolicy: string | undefined,
  onFailure: (error: Error) => void,
): WriteApi {
  const revealed = Object.entries(options.headers).map(([name, value]) => [name, value.reveal()]);
  const client = new InfluxDB({
    url: options.url,
    timeout: options.timeoutMs,
    headers: Object.fromEntries(revealed) as Record<string, string>,
  });
  // Versions 2 and 3 have no policies: "database/policy" names a bucket of its own, and their InfluxQL maps it back.
  const bucket =
    retentionPolicy === undefined ? options.database : `${options.database}/${retentionPolicy}`;
  const api = client.getWriteApi(options.organization, bucket, "ms", {
    batchSize: linesPerRequest + 1,
    maxBatchBytes: 50_000_000,
    flushInterval: 0,
    maxRetries: 0,
    maxBufferLines: 0,
    // On a network of the controller's own, time of our loop is dearer than bytes.
    gzipThreshold: Number.MAX_SAFE_INTEGER,
    // A promise returned here means "handled": nothing is logged, retried or thrown.
    writeFailed: (error) => {
      onFailure(error);
      return Promise.resolve();
    },
  });
  const path = options.writePath ?? (options.version === 1 ? pathOfVersion1 : undefined);
  if (path !== undefined) {
    api.path = path
      .replaceAll("{database}", encodeURIComponent(options.database))
      .replaceAll("{retentionPolicy}", encodeURIComponent(retentionPolicy ?? ""))
      .replaceAll("{precision}", "ms");
  }
  return api;
}

const pathOfVersion1 = "/write?db={database}&rp={retentionPolicy}&precision={precision}";

function explain(error: Error): InfluxAnswer {
  if (!(error instanceof HttpError)) {
    return { kind: "kept", reason: describeError(error), retryAfterMs: undefined };
  }
  const status = error.statusCode;
  if (status >= 200 && status < 300) return { kind: "ok" };
  const reason = `answered ${status}: ${(error.body ?? error.message).trim().slice(0, 300)}`;
  if (status === 413) return { kind: "too-long", reason };
  if (status === 400 || status === 422) return { kind: "refused", reason };
  return { kind: "kept", reason, retryAfterMs: retryAfterMs(error.headers?.["retry-after"]) };
}

/** Seconds, as the RFC has it; its other form, a date, is not believed. */
function retryAfterMs(header: string | readonly string[] | undefined): number | undefined {
  if (typeof header !== "string" || !/^\d{1,6}$/.test(header)) return undefined;
  return Number(header) * 1000;
}
