/**
 * What the page itself says, in a language. Sentences about hosts, gates and incidents come from the guardian's own
 * catalogue: the API renders them in the language that the page asks for.
 */
import { rowsEnglish } from "../core/words-rows-en.ts";
import { rowsChinese } from "../core/words-rows-zh.ts";
import type { Language } from "./state.ts";
import { pageEnglish } from "./words-en.ts";
import { pageChinese } from "./words-zh.ts";

export type PageWord = keyof typeof pageEnglish;

const catalogues: Readonly<Record<Language, Readonly<Record<PageWord, string>>>> = {
  en: pageEnglish,
  zh: pageChinese,
};

/** `{name}` is filled in; what is not given stays as it is. */
export function say(
  word: PageWord,
  language: Language,
  values: Readonly<Record<string, string | number>> = {},
): string {
  const sentence = catalogues[language][word];
  if (!sentence.includes("{")) return sentence;
  return sentence.replaceAll(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** A word that may be one of the catalogue: a status or a phase; else it is shown as it came. */
export function sayOr(prefix: string, text: string, language: Language): string {
  const words: Readonly<Record<string, string>> = catalogues[language];
  return words[`${prefix}.${text}`] ?? text;
}

const rows: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: rowsEnglish,
  zh: rowsChinese,
};

export function verdictWord(verdict: string, language: Language): string {
  return rows[language][`verdict.${verdict}`] ?? verdict;
}

/** "5 s", "3 min": whole and short, so that it changes once a second at most. */
export function sinceWords(ms: number, language: Language): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return say("seconds", language, { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return say("minutes", language, { n: minutes });
  return say("hours", language, { n: Math.floor(minutes / 60) });
}
