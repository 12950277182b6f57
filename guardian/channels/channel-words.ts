/** The few words that channels add around an alert; the alert itself comes rendered. */
import type { Language } from "../core/words.ts";
import { channelEnglish } from "./words-en.ts";
import { channelChinese } from "./words-zh.ts";

export type ChannelWord = keyof typeof channelEnglish;

const catalogues: Readonly<Record<Language, Readonly<Record<ChannelWord, string>>>> = {
  en: channelEnglish,
  zh: channelChinese,
};

/** The word or sentence in a language. A value that looks like a parameter stays as it is. */
export function channelWord(
  word: ChannelWord,
  language: Language,
  values: Readonly<Record<string, string>> = {},
): string {
  const sentence = catalogues[language][word];
  return sentence.replaceAll(/\{(\w+)\}/g, (place, name: string) => values[name] ?? place);
}
