/**
 * A record as columns and values: what lies in a record of its own gets that record's name in front
 * ("checks.storage"). With the columns known, a row is compared and flattened without a copy of its
 * names: thousands of rows come in each second.
 */

export interface Column {
  readonly outer: string;
  /** Undefined when the value lies in the row itself. */
  readonly inner: string | undefined;
}

/** The names of a row's columns, in its order. */
export function columnsOf(row: object): readonly Column[] {
  const columns: Column[] = [];
  for (const outer of Object.keys(row)) {
    const value: unknown = Reflect.get(row, outer);
    const inner = isRecord(value) ? Object.keys(value) : [];
    if (inner.length === 0) columns.push({ outer, inner: undefined });
    for (const name of inner) columns.push({ outer, inner: name });
  }
  return columns;
}

/** Calls `see` for each value of a row with these columns; false when it has others, or `see` says so. */
function walk(
  row: object,
  columns: readonly Column[],
  see: (value: unknown, at: number) => boolean,
): boolean {
  let at = 0;
  for (const outer in row) {
    const value: unknown = (row as Record<string, unknown>)[outer];
    let inside = 0;
    if (isRecord(value)) {
      for (const inner in value) {
        const column = columns[at];
        if (column?.outer !== outer || column.inner !== inner) return false;
        if (!see(value[inner], at)) return false;
        at += 1;
        inside += 1;
      }
    }
    if (inside > 0) continue;
    const column = columns[at];
    if (column?.outer !== outer || column.inner !== undefined) return false;
    if (!see(value, at)) return false;
    at += 1;
  }
  return at === columns.length;
}

/** Whether a row has exactly these columns with exactly these values. */
export function holds(
  row: object,
  columns: readonly Column[],
  values: readonly unknown[],
): boolean {
  return walk(row, columns, (value, at) => Object.is(value, values[at]));
}

/** The values of a row by these columns; undefined when it has others. */
export function valuesOf(row: object, columns: readonly Column[]): unknown[] | undefined {
  const values: unknown[] = [];
  const fits = walk(row, columns, (value) => {
    values.push(value);
    return true;
  });
  return fits ? values : undefined;
}

/** The row of these columns and values. */
export function rowOf(columns: readonly Column[], values: readonly unknown[]): object {
  const row: Record<string, unknown> = {};
  for (const [at, { outer, inner }] of columns.entries()) {
    if (inner === undefined) row[outer] = values[at];
    else ((row[outer] ??= {}) as Record<string, unknown>)[inner] = values[at];
  }
  return row;
}

export function columnName({ outer, inner }: Column): string {
  return inner === undefined ? outer : `${outer}.${inner}`;
}

export function columnOf(name: string): Column {
  const dot = name.indexOf(".");
  if (dot < 0) return { outer: name, inner: undefined };
  return { outer: name.slice(0, dot), inner: name.slice(dot + 1) };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
