/**
 * What is said to people, as a key of the catalogue and its parameters: rendered in English or
 * Chinese when somebody reads it, the same on the command line, in alerts and on the page.
 */
import { english } from "./words-en.ts";
import { chinese } from "./words-zh.ts";

export type WordKey = keyof typeof english;
export type Language = "en" | "zh";

export const languages = ["en", "zh"] as const satisfies readonly Language[];

/** A time that its sentence gives in seconds with one decimal; it names the unit. */
export interface Seconds {
  readonly ms: number;
}

/**
 * A parameter: a text that is nobody's language (a name, a number with its unit), words, or a list of
 * either. Numbers become text only when somebody reads the sentence.
 */
export type Parameter = string | number | Seconds | Words | readonly Said[];

export interface Words {
  readonly key: WordKey;
  readonly with: Readonly<Record<string, Parameter>>;
}

/**
 * A reason that is kept: words, or a text. Journals of earlier releases have texts only, and so has
 * what a device or Nova answered.
 */
export type Said = string | Words;

/** Names of the parameters of a sentence: "{host} has {count|server|servers}" has two. */
type ParametersOf<S> = S extends `${string}{${infer P}}${infer Rest}`
  ? NameOf<P> | ParametersOf<Rest>
  : never;

type NameOf<P> = P extends `${infer Name}|${string}` | `${infer Name};` ? Name : P;

type Given<K extends WordKey> = Readonly<Record<ParametersOf<(typeof english)[K]>, Parameter>>;

/** Words with every parameter that their sentence names; the compiler counts them. */
export function words<K extends WordKey>(
  key: K,
  ...rest: ParametersOf<(typeof english)[K]> extends never ? [] : [Given<K>]
): Words {
  const [given] = rest;
  if (given !== undefined) return { key, with: given };
  const known = plain.get(key);
  if (known !== undefined) return known;
  const said = { key, with: {} };
  plain.set(key, said);
  return said;
}

/** Sentences without parameters, one object each: most are compared every round with what they were before. */
const plain = new Map<WordKey, Words>();

const catalogues: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: english,
  zh: chinese,
};

/** A sentence in pieces: text, and the places of its parameters. */
type Piece = string | Place;

interface Place {
  readonly name: string;
  /** After a number. */
  readonly one: string;
  readonly many: string;
  /** Between the items of a list. */
  readonly joint: string;
}

const cut: Readonly<Record<Language, Map<string, readonly Piece[]>>> = {
  en: new Map(),
  zh: new Map(),
};

function piecesOf(key: string, language: Language): readonly Piece[] {
  const known = cut[language].get(key);
  if (known !== undefined) return known;
  // A journal of another release may have a key that this one does not know.
  const sentence = catalogues[language][key] ?? key;
  const pieces = sentence.split(/(\{[^}]*\})/).map((text): Piece => {
    if (!text.startsWith("{")) return text;
    const [name = "", one = "", many = ""] = text.slice(1, -1).split("|");
    const sentences = name.endsWith(";");
    const joints = sentences ? { en: "; ", zh: "；" } : { en: ", ", zh: "、" };
    return { name: sentences ? name.slice(0, -1) : name, one, many, joint: joints[language] };
  });
  cut[language].set(key, pieces);
  return pieces;
}

/**
 * The sentence in a language. A parameter that is missing shows as its name in braces; `{n|host|hosts}`
 * is "1 host", "2 hosts"; the items of `{names}` have commas between them, those of `{reasons;}`
 * semicolons.
 */
export function render(said: Said, language: Language = "en"): string {
  if (typeof said === "string") return said;
  let text = "";
  for (const piece of piecesOf(said.key, language)) {
    if (typeof piece === "string") text += piece;
    else {
      const value = said.with[piece.name];
      text += isGiven(value) ? renderParameter(value, piece.joint, language) : `{${piece.name}}`;
      if (piece.one !== "") text += value === 1 ? ` ${piece.one}` : ` ${piece.many}`;
    }
  }
  return text;
}

/** "8.2 s", "3 min 20 s", "2 h 5 min". */
export function durationWords(ms: number): Words {
  if (ms < 60_000) return words("duration.seconds", { seconds: seconds(ms) });
  const whole = Math.round(ms / 1000);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return words("duration.minutes", { minutes, seconds: whole % 60 });
  return words("duration.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** JSON has no infinity: a journal gives null for it. */
function isGiven(value: Parameter | null | undefined): value is Parameter {
  return value !== undefined && value !== null;
}

function renderParameter(value: Parameter, joint: string, language: Language): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return value.toString();
  if (isList(value)) return value.map((one) => render(one, language)).join(joint);
  return "ms" in value ? (value.ms / 1000).toFixed(1) : render(value, language);
}

function isList(value: Seconds | Words | readonly Said[]): value is readonly Said[] {
  return Array.isArray(value);
}

/** Seconds with one decimal, without a unit: sentences name theirs. */
export function seconds(ms: number): Seconds {
  return { ms };
}
