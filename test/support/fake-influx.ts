/**
 * An InfluxDB 1.x that behaves: takes line protocol on /write, keeps the newest point of each
 * series, refuses a field whose type changed (400, partial write), and answers the guardian's
 * InfluxQL. Checked against influxd 1.6.7. It can be told to fail, to see what the collector keeps.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Series {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  timeMs: number;
  fields: Readonly<Record<string, number>>;
}

export interface FakeInflux {
  readonly url: string;
  /** Answer every write with this status (and header) until undefined. */
  failWith: { readonly status: number; readonly retryAfter?: string } | undefined;
  /** Lines with this text are refused for ever with 400. */
  refuseLinesWith: string | undefined;
  readonly writes: number;
  readonly series: readonly Series[];
  close(): Promise<void>;
}

export async function startFakeInflux(): Promise<FakeInflux> {
  const series = new Map<string, Series>();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString("utf8")));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://fake");
      if (url.pathname === "/write") write(response, url, body);
      else if (url.pathname === "/query") query(response, url, body);
      else response.writeHead(404).end("404 page not found\n");
    });
  });

  const fake = {
    url: "",
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

  function write(response: ServerResponse, url: URL, body: string): void {
    fake.writes += 1;
    if (fake.failWith !== undefined) {
      const { status, retryAfter } = fake.failWith;
      const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
      response.writeHead(status, headers).end(JSON.stringify({ error: "told to fail" }));
      return;
    }
    if (url.searchParams.get("db") !== "guardian" || url.searchParams.get("precision") !== "ms") {
      response.writeHead(404).end(JSON.stringify({ error: "database not found" }));
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

function answerOf({ measurement, tags, timeMs, fields }: Series) {
  return {
    name: measurement,
    tags,
    columns: ["time", ...Object.keys(fields)],
    values: [[timeMs, ...Object.values(fields)]],
  };
}

/** One line of the protocol, as far as we write it: plain tags, float fields, ms. */
function parseLine(line: string): Series | undefined {
  const match = /^(\w+),(\S+) (\S+) (\d+)$/.exec(line);
  if (match === null) return undefined;
  const pairs = (text: string): [string, string][] =>
    text.split(",").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
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
