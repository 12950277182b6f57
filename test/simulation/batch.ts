/** A batch: many seeds on a few workers, what they reached, and which of them failed. */
import { Worker } from "node:worker_threads";
import { add, belowFloor, type Counts } from "./coverage.ts";
import type { Portion, WorkerTask } from "./batch-worker.ts";

export interface BatchResult {
  readonly from: number;
  readonly seeds: number;
  readonly counts: Counts;
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  /** What occurred too rarely to show anything. */
  readonly rare: readonly string[];
  readonly evacuateCalls: number;
  readonly powerOffs: number;
  /** Of one seed, on one worker. */
  readonly medianMs: number;
  readonly seconds: number;
  readonly hashes: ReadonlyMap<number, string>;
}

interface Task {
  readonly from: number;
  readonly seeds: number;
  readonly workers: number;
  readonly onProgress?: (played: number, failed: number) => void;
}

/** Plays seeds `from` … `from + seeds - 1`. */
export async function playBatch(task: Task): Promise<BatchResult> {
  const startedAt = performance.now();
  const portions: Portion[] = [];
  let played = 0;
  let failed = 0;
  const take = (portion: Portion): void => {
    portions.push(portion);
    played += portion.seeds;
    failed += portion.failed.length;
    task.onProgress?.(played, failed);
  };
  const { from, seeds, workers } = task;
  const runs = Array.from({ length: workers }, (_, offset) =>
    runWorker({ from, seeds, step: workers, offset }, take),
  );
  await Promise.all(runs);
  return resultOf(task, portions, (performance.now() - startedAt) / 1000);
}

function runWorker(task: WorkerTask, take: (portion: Portion) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    // Rounds leave much behind that is garbage at once: a large nursery spares most of its copying.
    const resourceLimits = { maxYoungGenerationSizeMb: 96 };
    const options = { workerData: task, resourceLimits };
    const worker = new Worker(new URL("./batch-worker.js", import.meta.url), options);
    worker.on("message", take);
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a worker ended with code ${code}`));
    });
  });
}

function resultOf(task: Task, portions: readonly Portion[], seconds: number): BatchResult {
  const counts: Counts = {};
  for (const portion of portions) add(counts, portion.counts);
  const times = portions.flatMap(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const hashes = portions.flatMap((portion) => portion.hashes);
  return {
    from: task.from,
    seeds: task.seeds,
    counts,
    failed: portions.flatMap((portion) => portion.failed).sort((a, b) => a.seed - b.seed),
    rare: belowFloor(counts, task.seeds),
    evacuateCalls: portions.reduce((sum, portion) => sum + portion.evacuateCalls, 0),
    powerOffs: portions.reduce((sum, portion) => sum + portion.powerOffs, 0),
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
    seconds,
    hashes: new Map(hashes.map(({ seed, hash }) => [seed, hash])),
  };
}
