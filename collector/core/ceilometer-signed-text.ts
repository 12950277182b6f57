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
  readonly names: string[];
  readonly values: unknown[];
  constructor(names: string[], values: unknown[]) {
    this.names = names;
    this.values = values;
  }
}

const signatureName = "message_signature";
/**
 * The name of a map stands before each of its entries: 64 KiB could become a gigabyte, of anybody's making. A text that
 * grew beyond this is cut, and no signature fits it.
 */
const textMax = 1_000_000;

/** What the signature of a message covers. Deeper than `decodeMessage` goes there is nothing. */
export function signedText({ names, values }: MessageMap): string {
  let text = "";
  for (const at of orderOf(names)) {
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
  for (const at of orderOf(value.names)) {
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
  const { names, values } = value;
  const pairs = orderOf(names).map((at) => {
    return `${elementText(names[at])}: ${elementText(values[at])}`;
  });
  return `{${pairs.join(", ")}}`;
}

/** Senders put the same names in the same order each time; sorting these once is enough. */
const orders = new Map<string, readonly number[]>();
const ordersMax = 1000;
const namesMax = 64;
const keyMax = 2000;

function orderOf(names: readonly string[]): readonly number[] {
  const key = names.join("\0");
  const known = orders.get(key);
  if (known !== undefined) return known;
  const order = names
    .map((_, at) => at)
    .sort((one, other) => compareByCodePoint(names[one] ?? "", names[other] ?? ""));
  if (names.length <= namesMax && key.length <= keyMax) {
    if (orders.size >= ordersMax) orders.clear();
    orders.set(key, order);
  }
  return order;
}
