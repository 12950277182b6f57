/**
 * Lists of flat rows that change little from one look to the next (reports, watermarks, Nova's
 * services), written as what changed since the look before: column by column, numbers as
 * differences. Exact: reading gives every list as it was, in its order, every field of it. A row is
 * looked for among the newest versions of its key first: the store shows what a live view showed.
 */

import {
  columnName,
  columnOf,
  columnsOf,
  holds,
  rowOf,
  valuesOf,
  type Column,
} from "./flat-row.ts";

/** A row with its key; two rows of one list may share a key. */
export type KeyedRow = readonly [key: string, row: object];

interface Version {
  readonly shape: number;
  readonly values: readonly unknown[];
}

/** What one look changed. Positions are written as gaps between neighbours. */
export interface RowChanges {
  /** Only when the list of keys changed: numbers of known keys, texts of new ones. */
  readonly keys?: readonly (number | string)[];
  /** Names of the columns of new shapes; "checks.storage" lies in a record of its own. */
  readonly shapes?: readonly (readonly string[])[];
  /** Rows that equal an earlier version of their key: gaps, and which version (0 is the newest). */
  readonly known?: readonly [gaps: readonly number[], versions: readonly number[]];
  readonly fresh?: readonly FreshRows[];
}

interface FreshRows {
  readonly shape: number;
  readonly gaps: readonly number[];
  readonly columns: Readonly<Record<number, Cells>>;
}

/**
 * One entry a row: a number is added to the newest version's, `[x]` stands for x. Or the values
 * themselves, when none could be written as a difference.
 */
type Cells = readonly Entry[] | { readonly is: readonly unknown[] };
type Entry = number | readonly [unknown];

const versionsKept = 4;

interface Stream {
  readonly keys: readonly number[];
  readonly rows: readonly Version[];
}

const noStream: Stream = { keys: [], rows: [] };

/** What writer and reader both know after the same looks. */
class Book {
  readonly keys: string[] = [];
  readonly shapes: (readonly Column[])[] = [];
  readonly versions = new Map<number, readonly Version[]>();
  readonly streams = new Map<string, Stream>();

  newest(key: number): readonly Version[] {
    return this.versions.get(key) ?? [];
  }

  learn(key: number, version: Version): void {
    this.versions.set(key, [version, ...this.newest(key)].slice(0, versionsKept));
  }
}

export interface RowWriter {
  /** What changed since the last look of this stream. */
  changes(stream: string, rows: readonly KeyedRow[]): RowChanges;
}

export function createRowWriter(): RowWriter {
  const book = new Book();
  const keyNumbers = new Map<string, number>();
  let lastShape = 0;

  /** Rows of one table have one shape as a rule: the last one is tried first. */
  function versionOf(row: object, added: (readonly string[])[]): Version {
    const known = valuesOf(row, book.shapes[lastShape] ?? []);
    if (known !== undefined) return { shape: lastShape, values: known };
    for (const [shape, columns] of book.shapes.entries()) {
      const values = valuesOf(row, columns);
      if (values !== undefined) return { shape: (lastShape = shape), values };
    }
    const columns = columnsOf(row);
    added.push(columns.map(columnName));
    lastShape = book.shapes.push(columns) - 1;
    return { shape: lastShape, values: valuesOf(row, columns) ?? [] };
  }

  function isVersion({ shape, values }: Version, row: object): boolean {
    return holds(row, book.shapes[shape] ?? [], values);
  }

  function numberOf(key: string, said: (number | string)[]): number {
    const known = keyNumbers.get(key);
    said.push(known ?? key);
    if (known !== undefined) return known;
    keyNumbers.set(key, book.keys.length);
    book.keys.push(key);
    return book.keys.length - 1;
  }

  return {
    changes(stream, rows) {
      const before = book.streams.get(stream) ?? noStream;
      const said: (number | string)[] = [];
      const keys = rows.map(([key]) => numberOf(key, said));
      const sameKeys = sameValues(keys, before.keys);
      const shapes: (readonly string[])[] = [];
      const known: Place[] = [];
      const fresh: Fresh[] = [];
      const now = rows.map(([, row], at): Version => {
        const last = sameKeys ? before.rows[at] : undefined;
        if (last !== undefined && isVersion(last, row)) return last;
        const key = keys[at] ?? 0;
        const versions = book.newest(key);
        const index = versions.findIndex((other) => isVersion(other, row));
        const met = versions[index];
        if (met !== undefined) {
          known.push({ at, version: index });
          return met;
        }
        const version = versionOf(row, shapes);
        fresh.push({ at, version, base: versions[0] });
        book.learn(key, version);
        return version;
      });
      book.streams.set(stream, { keys, rows: now });
      return {
        ...(sameKeys ? {} : { keys: said }),
        ...(shapes.length === 0 ? {} : { shapes }),
        ...(known.length === 0 ? {} : { known: writeKnown(known) }),
        ...(fresh.length === 0 ? {} : { fresh: writeFresh(fresh) }),
      };
    },
  };
}

interface Place {
  readonly at: number;
  readonly version: number;
}

