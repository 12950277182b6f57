/**
 * The text that Ceilometer signs: names and values of a message, each level sorted, without separators. A map's entries
 * are named after it; a list is its Python `repr`, in which texts have become bytes and bytes texts.
 */
import {
  PythonFloat,
  bytesText,
  compareByCodePoint,
  floatText,
  stringText,
} from "./python-text.ts";

/** A map as it came, in its order. */
export class MessageMap {
  readonly names: readonly string[];
  readonly values: readonly unknown[];
  readonly shape: Shape;
  constructor(names: readonly string[], values: readonly unknown[]) {
    this.names = names;
    this.values = values;
    this.shape = shapeOf(names);
  }
}

const signatureName = "message_signature";
/**
 * The name of a map stands before each of its entries: 64 KiB could become a gigabyte, of anybody's making. A text that
 * grew beyond this is cut, and no signature fits it.
 */
const textMax = 1_000_000;

/** What the signature of a message covers. Deeper than `decodeMessage` goes there is nothing. */
export function signedText({ names, values, shape }: MessageMap): string {
  let text = "";
  for (const at of shape.order) {
    const name = names[at] ?? "";
    // Of the outermost level alone.
    if (name !== signatureName || values[at] instanceof MessageMap) {
      text += pair(name, values[at]);
    }
  }
  return text;
}

function pair(name: string, value: unknown): string {
  if (!(value instanceof MessageMap)) return name + scalarText(value);
  let text = "";
  for (const at of value.shape.order) {
    text += pair(`${name}:${value.names[at]}`, value.values[at]);
    if (text.length > textMax) break;
  }
  return text;
}

function scalarText(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? listText(value) : plainText(value);
}

function plainText(value: unknown): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (value instanceof PythonFloat) return floatText(value.value);
  if (value instanceof Uint8Array) return bytesText(value);
  return String(value as number | bigint);
}

function listText(list: readonly unknown[]): string {
  return `[${list.map(elementText).join(", ")}]`;
}

function elementText(value: unknown): string {
  if (typeof value === "string") return bytesText(new TextEncoder().encode(value));
  if (value instanceof Uint8Array) return stringText(new TextDecoder().decode(value));
  if (Array.isArray(value)) return listText(value);
  if (!(value instanceof MessageMap)) return plainText(value);
  const { names, values, shape } = value;
  const pairs = shape.order.map((at) => {
    return `${elementText(names[at])}: ${elementText(values[at])}`;
  });
  return `{${pairs.join(", ")}}`;
}

/** What a list of names is: its places in the order of signing, and whether a name is in it twice. */
export interface Shape {
  readonly names: readonly string[];
  readonly order: readonly number[];
  readonly hasTwice: boolean;
}

/** Senders put the same names in the same order each time; sorting these once is enough. By their number, a few of each. */
const shapes: Shape[][] = [];
const namesMax = 64;
const nameCharsMax = 100;
const shapesMax = 8;
let replaced = 0;

function shapeOf(names: readonly string[]): Shape {
  const known = shapes[names.length]?.find((shape) => isSame(shape.names, names));
  if (known !== undefined) return known;
  const order = names
    .map((_, at) => at)
    .sort((one, other) => compareByCodePoint(names[one] ?? "", names[other] ?? ""));
  const hasTwice = order.some(
    (at, place) => place > 0 && names[order[place - 1] ?? 0] === names[at],
  );
  const shape = { names, order, hasTwice };
  if (names.length <= namesMax && names.every(({ length }) => length <= nameCharsMax)) {
    const kept = (shapes[names.length] ??= []);
    replaced = (replaced + 1) % shapesMax;
    kept[kept.length < shapesMax ? kept.length : replaced] = shape;
  }
  return shape;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
