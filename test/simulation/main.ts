/**
 * `npm run simulate -- --seeds N --from S [--workers W] [--log] [--record] [--no-shrink]`: plays
 * seeds, prints those that fail with their shortest story, and what the batch reached.
 */
import { parseArgs } from "node:util";
import { playBatch, type BatchResult } from "./batch.ts";
import { makePlan } from "./plan.ts";
import { play } from "./play.ts";
import { record } from "./runs.ts";
import { shrink, story } from "./shrink.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    log: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    "no-shrink": { type: "boolean", default: false },
  },
});
const from = Number(values.from);
const seeds = Number(values.seeds);
/** Fewer seeds say nothing about how often something occurs. */
const seedsToCount = 200;
const storiesMax = 3;

if (values.log) {
  for (let seed = from; seed < from + seeds; seed += 1) playLoudly(seed);
} else {
  const result = await playBatch({
    from,
    seeds,
    workers: Math.min(Number(values.workers), seeds),
    onProgress: showProgress,
  });
  if (process.stderr.isTTY) process.stderr.write("\r\u001B[K");
  for (const { seed, violations } of result.failed) tellFailure(seed, violations);
  for (const { seed } of result.failed.slice(0, values["no-shrink"] ? 0 : storiesMax)) {
    tellStory(seed);
  }
  tellBatch(result);
  if (values.record) record(result);
  const rare = seeds >= seedsToCount ? result.rare.length : 0;
  process.exitCode = result.failed.length + rare === 0 ? 0 : 1;
}

function playLoudly(seed: number): void {
  const plan = makePlan(seed);
  console.log(`seed ${seed} ${JSON.stringify(plan.cloud)}`);
  const result = play(plan, true);
  console.log(result.log.join("\n"));
  console.log(`hash ${result.hash}`);
  for (const violation of result.violations) console.log(`VIOLATION ${violation}`);
  if (result.violations.length > 0) process.exitCode = 1;
}

function showProgress(played: number, failed: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${played} of ${seeds} seeds, ${failed} failed`);
}

function tellFailure(seed: number, violations: readonly string[]): void {
  console.log(`seed ${seed}: npm run simulate -- --seeds 1 --from ${seed} --log`);
  for (const violation of violations.slice(0, 3)) console.log(`  ${violation}`);
}

function tellStory(seed: number): void {
  const plan = makePlan(seed);
  const { plan: shortest, result, tries } = shrink(plan, play(plan));
  const was = plan.faults.length;
  console.log(`\nseed ${seed} with ${shortest.faults.length} of ${was} faults (${tries} tries):`);
  for (const line of story(result)) console.log(`  ${line}`);
}

function tellBatch(result: BatchResult): void {
  const sorted = Object.entries(result.counts).sort(([one], [two]) => one.localeCompare(two));
  const cells = sorted.map(([name, count]) => `${name} ${count}`);
  console.log(`seeds in which each occurred:\n  ${cells.join("\n  ")}`);
  if (seeds >= seedsToCount) {
    for (const line of result.rare) console.log(`too rare: ${line}`);
  }
  const { powerOffs, evacuateCalls, seconds, medianMs } = result;
  console.log(
    `${powerOffs} off orders, ${evacuateCalls} evacuate calls; ` +
      `${seconds.toFixed(1)} s, median ${medianMs.toFixed(0)} ms a seed`,
  );
  console.log(`${result.seeds - result.failed.length} passed, ${result.failed.length} failed`);
}
