/**
 * What is said to people, as a key of the catalogue and its parameters: rendered in English or
 * Chinese when somebody reads it, the same on the command line, in alerts and on the page.
 */
import { english } from "./words-en.ts";
import { chinese } from "./words-zh.ts";

export type WordKey = keyof typeof english;
export type Language = "en" | "zh";

export const languages: readonly Language[] = ["en", "zh"];

/** A parameter: a text that is nobody's language (a name, a number with its unit), or words. */
export type Parameter = string | number | Words | readonly Words[];

export interface Words {
  readonly key: WordKey;
  readonly with: Readonly<Record<string, Parameter>>;
}

/** Names of the parameters of a sentence: "{host} is {verdict}" has two. */
type ParametersOf<S> = S extends `${string}{${infer P}}${infer Rest}`
  ? P | ParametersOf<Rest>
  : never;

type Given<K extends WordKey> = Readonly<Record<ParametersOf<(typeof english)[K]>, Parameter>>;

/** Words with every parameter that their sentence names; the compiler counts them. */
export function words<K extends WordKey>(
  key: K,
  ...rest: ParametersOf<(typeof english)[K]> extends never ? [] : [Given<K>]
): Words {
  return { key, with: rest[0] ?? {} };
}

const catalogues: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = {
  en: english,
  zh: chinese,
};

/** The sentence in a language. A parameter that is missing shows as its name in braces. */
export function render(said: Words, language: Language = "en"): string {
  const sentence: string = catalogues[language][said.key];
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = said.with[name];
    return value === undefined ? whole : renderParameter(value, language);
  });
}

function renderParameter(value: Parameter, language: Language): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return value.toString();
  if (isWords(value)) return render(value, language);
  return value.map((one) => render(one, language)).join(language === "zh" ? "；" : "; ");
}

function isWords(value: Words | readonly Words[]): value is Words {
  return !Array.isArray(value);
}

/** Seconds with one decimal, without a unit: sentences name theirs. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
