/**
 * The ledger of runs: one line for each state of the code that was played, kept in runs.md. A run
 * depends on the reducer, the simulated world and the judge, and on nothing else: batches of commits
 * that have these in common are counted together.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { BatchResult } from "./batch.ts";

const file = "test/simulation/runs.md";
/** What a run depends on. */
const played = ["guardian/core", "guardian/ports.ts", "shared", "test/simulation", "test/support"];
/** Columns: code, commit, first seed, seeds, seeds that failed. */
const row = /^\| ([0-9a-f]{7,}\+?) \| [0-9a-f]{7,} \| (\d+) \| (\d+) \| (\d+) \|/;

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

/** A hash of the sources that a run depends on; a plus sign: as HEAD has them, and changed since. */
function codeNow(): string {
  const listed = git(["ls-tree", "-r", "HEAD", "--", ...played]).split("\n");
  const sources = listed.filter((line) => line.endsWith(".ts")).join("\n");
  const changed = git(["status", "--porcelain", "--", ...played, ":!test/simulation/runs.md"]);
  const hash = createHash("sha256").update(sources).digest("hex").slice(0, 10);
  return hash + (changed === "" ? "" : "+");
}

function git(args: readonly string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}
