/**
 * An InfluxDB that behaves: takes line protocol, keeps the newest point of each series and the key of every liveness
 * record, refuses lines it cannot read (400, partial write), and answers the guardian's InfluxQL. As version 1 it was
 * checked against influxd 1.6.7; as 2 and 3 it answers as their documentation says, and nothing genuine stands behind
 * it. It can be told to fail, to be slow, and to take only so much.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { answerSetup, type Buckets } from "./fake-influx-setup.ts";

interface Series {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  timeMs: number;
  fields: Readonly<Record<string, number>>;
}

export interface FakeInfluxOptions {
  readonly version?: 1 | 2 | 3;
  /** Asked for in `Authorization: Token …`, by versions 2 and 3. */
  readonly token?: string;
}

export interface FakeInflux {
  readonly url: string;
  /** Larger bodies are answered with 413. */
  bodyBytesMax: number;
  /** Every write waits for this before it is looked at; its number, from 1. */
  beforeWrite: ((write: number) => Promise<void>) | undefined;
  /** Requests under way at once, at most, so far. */
  readonly inFlightMax: number;
  /** "host boot epoch sequence" of every liveness record that was taken, and how many points they are. */
  readonly liveness: ReadonlyMap<string, ReadonlySet<number>>;
  /** Answer every write with this status (and header) until undefined. */
  failWith: { readonly status: number; readonly retryAfter?: string } | undefined;
  /** Lines with this text are refused for ever with 400. */
  refuseLinesWith: string | undefined;
  readonly writes: number;
  /** What was created, with its retention. */
  readonly buckets: Buckets;
  readonly series: readonly Series[];
  close(): Promise<void>;
}

const organization = "cloud";

export async function startFakeInflux(options: FakeInfluxOptions = {}): Promise<FakeInflux> {
  const version = options.version ?? 1;
  const series = new Map<string, Series>();
  const liveness = new Map<string, Set<number>>();
  const samples: Series[] = [];
  const buckets: Buckets = new Map();
  let inFlight = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bytes = Buffer.concat(chunks);
      const zipped = request.headers["content-encoding"] === "gzip";
      const body = (zipped ? gunzipSync(bytes) : bytes).toString("utf8");
      const url = new URL(request.url ?? "/", "http://fake");
      const isWrite = url.pathname === (version === 1 ? "/write" : "/api/v2/write");
      const asked = { method: request.method ?? "", url, body };
      const token = request.headers.authorization;
      const isAllowed = options.token === undefined || token === `Token ${options.token}`;
      const setup = isAllowed ? answerSetup(version, asked, { buckets, organization }) : undefined;
      if (!isAllowed)
        response.writeHead(401).end(JSON.stringify({ code: "unauthorized", message: "no" }));
      else if (setup !== undefined)
        response.writeHead(setup.status).end(JSON.stringify(setup.body));
      else if (isWrite) void writeInTurn(response, url, body);
      else if (url.pathname === "/query") query(response, url, body);
      else response.writeHead(404).end("404 page not found\n");
    });
  });

  const fake = {
    url: "",
    bodyBytesMax: Number.POSITIVE_INFINITY,
    beforeWrite: undefined as FakeInflux["beforeWrite"],
    inFlightMax: 0,
    liveness,
    buckets,
    failWith: undefined as FakeInflux["failWith"],
    refuseLinesWith: undefined as string | undefined,
    writes: 0,
    get series() {
      return [...series.values()];
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function writeInTurn(response: ServerResponse, url: URL, body: string): Promise<void> {
    fake.writes += 1;
    inFlight += 1;
    fake.inFlightMax = Math.max(fake.inFlightMax, inFlight);
    await fake.beforeWrite?.(fake.writes);
    inFlight -= 1;
    write(response, url, body);
  }

  function isAddressed({ searchParams: given }: URL): boolean {
    if (given.get("precision") !== "ms") return false;
    if (version === 1) return given.get("db") === "guardian";
    const isBucket = /^guardian(?:\/.+)?$/.test(given.get("bucket") ?? "");
    return isBucket && (version === 3 || given.get("org") === organization);
  }

  function write(response: ServerResponse, url: URL, body: string): void {
    if (fake.failWith !== undefined) {
      const { status, retryAfter } = fake.failWith;
      const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
      response.writeHead(status, headers).end(JSON.stringify({ error: "told to fail" }));
      return;
    }
    if (!isAddressed(url)) {
      response.writeHead(404).end(JSON.stringify({ error: "database not found" }));
      return;
    }
    if (body.length > fake.bodyBytesMax) {
      response.writeHead(413).end(JSON.stringify({ error: "Request Entity Too Large" }));
      return;
    }
    let dropped = 0;
    for (const line of body.split("\n").filter((text) => text !== "")) {
      const point = parseLine(line);
      const isRefused = fake.refuseLinesWith !== undefined && line.includes(fake.refuseLinesWith);
      if (point === undefined || isRefused) {
        dropped += 1;
        continue;
      }
      if (point.measurement === "host_liveness") noteLiveness(liveness, point);
      if (isSample(point) && samples.length < samplesMax) samples.push(point);
      const key = JSON.stringify([point.measurement, point.tags]);
      if ((series.get(key)?.timeMs ?? 0) <= point.timeMs) series.set(key, point);
    }
    if (dropped === 0) response.writeHead(204).end();
    else
      response.writeHead(400).end(JSON.stringify({ error: `partial write: dropped=${dropped}` }));
  }

  function query(response: ServerResponse, url: URL, body: string): void {
    const text = url.searchParams.get("q") ?? new URLSearchParams(body).get("q") ?? "";
    const results = text.split(";").map((statement, index) => {
      const ofSamples = answerSamples(samples, statement);
      if (ofSamples !== undefined) return { statement_id: index, series: ofSamples };
      const measurement = /FROM "(\w+)"/.exec(statement)?.[1];
      const found = [...series.values()].filter((one) => one.measurement === measurement);
      if (found.length === 0) return { statement_id: index };
      return { statement_id: index, series: found.map(answerOf) };
    });
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ results }));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return fake;
}

