/**
 * Text of others (names of servers, what a device answered) made harmless, and texts cut to what a
 * provider takes. Nothing that hides, turns the line round or ends it gets through.
 */

const lineEnds = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/** Format characters: they show nothing and change what is read. The joiner of emoji is none. */
const hidden = /(?!\u200d)[\p{Cf}\p{Cs}]/gu;

/** One line: control characters and line ends are a space, what hides is shown as U+FFFD. */
export function plainText(text: string): string {
  return text.replaceAll(lineEnds, " ").replaceAll(hidden, "\ufffd").trim();
}

export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

/** At most so many bytes of UTF-8; "…" where something was cut. No character is split. */
export function cutBytes(text: string, bytesMax: number): string {
  return cut(text, bytesMax, byteLength);
}

/** At most so many characters, as UTF-16 counts them: the least that any provider means. */
export function cutCharacters(text: string, charactersMax: number): string {
  return cut(text, charactersMax, (part) => part.length);
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

function cut(text: string, max: number, sizeOf: (text: string) => number): string {
  if (sizeOf(text) <= max) return text;
  const room = max - sizeOf("…");
  if (room < 0) return "";
  // No unit is smaller than 1, so what is kept ends before this slice does.
  const start = text.slice(0, max);
  const segments = Array.from(graphemes.segment(start), ({ segment }) => segment);
  const whole = fitting(segments, room, sizeOf);
  // One letter may carry a thousand accents: then its parts are better than nothing.
  return `${whole === "" ? fitting(Array.from(start), room, sizeOf) : whole}…`;
}

function fitting(parts: readonly string[], room: number, sizeOf: (text: string) => number): string {
  let kept = "";
  let left = room;
  for (const part of parts) {
    left -= sizeOf(part);
    if (left < 0) break;
    kept += part;
  }
  return kept;
}
