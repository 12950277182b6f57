/** Samples and meters for people: from whichever store the collector writes to. Nothing is decided by them. */
import { describeError } from "../../shared/errors.ts";
import type { Secret } from "../../shared/secret.ts";
import { measurements } from "../../shared/telemetry-fields.ts";
import type { Failure } from "../ports.ts";
import { asList, asRecord, textIn } from "./json.ts";
import { sendHttp } from "./http-request.ts";
import { openDatabase, type Database } from "./sqlite.ts";

export interface SampleQuery {
  readonly meter: string;
  readonly resource: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Rows of the first instant that were seen already. */
  readonly skip: number;
  readonly limit: number;
}

export interface Sample {
  readonly timeMs: number;
  readonly meter: string;
  readonly resource: string;
  readonly project: string;
  readonly type: string;
  readonly unit: string;
  readonly volume: number;
}

export interface SampleReader {
  /** In the order of their times. */
  read(
    query: SampleQuery,
  ): Promise<{ readonly kind: "samples"; readonly samples: readonly Sample[] } | Failure>;
  meters(): Promise<{ readonly kind: "meters"; readonly meters: readonly string[] } | Failure>;
  close(): void;
}

const lockTimeoutMs = 100;
const metersMax = 1000;
const deadlineMs = 5000;
const answerBytesMax = 4_000_000;

/** Of the embedded store: every read goes by an index, and is bounded. */
export function createSqliteSamples(file: string): SampleReader {
  let opened: Database | undefined;
  const attempt = <T>(work: (database: Database) => T): T | Failure => {
    try {
      opened ??= openDatabase(file, { readonly: true, timeoutMs: lockTimeoutMs });
      return work(opened);
    } catch (error) {
      opened?.close();
      opened = undefined;
      return { kind: "failed", reason: `samples ${file}: ${describeError(error)}` };
    }
  };
  return {
    read: ({ meter, resource, fromMs, toMs, skip, limit }) =>
      Promise.resolve(
        attempt((database) => {
          const rows = database
            .prepare(
              `SELECT time_ms, name, resource_id, project_id, type, unit, volume FROM sample
               WHERE name=? AND resource_id=? AND time_ms >= ? AND time_ms <= ?
               ORDER BY time_ms, rowid LIMIT ? OFFSET ?`,
            )
            .all(meter, resource, fromMs, toMs, limit, skip);
          return { kind: "samples" as const, samples: rows.map((row) => sampleOf(row, row)) };
        }),
      ),
    meters: () =>
      Promise.resolve(
        attempt((database) => {
          // From one name to the next by the index: never through all samples of a meter.
          const rows = database
            .prepare(
              `WITH RECURSIVE meter(name) AS (SELECT MIN(name) FROM sample UNION ALL
               SELECT (SELECT MIN(name) FROM sample WHERE name > meter.name) FROM meter
               WHERE meter.name IS NOT NULL LIMIT ${metersMax})
               SELECT name FROM meter WHERE name IS NOT NULL`,
            )
            .all();
          return { kind: "meters" as const, meters: rows.map((row) => textIn(row["name"])) };
        }),
      ),
    close: () => opened?.close(),
  };
}

export interface InfluxSamplesOptions {
  readonly url: string;
  readonly database: string;
  readonly retentionPolicy: string;
  readonly headers: Readonly<Record<string, Secret>>;
}

/** Of InfluxDB, by InfluxQL. Names are quoted as it asks for. */
export function createInfluxSamples(options: InfluxSamplesOptions): SampleReader {
  const policy = identifier(options.retentionPolicy);
  return {
    async read({ meter, resource, fromMs, toMs, skip, limit }) {
      const columns = `"volume", "project_id", "type", "unit"`;
      const where = `"resource_id" = ${literal(resource)} AND time >= ${Math.round(fromMs)}ms AND time <= ${Math.round(toMs)}ms`;
      const rows = await ask(
        options,
        `SELECT ${columns} FROM ${policy}.${identifier(meter)} WHERE ${where} ORDER BY time LIMIT ${limit} OFFSET ${skip}`,
      );
      if ("kind" in rows) return rows;
      const fixed = { name: meter, resource_id: resource };
      const samples = rows.map((row) => sampleOf({ ...row, time_ms: row["time"] }, fixed));
      return { kind: "samples", samples };
    },
    async meters() {
      const rows = await ask(options, `SHOW MEASUREMENTS LIMIT ${metersMax}`);
      if ("kind" in rows) return rows;
      // The guardian's own tables are no meters.
      const own = new Set<string>(Object.values(measurements));
      const names = rows.map((row) => textIn(row["name"])).filter((name) => !own.has(name));
      return { kind: "meters", meters: names.sort() };
    },
    close: () => undefined,
  };
}

type Row = Readonly<Record<string, unknown>>;

async function ask(
  options: InfluxSamplesOptions,
  query: string,
): Promise<readonly Row[] | Failure> {
  const url = new URL("/query", options.url);
  url.search = new URLSearchParams({ db: options.database, epoch: "ms", q: query }).toString();
  const secrets = Object.entries(options.headers);
  const outcome = await sendHttp({
    method: "GET",
    url: url.toString(),
    headers: Object.fromEntries(secrets.map(([name, value]) => [name, value.reveal()])),
    deadlineMs,
    answerBytesMax,
  });
  const failed = (why: string): Failure => ({
    kind: "failed",
    reason: `samples ${options.url}: ${why}`,
  });
  if (outcome.kind !== "answer") return failed(outcome.reason);
  if (outcome.status !== 200) return failed(`answered ${outcome.status}`);
  let body: unknown;
  try {
    body = JSON.parse(outcome.body);
  } catch {
    return failed("its answer is no JSON");
  }
  const result = asRecord(asList(asRecord(body)["results"])[0]);
  if (result["error"] !== undefined) return failed(`answered: ${textIn(result["error"])}`);
  return asList(result["series"]).flatMap((found) => {
    const series = asRecord(found);
    const names = asList(series["columns"]).map(textIn);
    return asList(series["values"]).map((values) =>
      Object.fromEntries(names.map((name, at) => [name, asList(values)[at]])),
    );
  });
}

function sampleOf(row: Row, named: Row): Sample {
  return {
    timeMs: Number(row["time_ms"]),
    meter: textIn(named["name"]),
    resource: textIn(named["resource_id"]),
    project: textIn(row["project_id"]),
    type: textIn(row["type"]),
    unit: textIn(row["unit"]),
    volume: Number(row["volume"]),
  };
}

function identifier(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}

function literal(value: string): string {
  return `'${value.replace(/['\\]/g, "\\$&")}'`;
}
