/** The parts of which the API's schemas are made. */
import { z } from "../config-parts.ts";
import { languages, type Language } from "../core/words.ts";
import type { Call, Fields } from "./route.ts";

export const wordCharsMax = 500;

/** No line ends, escapes or other control characters: it is shown on terminals and in logs. */
// oxlint-disable-next-line no-control-regex
const plain = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;

/** One line of text. */
export function line(description: string, charsMax = wordCharsMax) {
  return z
    .string("must be a text")
    .trim()
    .max(charsMax, `must have at most ${charsMax} characters`)
    .regex(plain, "must be one line without control characters")
    .describe(description);
}

export function optionalLine(description: string, charsMax = wordCharsMax) {
  return line(description, charsMax).optional();
}

export const noReason = "this needs a reason";

export const reason = z
  .string(noReason)
  .trim()
  .min(1, noReason)
  .max(wordCharsMax, `must have at most ${wordCharsMax} characters`)
  .regex(plain, "must be one line without control characters")
  .describe("why; kept in the audit log");

export const language: Fields = {
  language: z.enum(["en", "zh"], "must be en or zh").optional().describe("of the sentences"),
};

/** The one that is asked for, else the configuration's. */
export function languageOf(call: Call, configured: Language): Language {
  return languages.find((known) => known === call.query("language")) ?? configured;
}

export const limitMax = 1000;

/** Of every list. */
export const paging: Fields = {
  limit: z
    .string()
    .regex(/^(?:[1-9]\d{0,2}|1000)$/, `must be a whole number from 1 to ${limitMax}`)
    .optional()
    .describe(`rows at most, ${limitMax} without it`),
  cursor: z
    .string()
    .regex(/^[\w-]{1,2048}$/, "is none of ours")
    .optional()
    .describe('where to go on, from the header "link" of the page before'),
};

/** A record whose named fields are texts; there may be more. */
export function texts(...names: readonly string[]) {
  return z.looseObject(Object.fromEntries(names.map((name) => [name, z.string()])));
}

/** What an action answers. */
export const done = z.looseObject({ done: z.boolean(), by: z.string() });
