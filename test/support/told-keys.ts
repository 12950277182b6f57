/**
 * Which sentences of the catalogue a log tells: each line is matched, as a whole, with the English
 * sentences, and so is what stands in the places of its parameters.
 */
import { english } from "../../guardian/core/words-en.ts";
import type { WordKey } from "../../guardian/core/words.ts";

interface Sentence {
  readonly key: WordKey;
  readonly pattern: RegExp;
}

/** Families of keys that lines, titles and gates are made of; the others are shown elsewhere. */
const inLogs =
  /^(?:alert|answer|arming|asked|await|device|doubt|fence|gate-line|home|identity|left|life|limit|list|log|maintenance|move|operator|place|rehearse|row|shown|stalled|value|verdict|when)(?:\.|$)/;

const sentences: readonly Sentence[] = (Object.keys(english) as WordKey[])
  .filter((key) => inLogs.test(key))
  .map((key) => ({ key, pattern: patternOf(english[key]) }));

/** Keys whose sentence has a word of its own; one of parameters alone could be anything. */
export const tellableKeys: readonly WordKey[] = sentences
  .map(({ key }) => key)
  .filter((key) => /[a-z]/i.test(english[key].replace(/\{[^}]*\}/g, "")));

/** Families of keys that messages and explanations are made of. */
const inTexts = /^(?:evidence|gate|impact|next|outcome|servers|todo|why)\./;

/** Sentences that can be recognised wherever they stand: with enough letters of their own. */
const phrases = (Object.keys(english) as WordKey[])
  .filter((key) => inTexts.test(key))
  .filter((key) => english[key].replace(/\{[^}]*\}|[^a-z]/gi, "").length >= 6)
  .map((key) => ({ key, pattern: new RegExp(piecesOf(english[key], () => ".*").join("")) }));

export const textKeys: readonly WordKey[] = phrases.map(({ key }) => key);

/** The keys whose sentences stand somewhere in messages or explanations. */
export function keysOfTexts(texts: Iterable<string>): ReadonlySet<WordKey> {
  const lines = new Set<string>();
  for (const text of texts) for (const one of text.split("\n")) lines.add(one);
  const all = [...lines];
  const told = phrases.filter(({ pattern }) => all.some((one) => pattern.test(one)));
  return new Set(told.map(({ key }) => key));
}

function piecesOf(sentence: string, placeOf: (place: string) => string): readonly string[] {
  return sentence
    .split(/(\{[^}]*\})/)
    .map((piece) =>
      piece.startsWith("{") ? placeOf(piece) : piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    );
}

function patternOf(sentence: string): RegExp {
  const pieces = piecesOf(sentence, (piece) => {
    if (piece === "{operator}") return "(steady for|no loss for|\\S+)";
    if (/^\{(?:device|gates?;?|host|server)\}$/.test(piece)) return ".+?";
    if (piece === "{by}") return "(\\S+ \\(uid \\d+\\)|.+?)";
    const [, one, many] = piece.slice(1, -1).split("|");
    return one === undefined ? "(.+?)" : `([\\d.]+) (?:${one}|${many ?? one})`;
  });
  return new RegExp(`^${pieces.join("")}$`);
}

/** "   12.50  compute-1  PAGE resolved: text": what the guardian itself said. */
const line = /^ +[\d.]+ +(?:guardian|compute-\S+) +(?:(?:[A-Z]+)(?: resolved)?: )?(.*)$/;

/** One gate of a line "held by …". */
const gate =
  /(?:^held by |; )([^;:]+: .*?, must be (?:=|<=|>=|<|steady for|no loss for) .*?)(?=; [^;:]+: .*?, must be |$)/g;

/** The keys that a log tells. */
export function keysToldIn(log: string): ReadonlySet<WordKey> {
  const told = new Set<WordKey>();
  const seen = new Set<string>();
  for (const one of log.split("\n")) {
    const text = line.exec(one)?.[1];
    if (text === undefined) continue;
    note(text, true, told, seen);
    for (const match of text.matchAll(gate)) note(match[1] ?? "", false, told, seen);
  }
  return new Set(tellableKeys.filter((key) => told.has(key)));
}

/** A whole line is a line's sentence or a title; what stands in it is neither. */
const ofLines = /^(?:log|alert)\./;

function note(text: string, isLine: boolean, told: Set<WordKey>, seen: Set<string>): void {
  const known = `${isLine ? "line" : "part"} ${text}`;
  if (seen.has(known)) return;
  seen.add(known);
  for (const { key, pattern } of sentences) {
    if (ofLines.test(key) !== isLine) continue;
    const match = pattern.exec(text);
    if (match === null) continue;
    told.add(key);
    for (const part of match.slice(1)) {
      note(part, false, told, seen);
      for (const item of part.split(", ")) note(item, false, told, seen);
    }
  }
}
