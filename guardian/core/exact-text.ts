/**
 * Plain values as text and back, exactly: what JSON drops (undefined, infinities, minus zero, maps,
 * sets) and, when asked, which parts of a value are one and the same object. Whatever has a class
 * of its own is refused, a `Secret` first of all: a recording holds data, never a thing.
 */

const mark = "$";

/**
 * `refs`: an object met again is written as a reference, so that reading gives one object for both.
 * `copies`: it is written again, and keys are sorted; equal values have equal texts, however they
 * came to be.
 */
export type Sharing = "refs" | "copies";

/** The text of a plain value. Throws on functions, symbols, class instances. */
export function exactText(value: unknown, sharing: Sharing = "copies"): string {
  return write(value, sharing === "refs" ? new Map() : undefined);
}

function write(value: unknown, seen: Map<object, number> | undefined): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : `{"${mark}":"number","is":"${Object.is(value, -0) ? "-0" : String(value)}"}`;
    case "undefined":
      return `{"${mark}":"undefined"}`;
    case "object":
      return value === null ? "null" : writeObject(value, seen);
    case "bigint":
    case "function":
    case "symbol":
    default:
      throw new Error(`a ${typeof value} cannot be recorded: record data only`);
  }
}

function writeObject(value: object, seen: Map<object, number> | undefined): string {
  if (seen !== undefined) {
    const met = seen.get(value);
    if (met !== undefined) return `{"${mark}":"ref","to":${met}}`;
    seen.set(value, seen.size);
  }
  const list = (items: Iterable<unknown>): string => {
    let text = "";
    for (const item of items) text += text === "" ? write(item, seen) : `,${write(item, seen)}`;
    return `[${text}]`;
  };
  if (Array.isArray(value)) return value.every(isWhole) ? `[${value.join(",")}]` : list(value);
  if (value instanceof Map) {
    const flat = [...(value as ReadonlyMap<unknown, unknown>)].flat(1);
    return `{"${mark}":"map","of":${list(flat)}}`;
  }
  if (value instanceof Set) return `{"${mark}":"set","of":${list(value as ReadonlySet<unknown>)}}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new Error(`a ${value.constructor.name} cannot be recorded: record its data instead`);
  }
  const keys = Object.keys(value);
  if (keys.includes(mark))
    throw new Error(`a key "${mark}" cannot be recorded: it is our own mark`);
  if (seen === undefined) keys.sort();
  const pairs = keys.map((key) => `${JSON.stringify(key)}:${write(Reflect.get(value, key), seen)}`);
  return `{${pairs.join(",")}}`;
}

/** Most lists are whole numbers, and most of a recording is lists. */
function isWhole(value: unknown): boolean {
  return Number.isInteger(value) && !Object.is(value, -0);
}

/** The value of a text that `exactText` wrote. Throws when it is no such text. */
export function fromExactText(text: string): unknown {
  return read(JSON.parse(text), []);
}

/** Objects are numbered in the order in which they were written, so that references find them. */
function read(value: unknown, seen: unknown[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    seen.push(value);
    for (const [at, item] of value.entries()) value[at] = read(item, seen);
    return value;
  }
  const kind: unknown = Reflect.get(value, mark);
  if (kind === undefined) {
    seen.push(value);
    for (const key of Object.keys(value))
      Reflect.set(value, key, read(Reflect.get(value, key), seen));
    return value;
  }
  return readMarked(kind, value, seen);
}

function readMarked(kind: unknown, value: object, seen: unknown[]): unknown {
  const of: unknown = Reflect.get(value, "of");
  const items: readonly unknown[] = Array.isArray(of) ? of : [];
  switch (kind) {
    case "undefined":
      return undefined;
    case "number":
      return Number(Reflect.get(value, "is"));
    case "ref":
      return seen[Number(Reflect.get(value, "to"))];
    case "set": {
      const set = new Set<unknown>();
      seen.push(set);
      for (const item of items) set.add(read(item, seen));
      return set;
    }
    case "map": {
      const map = new Map<unknown, unknown>();
      seen.push(map);
      for (let at = 0; at + 1 < items.length; at += 2) {
        const key = read(items[at], seen);
        map.set(key, read(items[at + 1], seen));
      }
      return map;
    }
    default:
      throw new Error(`"${String(kind)}" is no mark of a recording that this release knows`);
  }
}
