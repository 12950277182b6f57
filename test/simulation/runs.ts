/** The ledger of runs: one line a batch, kept in runs.md. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { BatchResult } from "./batch.ts";

const file = "test/simulation/runs.md";
/** After these columns: commit, first seed, seeds, violations, median ms. */
const row = /^\| ([0-9a-f]{7,}\+?) \| (\d+) \| (\d+) \| (\d+) \|/;

/** Adds a batch to the line of its commit that it continues, or as a line of its own. */
export function record(result: BatchResult): void {
  const commit = commitNow();
  const text = readFileSync(file, "utf8");
  writeFileSync(file, withBatch(text, commit, result));
}

/** The ledger's text with a batch in it. */
export function withBatch(
  text: string,
  commit: string,
  result: Pick<BatchResult, "from" | "seeds" | "failed">,
): string {
  const lines = text.trimEnd().split("\n");
  const continued = lines.findIndex((line) => {
    const match = row.exec(line);
    return match?.[1] === commit && Number(match[2]) + Number(match[3]) === result.from;
  });
  const before = row.exec(lines[continued] ?? "");
  const from = before === null ? result.from : Number(before[2]);
  const seeds = result.seeds + Number(before?.[3] ?? 0);
  const failed = result.failed.length + Number(before?.[4] ?? 0);
  const line = `| ${commit} | ${from} | ${seeds} | ${failed} |`;
  if (continued >= 0) lines[continued] = line;
  else lines.push(line);
  return `${lines.join("\n")}\n`;
}

function commitNow(): string {
  const git = (args: readonly string[]): string =>
    execFileSync("git", args, { encoding: "utf8" }).trim();
  const changed = git(["status", "--porcelain", "--", "guardian", "shared", "test"]) !== "";
  // A plus sign: what was played is not what the commit has.
  return git(["rev-parse", "--short=10", "HEAD"]) + (changed ? "+" : "");
}
