/** The table at the end of a run: each scenario, the median of what was measured, and what the observer counted. */
import type { Tally } from "./observed.ts";

export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** Seconds by what they measure. */
  readonly measures: ReadonlyMap<string, number>;
  /** Of a scenario that began. */
  readonly tally?: Tally | undefined;
}

export function closingTable(outcomes: readonly Outcome[]): string {
  const width = Math.max(8, ...outcomes.map(({ name }) => name.length));
  const row = (name: string, result: string, seconds: string): string =>
    `${name.padEnd(width)}  ${result.padEnd(6)}  ${seconds.padStart(7)}`;
  const lines = outcomes.map((one) =>
    row(one.name, one.passed ? "passed" : "FAILED", one.seconds.toFixed(1)),
  );
  const table = ["", row("scenario", "result", "seconds"), ...lines];
  return [...table, ...counted(outcomes), ...measured(outcomes), ""].join("\n");
}

/** "by the observer, over all: 212 moves, 0 servers started twice, …". */
function counted(outcomes: readonly Outcome[]): readonly string[] {
  const tallies = outcomes.flatMap(({ tally }) => (tally === undefined ? [] : [tally]));
  if (tallies.length === 0) return [];
  const sum = (name: keyof Tally): number => tallies.reduce((all, tally) => all + tally[name], 0);
  const never = `${sum("twice")} servers started twice, ${sum("while_alive")} called while their host lived`;
  const seen = `${sum("moves")} moves, ${never}, ${sum("unseen")} calls not seen`;
  return ["", `by the observer, over all: ${seen}`];
}

/** "power-loss, last server ACTIVE: 14.2 s", with the median and the worst of several runs. */
function measured(outcomes: readonly Outcome[]): readonly string[] {
  const found = new Map<string, number[]>();
  for (const { name, measures } of outcomes) {
    for (const [what, value] of measures) {
      const key = `${name}, ${what}`;
      found.set(key, [...(found.get(key) ?? []), value]);
    }
  }
  if (found.size === 0) return [];
  const lines = [...found].map(([key, values]) => `${key}: ${valuesText(values)}`);
  return ["", "measured:", ...lines];
}

function valuesText(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  if (sorted.length === 1) return `${median.toFixed(1)} s`;
  return `median ${median.toFixed(1)} s, worst ${(sorted.at(-1) ?? 0).toFixed(1)} s of ${sorted.length} runs`;
}
