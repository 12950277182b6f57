/**
 * The ledger of runs: one line for each state of the code that was played, kept in runs.md. A run
 * depends on the reducer, the simulated world and the judge, and on nothing else: batches of commits
 * that have these in common are counted together.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BatchResult } from "./batch.ts";

const file = "test/simulation/runs.md";
/** What follows a file's imports and re-exports of our own files; those of types alone run nothing. */
const imported = /^(?:import|export) (?!type )[^;]*?from "(\.[^"]+)";/gm;
/** Columns: code, commit, first seed, seeds, seeds that failed. */
const row = /^\| ([0-9a-f]{7,}) \| [0-9a-f]{7,} \| (\d+) \| (\d+) \| (\d+) \|/;

/** Adds a batch to the line of its code that it continues, or as a line of its own. */
export function record(result: BatchResult): void {
  const text = readFileSync(file, "utf8");
  const commit = git(["rev-parse", "--short=10", "HEAD"]);
  writeFileSync(file, withBatch(text, { code: codeNow(), commit }, result));
}

/** The ledger's text with a batch in it. */
export function withBatch(
  text: string,
  { code, commit }: { readonly code: string; readonly commit: string },
  result: Pick<BatchResult, "from" | "seeds" | "failed">,
): string {
  const lines = text.trimEnd().split("\n");
  const continued = lines.findIndex((line) => {
    const match = row.exec(line);
    return match?.[1] === code && Number(match[2]) + Number(match[3]) === result.from;
  });
  const before = row.exec(lines[continued] ?? "");
  const from = before === null ? result.from : Number(before[2]);
  const seeds = result.seeds + Number(before?.[3] ?? 0);
  const failed = result.failed.length + Number(before?.[4] ?? 0);
  const line = `| ${code} | ${commit} | ${from} | ${seeds} | ${failed} |`;
  if (continued >= 0) lines[continued] = line;
  else lines.push(line);
  return `${lines.join("\n")}\n`;
}

/** A hash of the sources that a run depends on, as they are on the disk: a change that no run sees
 * (another test's fixture, a page of the shell) goes on counting with what was played before it. */
function codeNow(): string {
  const hash = createHash("sha256");
  for (const path of [...reachedFrom("test/simulation/batch-worker.ts")].sort()) {
    hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 10);
}

/** A source and all that it imports, directly or not, for more than its types. */
export function reachedFrom(first: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(first)) return seen;
  seen.add(first);
  for (const [, specifier] of readFileSync(first, "utf8").matchAll(imported)) {
    reachedFrom(join(dirname(first), specifier ?? ""), seen);
  }
  return seen;
}

function git(args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}
