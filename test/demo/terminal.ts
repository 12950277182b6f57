/**
 * What the demo prints: one line each with the seconds since the start and who it is about, at
 * most 100 columns wide, in colour only where somebody looks at it.
 */
import { formatOutput } from "../../guardian/core/table.ts";

/** Who a line is about. */
export type Actor = "demo" | "world" | "guardian" | "alert" | "operator" | "check" | "wait";

export type Tone = "plain" | "good" | "bad" | "loud" | "faint";

export interface Terminal {
  say(actor: Actor, text: string, tone?: Tone): void;
  /** An address on a line of its own, never wrapped: it is clicked, or copied whole. */
  link(url: string): void;
  /** A table as `openstack` prints it; at most 89 columns. */
  table(records: readonly object[]): void;
  /** How long nothing was printed. */
  quietMs(): number;
  /** Milliseconds since the process started. */
  nowMs(): number;
}

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly colors: boolean;
}

const columnsMax = 100;
const actorColumns = 9;
const prefixColumns = "[ 12.3 s] ".length;

const codes: Readonly<Record<Tone, string>> = {
  plain: "",
  good: "\u001b[32m",
  bad: "\u001b[31m",
  loud: "\u001b[1m",
  faint: "\u001b[2m",
};
const off = "\u001b[0m";

export function createTerminal({ write, colors }: TerminalOptions): Terminal {
  let printedMs = performance.now();

  function print(text: string, tone: Tone): void {
    printedMs = performance.now();
    const stamp = `[${(printedMs / 1000).toFixed(1).padStart(5)} s]`;
    const line = `${stamp} ${text}`.trimEnd();
    write(`${colors && tone !== "plain" ? `${codes[tone]}${line}${off}` : line}\n`);
  }

  return {
    say(actor, text, tone = "plain") {
      const width = columnsMax - prefixColumns - actorColumns;
      for (const [at, part] of wrap(text, width).entries()) {
        print(`${(at === 0 ? actor : "").padEnd(actorColumns)}${part}`, tone);
      }
    },
    link: (url) => print(url, "loud"),
    table(records) {
      for (const row of formatOutput(records, "table").split("\n")) print(row, "plain");
    },
    quietMs: () => performance.now() - printedMs,
    nowMs: () => performance.now(),
  };
}

/** Words in lines of at most `width` columns; continued lines are indented by two more. */
export function wrap(text: string, width: number): readonly string[] {
  const [first = "", ...words] = text.trimStart().split(" ");
  const indent = " ".repeat(text.length - text.trimStart().length);
  const lines: string[] = [];
  let line = `${indent}${first}`;
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (longer.length > width) lines.push(line);
    line = longer.length > width ? `${indent}  ${word}` : longer;
  }
  return [...lines, line];
}