interface Fresh {
  readonly at: number;
  readonly version: Version;
  readonly base: Version | undefined;
}

function writeKnown(known: readonly Place[]): [number[], number[]] {
  return [gapsOf(known.map(({ at }) => at)), known.map(({ version }) => version)];
}

function writeFresh(fresh: readonly Fresh[]): readonly FreshRows[] {
  const shapes = [...new Set(fresh.map(({ version }) => version.shape))];
  return shapes.map((shape) => {
    const rows = fresh.filter(({ version }) => version.shape === shape);
    const columns: Record<number, Cells> = {};
    for (let column = 0; column < (rows[0]?.version.values.length ?? 0); column += 1) {
      const entries = rows.map(({ version, base }) =>
        change(base?.shape === shape ? base.values[column] : undefined, version.values[column]),
      );
      if (entries.every((entry) => entry === 0)) continue;
      const literal = entries.every((entry) => typeof entry !== "number");
      columns[column] = literal ? { is: entries.map(([value]) => value) } : entries;
    }
    return { shape, gaps: gapsOf(rows.map(({ at }) => at)), columns };
  });
}

export interface RowReader {
  /** The whole list of a look. Throws when the changes are not of this recording. */
  rows(stream: string, changes: RowChanges): readonly object[];
}

export function createRowReader(): RowReader {
  const book = new Book();
  const objects = new WeakMap<Version, object>();

  function objectOf(version: Version): object {
    const built = objects.get(version);
    if (built !== undefined) return built;
    const row = rowOf(book.shapes[version.shape] ?? [], version.values);
    objects.set(version, row);
    return row;
  }

  return {
    rows(stream, changes) {
      const before = book.streams.get(stream) ?? noStream;
      for (const names of changes.shapes ?? []) book.shapes.push(names.map(columnOf));
      const keys = changes.keys?.map((key) => keyNumber(book, key)) ?? before.keys;
      const known = new Map(readKnown(changes.known).map((place) => [place.at, place.version]));
      const fresh = new Map((changes.fresh ?? []).flatMap(readFresh).map((row) => [row.at, row]));
      const rows = keys.map((key, at): Version => {
        const versions = book.newest(key);
        const index = known.get(at);
        if (index !== undefined) return wanted(versions[index], stream, at);
        const row = fresh.get(at);
        if (row === undefined) return wanted(before.rows[at], stream, at);
        const version = { shape: row.shape, values: row.values(versions[0], shapeLength(row)) };
        book.learn(key, version);
        return version;
      });
      book.streams.set(stream, { keys, rows });
      return rows.map(objectOf);
    },
  };

  function shapeLength({ shape }: { readonly shape: number }): number {
    return book.shapes[shape]?.length ?? 0;
  }
}

function wanted(version: Version | undefined, stream: string, at: number): Version {
  if (version !== undefined) return version;
  throw new Error(`row ${at} of ${stream} was never written: the recording is incomplete`);
}

function keyNumber(book: Book, key: number | string): number {
  if (typeof key === "number") return key;
  book.keys.push(key);
  return book.keys.length - 1;
}

function readKnown(known: RowChanges["known"]): readonly Place[] {
  if (known === undefined) return [];
  const [gaps, versions] = known;
  return placesOf(gaps).map((at, index) => ({ at, version: versions[index] ?? 0 }));
}

interface ReadRow {
  readonly at: number;
  readonly shape: number;
  readonly values: (base: Version | undefined, length: number) => readonly unknown[];
}

function readFresh({ shape, gaps, columns }: FreshRows): readonly ReadRow[] {
  return placesOf(gaps).map((at, index) => ({
    at,
    shape,
    values: (base, length) =>
      Array.from({ length }, (_, column) => {
        const was = base?.shape === shape ? base.values[column] : undefined;
        return valueAt(columns[column], index, was);
      }),
  }));
}

function valueAt(column: Cells | undefined, index: number, was: unknown): unknown {
  if (column === undefined) return was;
  return "is" in column ? column.is[index] : changed(was, column[index] ?? 0);
}

/** 0 for the same, a number that leads exactly there, or the value itself. */
function change(was: unknown, is: unknown): Entry {
  if (Object.is(was, is)) return 0;
  return (typeof was === "number" && typeof is === "number" && difference(was, is)) || [is];
}

function changed(was: unknown, entry: Entry): unknown {
  if (typeof entry !== "number") return entry[0];
  return entry === 0 ? was : Number(was) + entry;
}

/** What added to `from` gives exactly `to`, in short digits; undefined when nothing does. */
export function difference(from: number, to: number): number | undefined {
  const short = Math.round((to - from) * 1000) / 1000;
  return Number.isFinite(short) && Object.is(from + short, to) ? short : undefined;
}

function sameValues(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (!Object.is(left[at], right[at])) return false;
  return true;
}

function gapsOf(places: readonly number[]): number[] {
  return places.map((at, index) => at - (places[index - 1] ?? -1) - 1);
}

function placesOf(gaps: readonly number[]): readonly number[] {
  let at = -1;
  return gaps.map((gap) => (at += gap + 1));
}
