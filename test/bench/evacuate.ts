/**
 * `npm run bench -- evacuate`: the guardian's evacuation beside the bare script at the best fixed concurrency,
 * on the same simulated Nova over real HTTP; interleaved pairs, and the median of their ratios.
 */
import { sleep } from "../../shared/loop.ts";
import { evacuateBarely } from "./floor/evacuate.ts";
import { guard, startSmallCloud, type SmallCloud } from "./small-cloud.ts";

const concurrencies = [4, 8, 16] as const;
const pairs = 7;
const giveUpMs = 120_000;

/** Prints the floor, each pair, and the medians. */
export async function benchEvacuate(servers = 20): Promise<void> {
  const floors = new Map<number, number>();
  for (const concurrency of concurrencies) {
    const ms = await floorRun(servers, concurrency);
    floors.set(concurrency, ms);
    console.log(`floor, ${servers} servers, ${concurrency} at once: ${seconds(ms)}`);
  }
  const [best = 8] = [...floors].sort(([, a], [, b]) => a - b)[0] ?? [];
  const ratios: number[] = [];
  const engines: number[] = [];
  const bares: number[] = [];
  for (let pair = 1; pair <= pairs; pair += 1) {
    const engine = await engineRun(servers);
    const bare = await floorRun(servers, best);
    engines.push(engine.movedMs);
    bares.push(bare);
    ratios.push(engine.movedMs / bare);
    console.log(
      `pair ${pair}: guardian ${seconds(engine.movedMs)} (first call ${seconds(engine.firstCallMs)} after the power loss), floor ${seconds(bare)}, ratio ${(engine.movedMs / bare).toFixed(2)}`,
    );
  }
  console.log(
    `${servers} servers, medians of ${pairs} interleaved pairs: guardian ${seconds(median(engines))}, floor (${best} at once) ${seconds(median(bares))}, ratio ${median(ratios).toFixed(2)} (wanted: at most 1.15)`,
  );
}

/** A cloud of its own, its host dead and forced down; then the bare script. */
async function floorRun(servers: number, concurrency: number): Promise<number> {
  const small = await startSmallCloud(servers);
  small.dead.powerLoss();
  small.nova.updateService(small.nova.service(small.dead.name), { forced_down: true });
  const { authUrl, endpoint } = small.cloud;
  const login = { authUrl: `${authUrl}/v3`, password: "s3cret", project: "admin" };
  const target = { ...login, endpoint, source: small.dead.name, servers: small.servers };
  const ms = await evacuateBarely(target, concurrency);
  await small.cloud.close();
  return ms;
}

interface EngineRun {
  /** From the first evacuate call to the last server that runs elsewhere. */
  readonly movedMs: number;
  readonly firstCallMs: number;
}

async function engineRun(servers: number): Promise<EngineRun> {
  const small = await startSmallCloud(servers);
  const guardian = guard(small);
  await sleep(settleMs);
  const lostMs = performance.now();
  small.dead.powerLoss();
  try {
    await until("the first call", () => small.nova.migrations.length > 0);
    const firstMs = small.nova.migrations[0]?.acceptedMs ?? 0;
    await until("the last server", () => remaining(small) === 0);
    if (small.nova.doubleStarts.length > 0) throw new Error("a server was started twice");
    return { movedMs: performance.now() - firstMs, firstCallMs: firstMs - lostMs };
  } finally {
    await guardian.stop();
    await small.cloud.close();
  }
}

/** Long enough for the guardian to have seen every host fresh, with steady eyes. */
const settleMs = 17_000;

function remaining({ nova, dead }: SmallCloud): number {
  nova.settle();
  return [...nova.servers.values()].filter(({ host }) => host === dead.name).length;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + giveUpMs;
  while (!holds()) {
    if (performance.now() > giveUpAt) throw new Error(`${what} did not come within ${giveUpMs} ms`);
    await sleep(20);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
