/**
 * Writes to InfluxDB 1.x, 2.x, 3.x or VictoriaMetrics in line protocol. At most one request at a time in each of four
 * lanes (newest liveness with the watermark, bulk, and what comes back from the spool of either class), so never more
 * than four in flight, an answer for each, and the caller keeps what was not taken.
 */
import type { StoreLine, StoreWriter, TimedRow, WriteResult } from "../ports.ts";
import {
  createInfluxLane,
  linesPerRequest,
  type InfluxLane,
  type InfluxWriterOptions,
} from "./influx-lane.ts";
import { livenessLine, sampleLine, serverLine, watermarkLine } from "./line-protocol.ts";
import { createPoisonFile, type PoisonFile } from "./poison-file.ts";

export function createInfluxWriter(options: InfluxWriterOptions): StoreWriter {
  const poison = createPoisonFile(options.poisonFile, options.log);
  const newest = createPair(options);
  const bulk = createPair(options);
  const spooled = { liveness: createPair(options), bulk: createPair(options) };
  return {
    name: `influx ${options.url}`,
    writeLiveness: (rows) => storeLines(newest.main, rows.map(ofLiveness), poison, fewPoisonedMax),
    async writeServers(rows, wallMs) {
      const lines = rows.map((row) => serverLine(row, wallMs));
      return await storeLines(bulk.servers, lines, poison, poisonedMaxOf(lines.length));
    },
    async writeSamples(rows) {
      const lines = rows.map(sampleLine);
      return await storeLines(bulk.servers, lines, poison, poisonedMaxOf(lines.length));
    },
    async writeWatermark(watermark, wallMs) {
      return await storeLines(newest.main, [watermarkLine(watermark, wallMs)], poison, 1);
    },
    forgetOld: () => Promise.resolve(),
    lines: {
      ofLiveness: (row) => ({ policy: "main", line: ofLiveness(row) }),
      ofServer: (row, wallMs) => ({ policy: "servers", line: serverLine(row, wallMs) }),
      ofSample: (row) => ({ policy: "servers", line: sampleLine(row) }),
      linesMax: (spoolClass) =>
        Math.min(spooled[spoolClass].main.linesMax, spooled[spoolClass].servers.linesMax),
      write: (spoolClass, lines) => writeByPolicy(spooled[spoolClass], lines, poison),
    },
    close: () => undefined,
  };
}

function ofLiveness({ row, wallMs }: TimedRow): string {
  return livenessLine(row, wallMs);
}

interface Pair {
  readonly main: InfluxLane;
  readonly servers: InfluxLane;
}

function createPair(options: InfluxWriterOptions): Pair {
  return {
    main: createInfluxLane(options, options.retentionPolicy),
    servers: createInfluxLane(options, options.serversRetentionPolicy),
  };
}

async function writeByPolicy(
  pair: Pair,
  lines: readonly StoreLine[],
  poison: PoisonFile,
): Promise<WriteResult> {
  let poisoned = 0;
  // One after the other: both policies of one class are one request in flight.
  for (const policy of ["main", "servers"] as const) {
    const texts = lines.filter((one) => one.policy === policy).map(({ line }) => line);
    if (texts.length === 0) continue;
    const result = await storeLines(pair[policy], texts, poison, poisonedMaxOf(texts.length));
    if (result.kind === "kept") return result;
    poisoned += result.poisoned;
  }
  return { kind: "stored", poisoned };
}

/** So many refused rows in one write are no bad rows but a wrong setting: nothing is set aside. */
const fewPoisonedMax = 8;

/** History comes in large writes, and must not wait for ever behind a tenth of it that is bad. */
function poisonedMaxOf(lines: number): number {
  return Math.max(fewPoisonedMax, Math.floor(lines / 10));
}

/** Sends lines; what is refused is halved until the bad rows stand alone and can be set aside. */
async function storeLines(
  lane: InfluxLane,
  lines: readonly string[],
  poison: PoisonFile,
  poisonedMax: number,
): Promise<WriteResult> {
  const bad: { readonly line: string; readonly reason: string }[] = [];
  const waiting: (readonly string[])[] = [lines];
  for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
    if (chunk.length > lane.linesMax) {
      waiting.unshift(chunk.slice(0, lane.linesMax), chunk.slice(lane.linesMax));
      continue;
    }
    const answer = await lane.send(chunk);
    if (answer.kind === "kept") return answer;
    if (answer.kind === "ok") {
      if (chunk.length === lane.linesMax) lane.linesMax = longer(lane.linesMax);
      continue;
    }
    const [only] = chunk;
    if (chunk.length > 1) {
      const middle = Math.ceil(chunk.length / 2);
      if (answer.kind === "too-long") lane.linesMax = middle;
      waiting.unshift(chunk.slice(0, middle), chunk.slice(middle));
    } else if (only !== undefined) {
      bad.push({ line: only, reason: answer.reason });
      if (bad.length >= poisonedMax) {
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

function longer(linesMax: number): number {
  return Math.min(linesPerRequest, Math.ceil(linesMax * 1.05));
}
