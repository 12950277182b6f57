/**
 * `npm run bench -- core`: rounds of the real reducer over clouds of 100 to 10,000 hosts, healthy and
 * with a tenth of them silent at once, beside the floor: touching every host once.
 */
import { endMs, makePlan } from "../simulation/plan.ts";
import { play } from "../simulation/play.ts";
import { BigCloud } from "./big-cloud.ts";

const limits = { healthyMs: 50, silentMs: 200 };

interface Figures {
  readonly hosts: number;
  readonly medianMs: number;
  readonly worstMs: number;
  readonly floorMs: number;
  readonly heapMb: number;
}

/** Prints the figures; the process fails when one is above its limit. */
export function benchCore(): void {
  const rows = [100, 1000, 10_000].map(healthy);
  const first = rows[0];
  console.log("one round, all hosts healthy");
  for (const row of rows) {
    const us = (row.medianMs * 1000) / row.hosts;
    const base = first === undefined ? us : (first.medianMs * 1000) / first.hosts;
    const bytes = (row.heapMb * 1024 * 1024) / row.hosts;
    console.log(
      `  ${row.hosts.toString().padStart(6)} hosts  median ${row.medianMs.toFixed(2)} ms, worst ${row.worstMs.toFixed(2)} ms; ` +
        `${us.toFixed(2)} us a host = ${(us / base).toFixed(2)} x that of 100 hosts; ` +
        `${(row.medianMs / row.floorMs).toFixed(0)} x touching each host once; ${(bytes / 1024).toFixed(1)} KiB a host`,
    );
  }
  const storm = silentAtOnce(10_000, 1000);
  console.log(
    `10,000 hosts, 1,000 silent at once: median ${storm.medianMs.toFixed(1)} ms, worst round ${storm.worstMs.toFixed(1)} ms; ` +
      `answers of one second ${storm.answersMs.toFixed(0)} ms`,
  );
  tellSimulated();
  const big = rows.at(-1)?.medianMs ?? Number.NaN;
  check(
    `10,000 healthy hosts: median ${big.toFixed(1)} ms <= ${limits.healthyMs} ms`,
    big <= limits.healthyMs,
  );
  check(
    `1,000 silent at once: worst ${storm.worstMs.toFixed(1)} ms <= ${limits.silentMs} ms`,
    storm.worstMs <= limits.silentMs,
  );
}

/** How much of a cloud's life the simulation plays in a second of one core, judge and all. */
function tellSimulated(): void {
  const hourMs = 3_600_000;
  const yearMs = 365.25 * 24 * hourMs;
  for (let seed = 1; seed <= simulatedSeeds; seed += 1) play(makePlan(seed));
  let hostMs = 0;
  const from = process.hrtime.bigint();
  for (let seed = 1; seed <= simulatedSeeds; seed += 1) {
    const plan = makePlan(seed);
    hostMs += plan.cloud.hosts * endMs;
    play(plan);
  }
  const seconds = Number(process.hrtime.bigint() - from) / 1e9;
  const hours = hostMs / hourMs / seconds;
  console.log(
    `simulation: ${hours.toFixed(1)} host-hours a second = ${((hours * hourMs) / yearMs).toFixed(5)} host-years, ` +
      `${((1000 * seconds) / simulatedSeeds).toFixed(0)} ms a seed of 15 minutes`,
  );
}

const simulatedSeeds = 60;

function check(text: string, holds: boolean): void {
  console.log(`${holds ? "holds " : "MISSED"}  ${text}`);
  if (!holds) process.exitCode = 1;
}

function healthy(hosts: number): Figures {
  const before = heapUsed();
  const cloud = new BigCloud(hosts);
  const ticks: number[] = [];
  for (let second = 0; second < 30; second += 1) {
    const { tickMs } = cloud.second();
    // The first seconds are the compiler's; hosts must be steadily fresh, too.
    if (second >= 14) ticks.push(...tickMs);
  }
  const heapMb = (heapUsed() - before) / 1024 / 1024;
  const { medianMs, worstMs } = summary(ticks);
  return { hosts, medianMs, worstMs, floorMs: floor(cloud), heapMb };
}

/** Needs `--expose-gc` for a figure that means something; else what the heap holds now. */
function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function floor(cloud: BigCloud): number {
  const times: number[] = [];
  for (let round = 0; round < 40; round += 1) {
    const from = process.hrtime.bigint();
    let fresh = 0;
    for (const host of cloud.state.hosts.values()) if (host.freshSince !== undefined) fresh += 1;
    times.push(Number(process.hrtime.bigint() - from) / 1e6);
    if (fresh === 0) throw new Error("no host is fresh: the bench measures nothing");
  }
  return summary(times).medianMs;
}

function silentAtOnce(
  hosts: number,
  silent: number,
): { readonly medianMs: number; readonly worstMs: number; readonly answersMs: number } {
  const cloud = new BigCloud(hosts);
  for (let second = 0; second < 16; second += 1) cloud.second();
  cloud.silent = new Set(cloud.names.slice(0, silent));
  const ticks: number[] = [];
  let answersMs = 0;
  for (let second = 0; second < 20; second += 1) {
    const { tickMs, answerMs } = cloud.second();
    ticks.push(...tickMs);
    answersMs = Math.max(answersMs, answerMs);
  }
  const judged = cloud.state.census.trouble.length;
  if (judged !== silent) throw new Error(`${judged} in trouble, not ${silent}`);
  return { ...summary(ticks), answersMs };
}

function summary(values: readonly number[]): {
  readonly medianMs: number;
  readonly worstMs: number;
} {
  const sorted = [...values].sort((left, right) => left - right);
  return {
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    worstMs: sorted.at(-1) ?? Number.NaN,
  };
}
