/** An alert as lines of plain text, in the order of what must not be cut away. */
import type { Language } from "../core/words.ts";
import type { AlertMessage } from "../ports.ts";
import { channelWord, type ChannelWord } from "./channel-words.ts";
import { linksOf } from "./links.ts";
import { byteLength, cutBytes, plainText } from "./plain-text.ts";
import { formatTime } from "../../shared/zoned-time.ts";

/** How alerts look to the people of a site. */
export interface Look {
  readonly language: Language;
  /** As IANA names it: Asia/Shanghai. */
  readonly timeZone: string;
  /** Where runbooks are: an address, or a path. */
  readonly runbookBase: string;
}

export interface AlertText {
  /** "[PAGE] compute-3 is dead: …". */
  readonly headline: string;
  /** Impact and next step: these go before everything else. */
  readonly head: readonly string[];
  readonly why: readonly string[];
  /** Incident, time, runbook. */
  readonly tail: readonly string[];
}

/** The alert in lines; each is one line, whatever the names in it are. */
export function alertText(message: AlertMessage, look: Look): AlertText {
  const { language } = look;
  const line = (label: ChannelWord, text: string | undefined): readonly string[] => {
    const plain = plainText(text ?? "");
    const values = { label: channelWord(label, language), text: plain };
    return plain === "" ? [] : [channelWord("line", language, values)];
  };
  return {
    headline: headlineOf(message, language),
    head:
      message.status === "resolved"
        ? // What it asked for while it fired would send somebody to a host that is well.
          line("was", message.impact)
        : [...line("impact", message.impact), ...line("next", message.next)],
    why: message.why.map(plainText).filter((text) => text !== ""),
    tail: [
      ...line("incident", message.incident),
      ...line("time", formatTime(message.wallMs, look.timeZone)),
      ...line("runbook", linksOf(message, look).runbook),
    ],
  };
}

function headlineOf(message: AlertMessage, language: Language): string {
  const word = message.status === "resolved" ? "resolved" : message.class;
  const tag = channelWord(word, language);
  return channelWord("headline", language, { tag, title: plainText(message.title) });
}

/**
 * All lines in so many bytes. Evidence gives way first, with a word on how many lines are not shown;
 * then the end is cut.
 */
export function fitLines(
  { headline, head, why, tail }: AlertText,
  bytesMax: number,
  language: Language,
): string {
  const frame = [headline, ...head, ...tail].join("\n");
  const more = (count: number): string => channelWord("more", language, { count: String(count) });
  const shown: string[] = [];
  // The longest form of the word on what is left out is kept free from the start.
  let left = bytesMax - byteLength(frame) - byteLength(`\n${more(why.length)}`);
  for (const text of why) {
    const line = `- ${text}`;
    const size = byteLength(line) + 1;
    if (size > left) {
      if (left > leastPart) shown.push(cutBytes(line, left - 1));
      break;
    }
    shown.push(line);
    left -= size;
  }
  const rest = why.length - shown.length;
  const body = [...shown, ...(rest > 0 ? [more(rest)] : [])];
  return cutBytes([headline, ...head, ...body, ...tail].join("\n"), bytesMax);
}

/** A part of a line shorter than this says nothing. */
const leastPart = 40;