/** What a liveness record is known by. */
export function livenessKey(host: string, fields: Readonly<Record<string, number>>): string {
  const { boot_high, boot_low, probe_epoch, sequence } = fields;
  return `${host} ${boot_high}-${boot_low} ${probe_epoch} ${sequence}`;
}

function noteLiveness(liveness: Map<string, Set<number>>, point: Series): void {
  const key = livenessKey(point.tags["host"] ?? "", point.fields);
  const times = liveness.get(key) ?? new Set();
  liveness.set(key, times.add(point.timeMs));
}

function answerOf({ measurement, tags, timeMs, fields }: Series) {
  return {
    name: measurement,
    tags,
    columns: ["time", ...Object.keys(fields)],
    values: [[timeMs, ...Object.values(fields)]],
  };
}

const samplesMax = 10_000;

/** What people look at comes with its whole past; of all else the newest counts. */
function isSample({ fields }: Series): boolean {
  return Object.keys(fields).join() === "volume";
}

/** One resource's samples between two times, or the names of all meters: as the guardian asks for them. */
function answerSamples(samples: readonly Series[], statement: string) {
  if (/^SHOW MEASUREMENTS\b/.test(statement)) {
    const names = new Set(["host_liveness", ...samples.map(({ measurement }) => measurement)]);
    const values = [...names].sort().map((name) => [name]);
    return [{ name: "measurements", columns: ["name"], values }];
  }
  const asked =
    /^SELECT (\S.*) FROM "servers"\."((?:\\.|[^"\\])+)" WHERE "resource_id" = '((?:\\.|[^'\\])*)' AND time >= (\d+)ms AND time <= (\d+)ms ORDER BY time LIMIT (\d+) OFFSET (\d+)$/.exec(
      statement,
    );
  if (asked === null) return undefined;
  const [, wanted = "", meter = "", resource = "", from, to, limit, skip] = asked;
  const plain = (text: string): string => text.replace(/\\(.)/g, "$1");
  const columns = [...wanted.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
  const found = samples
    .filter(({ measurement, tags, timeMs }) => {
      const isMeant = measurement === plain(meter) && tags["resource_id"] === plain(resource);
      return isMeant && timeMs >= Number(from) && timeMs <= Number(to);
    })
    .sort((left, right) => left.timeMs - right.timeMs)
    .slice(Number(skip), Number(skip) + Number(limit));
  if (found.length === 0) return [];
  const values = found.map(({ tags, fields, timeMs }) => [
    timeMs,
    ...columns.map((name) => fields[name] ?? tags[name]),
  ]);
  return [{ name: plain(meter), columns: ["time", ...columns], values }];
}

/** One line of the protocol, as far as we write it: plain tags, float fields, ms. */
export function parseLine(line: string): Series | undefined {
  const match = /^([\w.]+),((?:\\.|[^\s\\])+) (\S+) (\d+)$/.exec(line);
  if (match === null) return undefined;
  const pairs = (text: string): [string, string][] =>
    text.split(/(?<!\\),/).map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1).replace(/\\(.)/g, "$1")];
    });
  const fields = pairs(match[3] ?? "").map(([name, value]): [string, number] => [
    name,
    Number(value),
  ]);
  if (fields.some(([, value]) => Number.isNaN(value))) return undefined;
  return {
    measurement: match[1] ?? "",
    tags: Object.fromEntries(pairs(match[2] ?? "")),
    timeMs: Number(match[4]),
    fields: Object.fromEntries(fields),
  };
}
