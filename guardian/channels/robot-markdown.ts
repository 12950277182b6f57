/**
 * Alerts in the markdown of group robots. Neither provider says how a mark is escaped, and their clients differ in it, so
 * a mark in what others named is replaced by its wide form: it looks the same, and no renderer takes it for one.
 */
import type { AlertText } from "./alert-text.ts";

const wide: Readonly<Record<string, string>> = {
  "[": "［",
  "]": "］",
  "<": "＜",
  ">": "＞",
  "*": "＊",
  _: "＿",
  "~": "～",
  "`": "｀",
  "\\": "＼",
  "&": "＆",
};

const marks = /[[\]<>*_~`\\&]/g;
/** What makes a heading or a list of a line. */
const atLineStart = /^(?:[#+=-]|\d+[.)])/;

/** A text that stays one, wherever it stands. */
export function withoutMarks(text: string): string {
  const plain = text.replaceAll(marks, (mark) => wide[mark] ?? " ");
  return plain.replace(atLineStart, (start) => `\u00a0${start}`);
}

/** The same lines without marks, the title bold; the link to the runbook is ours, and stays one. */
export function markdownLines(
  { headline, head, why, tail }: AlertText,
  runbook: string | undefined,
): AlertText {
  const isLink = (line: string): boolean => runbook !== undefined && line.endsWith(runbook);
  return {
    headline: `**${withoutMarks(headline)}**`,
    head: head.map(withoutMarks),
    why: why.map(withoutMarks),
    tail: tail.map((line) => (isLink(line) ? line : withoutMarks(line))),
  };
}
