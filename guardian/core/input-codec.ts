/**
 * The reducer's inputs as text, one line each, and back: version 1 of the recording. What comes all
 * the time is written short (ticks, reads of telemetry, Nova's services: as changes); every other
 * input, and whatever field a short line has no place for, is written whole.
 */
import type { GuardianEvent, Services, Telemetry, Tick } from "./events.ts";
import { exactText, fromExactText } from "./exact-text.ts";
import { withTables } from "./memory-text.ts";
import {
  createRowReader,
  createRowWriter,
  difference,
  type KeyedRow,
  type RowChanges,
} from "./row-deltas.ts";

/** Of everything this codec writes; a later release reads every version up to its own. */
export const recordingVersion = 1;

/** An instant as a difference from the last one of its clock, or itself when none leads there. */
type Instant = number | readonly [number];

/**
 * "t": a tick; "r": a read of telemetry (watermarks, rows); "s": Nova's services; "e": any event.
 * `rest`: fields that have no place of their own; left out when there are none.
 */
type InputLine =
  | readonly ["t", at: Instant, wall: Instant, disarmed: 0 | 1, rest?: Rest]
  | readonly ["r", at: Instant, source: string, marks: RowChanges, rows: RowChanges, rest?: Rest]
  | readonly ["s", at: Instant, askedAt: Instant, services: RowChanges, rest?: Rest]
  | readonly ["e", at: Instant, event: unknown];
type Rest = Readonly<Record<string, unknown>>;

class Clocks {
  at = 0;
  wall = 0;

  instant(clock: "at" | "wall", value: number): Instant {
    const short = difference(this[clock], value);
    this[clock] = value;
    return short ?? [value];
  }

  read(clock: "at" | "wall", instant: Instant): number {
    this[clock] = typeof instant === "number" ? this[clock] + instant : instant[0];
    return this[clock];
  }
}

/** Writes inputs, each against those before it; a new writer begins without any. */
export function createInputWriter(): (event: GuardianEvent) => string {
  const clocks = new Clocks();
  const tables = {
    watermarks: createRowWriter(),
    rows: createRowWriter(),
    services: createRowWriter(),
  };

  function line(event: GuardianEvent): InputLine {
    const at = clocks.instant("at", event.at);
    if (event.kind === "tick") {
      const { kind: _kind, at: _at, wall, disarmed, ...rest } = event;
      return ["t", at, clocks.instant("wall", wall), disarmed ? 1 : 0, ...unlessEmpty(rest)];
    }
    if (event.kind === "telemetry") {
      const { kind: _kind, at: _at, source: _source, watermarks, liveness, ...rest } = event;
      const stream = streamOf(event);
      const marks = tables.watermarks.changes(stream, watermarks.map(byCollector));
      const rows = tables.rows.changes(stream, liveness.map(byPath));
      return ["r", at, stream, marks, rows, ...unlessEmpty(rest)];
    }
    if (event.kind === "services") {
      const { kind: _kind, at: _at, askedAt, services, ...rest } = event;
      const asked = difference(event.at, askedAt) ?? ([askedAt] as const);
      const changes = tables.services.changes("", services.map(byService));
      return ["s", at, asked, changes, ...unlessEmpty(rest)];
    }
    return ["e", at, event];
  }

  return (event) => {
    const written = line(event);
    // Only what is written whole may share objects between its parts.
    return exactText(written, written[0] === "e" ? "refs" : "copies");
  };
}

/** Reads what a new writer wrote, from its first line on. */
export function createInputReader(): (text: string) => GuardianEvent {
  const clocks = new Clocks();
  const tables = {
    watermarks: createRowReader(),
    rows: createRowReader(),
    services: createRowReader(),
  };

  return (text) => {
    const line = fromExactText(text) as InputLine;
    const at = clocks.read("at", line[1]);
    switch (line[0]) {
      case "t": {
        const wall = clocks.read("wall", line[2]);
        return { kind: "tick", at, wall, disarmed: line[3] === 1, ...line[4] } as Tick;
      }
      case "r": {
        const watermarks = tables.watermarks.rows(line[2], line[3]);
        const liveness = tables.rows.rows(line[2], line[4]);
        const source = line[2].split(" ")[0];
        return { kind: "telemetry", at, source, watermarks, liveness, ...line[5] } as Telemetry;
      }
      case "s": {
        const askedAt = typeof line[2] === "number" ? at + line[2] : line[2][0];
        const services = tables.services.rows("", line[3]);
        return { kind: "services", at, askedAt, services, ...line[4] } as Services;
      }
      case "e":
        return ofThisRelease(line[2] as GuardianEvent);
      default:
        throw new Error(`"${String(line[0])}" is no input that this release knows`);
    }
  };
}

/** Early recordings have the memory of a start as the journal has it. */
function ofThisRelease(event: GuardianEvent): GuardianEvent {
  if (event.kind !== "started" || event.memory === undefined) return event;
  return { ...event, memory: withTables(event.memory) };
}

function unlessEmpty(rest: Rest): [] | [Rest] {
  return Object.keys(rest).length === 0 ? [] : [rest];
}

/** The store, or the live view of one collector: each is compared with its own last look. */
function streamOf(event: Telemetry): string {
  return event.source === "store" ? "store" : `live ${event.watermarks[0]?.collector ?? ""}`;
}

function byCollector(watermark: Telemetry["watermarks"][number]): KeyedRow {
  return [watermark.collector, watermark];
}

function byPath(row: Telemetry["liveness"][number]): KeyedRow {
  return [`${row.collector} ${row.host} ${row.path}`, row];
}

function byService(service: Services["services"][number]): KeyedRow {
  return [service.serviceId, service];
}
