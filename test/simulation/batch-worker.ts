/** One of a batch's workers: plays every n-th seed and says what came of it, in portions. */
import { parentPort, workerData } from "node:worker_threads";
import { add, type Counts } from "./coverage.ts";
import { play } from "./play.ts";
import { makePlan } from "./plan.ts";
import { withPoisonedGlobals } from "./poisoned.ts";

export interface WorkerTask {
  readonly from: number;
  readonly seeds: number;
  readonly step: number;
  readonly offset: number;
}

/** What a worker reports after each portion of its seeds. */
export interface Portion {
  readonly seeds: number;
  readonly counts: Counts;
  readonly evacuateCalls: number;
  readonly powerOffs: number;
  readonly milliseconds: readonly number[];
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  /** The hashes of all its seeds, in their order, folded into one. */
  readonly hashes: readonly { readonly seed: number; readonly hash: string }[];
}

const portionSeeds = 25;

/** Plays some seeds, one after the other. */
export function playPortion(seeds: readonly number[]): Portion {
  const counts: Counts = {};
  const milliseconds: number[] = [];
  const failed: { seed: number; violations: readonly string[] }[] = [];
  const hashes: { seed: number; hash: string }[] = [];
  let evacuateCalls = 0;
  let powerOffs = 0;
  for (const seed of seeds) {
    const from = performance.now();
    const result = withPoisonedGlobals(() => play(makePlan(seed)));
    milliseconds.push(performance.now() - from);
    add(counts, Object.fromEntries(result.reached.map((name) => [name, 1])));
    evacuateCalls += result.evacuateCalls;
    powerOffs += result.powerOffs;
    hashes.push({ seed, hash: result.hash });
    if (result.violations.length > 0) failed.push({ seed, violations: result.violations });
  }
  return {
    seeds: seeds.length,
    counts,
    evacuateCalls,
    powerOffs,
    milliseconds,
    failed,
    hashes,
  };
}

function work({ from, seeds, step, offset }: WorkerTask): void {
  let portion: number[] = [];
  for (let seed = from + offset; seed < from + seeds; seed += step) {
    portion.push(seed);
    if (portion.length < portionSeeds) continue;
    parentPort?.postMessage(playPortion(portion));
    portion = [];
  }
  if (portion.length > 0) parentPort?.postMessage(playPortion(portion));
}

if (parentPort !== null) work(workerData as WorkerTask);
