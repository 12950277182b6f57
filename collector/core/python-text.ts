/** What Python's `str` and `repr` make of a value: Ceilometer signs these texts, so every digit counts. */

/** A number that was a float where it came from: 10.0, which Python writes with its point. */
export class PythonFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** `str(float)`: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (Number.isNaN(value)) return "nan";
  if (size === Number.POSITIVE_INFINITY) return value > 0 ? "inf" : "-inf";
  if (size === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  if (size >= 1e16 || size < 1e-4) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

/** `repr(bytes)`. */
export function bytesText(bytes: Uint8Array): string {
  let [text, quotes] = ["", "'"];
  if (bytes.includes(0x27) && !bytes.includes(0x22)) quotes = '"';
  for (const byte of bytes) {
    if (byte === 0x5c || byte === quotes.charCodeAt(0)) text += `\\${String.fromCharCode(byte)}`;
    else if (byte === 0x09) text += "\\t";
    else if (byte === 0x0a) text += "\\n";
    else if (byte === 0x0d) text += "\\r";
    else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, "0")}`;
    else text += String.fromCharCode(byte);
  }
  return `b${quotes}${text}${quotes}`;
}

/** `repr(str)`: what cannot be printed is escaped, in Python's three lengths. */
export function stringText(string: string): string {
  const quotes = string.includes("'") && !string.includes('"') ? '"' : "'";
  let text = "";
  for (const char of string) {
    const code = char.codePointAt(0) ?? 0;
    if (char === "\\" || char === quotes) text += `\\${char}`;
    else if (char === "\t") text += "\\t";
    else if (char === "\n") text += "\\n";
    else if (char === "\r") text += "\\r";
    else if (char === " " || !/[\p{C}\p{Z}]/u.test(char)) text += char;
    else if (code < 0x100) text += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code < 0x10000) text += `\\u${code.toString(16).padStart(4, "0")}`;
    else text += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return quotes + text + quotes;
}

/** By Unicode code point, as Python sorts; JavaScript's own order is by UTF-16 unit. */
export function compareByCodePoint(left: string, right: string): number {
  const end = Math.min(left.length, right.length);
  for (let at = 0; at < end; at += 1) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (one === other) continue;
    // A surrogate stands for a code point above all others.
    const [isHigh, isOtherHigh] = [(one & 0xf800) === 0xd800, (other & 0xf800) === 0xd800];
    if (isHigh !== isOtherHigh) return isHigh ? 1 : -1;
    return one - other;
  }
  return left.length - right.length;
}
