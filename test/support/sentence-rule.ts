/** The rule that holds what is said to people to the catalogue, in each language. */
import { at, codeLines, type Rule } from "./tidy-source.ts";

/** Where sentences to people stand in the guardian's core, beside what the compiler holds to words. */
const saidIn =
  /\b(?:text|title|says|value|limit|reason|why|impact|next|life|lastFailure|unverified|disarmed|what|for):\s*(?:\(\) => )?\[?(?:"[^"]* [^"]*"|`[^`]* [^`]*`)/g;

/** What is said to people comes from the catalogue, in each language. */
export const sentences: Rule = (source) => {
  if (!/^guardian\/core\/(?!words|gate-list)[^/]*\.ts$/.test(source.path)) return [];
  const fix = "make it a key of guardian/core/words-*-en.ts and words-*-zh.ts";
  return codeLines(source.text, "keep").flatMap((line) =>
    [...line.text.matchAll(saidIn)].map((match) =>
      at(source, line.number, "words", match[0].split(":", 1)[0] ?? "", fix),
    ),
  );
};
