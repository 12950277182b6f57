/** Whole collectors beside a real influxd: what hosts cost as they grow, and whether anything is lost. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "../../shared/loop.ts";
import { createCollectorFixture, type StartedCollector } from "../support/collector-fixture.ts";
import { cpuOf, sendReports } from "./children.ts";
import { startInfluxd } from "./rivals.ts";

interface Run {
  readonly hosts: number;
  readonly servers: number;
  readonly collectors: number;
}

const runs: readonly Run[] = [
  { hosts: 1000, servers: 30, collectors: 1 },
  { hosts: 100, servers: 0, collectors: 1 },
  { hosts: 1000, servers: 0, collectors: 1 },
  { hosts: 10_000, servers: 0, collectors: 2 },
];

/** As deploy/guardian-collector.service starts it; only root may. */
const through = process.getuid?.() === 0 ? ["nice", "-n", "-5"] : [];

/** Each run lasts so many seconds at 1 Hz. */
export async function benchDaemons(folder: string, seconds: number): Promise<void> {
  if (!existsSync("/usr/bin/influxd")) {
    console.log("left out: whole collectors; Debian's package influxdb is not installed");
    return;
  }
  const influxd = startInfluxd(join(folder, "influx-store"), 18_086);
  await sleep(3000);
  const body = new URLSearchParams({ q: "CREATE DATABASE guardian" });
  await fetch("http://127.0.0.1:18086/query", { method: "POST", body });
  const policy = 'CREATE RETENTION POLICY "servers" ON "guardian" DURATION 24h REPLICATION 1';
  await fetch("http://127.0.0.1:18086/query", {
    method: "POST",
    body: new URLSearchParams({ q: policy }),
  });
  console.log(`whole collectors at 1 Hz beside influxd 1.6.7, ${seconds} s each:`);
  for (const run of runs) await benchRun(run, seconds, influxd.pid ?? 0);
  influxd.kill();
}

async function benchRun(run: Run, seconds: number, influxPid: number): Promise<void> {
  const fixtures = Array.from({ length: run.collectors }, () =>
    createCollectorFixture(
      `{ kind: influx, influx: { url: "http://127.0.0.1:18086", poisonFile: SPOOL.poison }, spool: { directory: SPOOL } }`,
    ),
  );
  const started = await Promise.all(fixtures.map((fixture) => fixture.start({ through })));
  const targets = fixtures.map(({ directory }, at) => ({
    port: started[at]?.port ?? 0,
    master: masterIn(directory),
  }));
  let before: readonly number[] = [];
  let lostBefore: readonly number[] = [];
  let influxBefore = 0;
  let fromMs = 0;
  const orders = { targets, seconds, perSecond: run.hosts, epoch: 5000 };
  const { sent } = await sendReports(
    { ...orders, hosts: run.hosts, servers: run.servers },
    async () => {
      const lost = await Promise.all(started.map((one) => ledgerOf(one)));
      lostBefore = lost.map(({ dropped }) => dropped);
      before = started.map(({ process }) => cpuOf(process.pid));
      influxBefore = cpuOf(influxPid);
      fromMs = performance.now();
      await sleep(seconds * 1000 - 500);
      const lastedMs = performance.now() - fromMs;
      const shares = started.map(
        ({ process }, at) => (cpuOf(process.pid) - (before[at] ?? 0)) / lastedMs / 10,
      );
      const influx = (cpuOf(influxPid) - influxBefore) / lastedMs / 10;
      const perHost = ((Math.max(...shares) / 100) * 1e6) / run.hosts;
      console.log(
        `  ${run.hosts} hosts, ${run.servers} servers each: ${shares.map((one) => `${one.toFixed(1)} %`).join(" and ")} of a core ` +
          `(influxd ${influx.toFixed(1)} %); ${perHost.toFixed(0)} us a host and second`,
      );
    },
  );
  await sleep(2500);
  const ledgers = await Promise.all(started.map((one) => ledgerOf(one)));
  const sums = ledgers.map(({ expected, missing, dropped }, at) => {
    const inPace = dropped - (lostBefore[at] ?? 0);
    return `expected ${expected}, missing ${missing}; dropped ${dropped}, of these ${inPace} after all were known`;
  });
  console.log(`    sent ${sent}; ${sums.join(" | ")}`);
  for (const { process } of started) await process.end("SIGKILL");
  for (const fixture of fixtures) fixture.remove();
}

function masterIn(directory: string): string {
  const text = readFileSync(join(directory, "master.json"), "utf8");
  const { keys } = JSON.parse(text) as { readonly keys: readonly { readonly key: string }[] };
  return keys[0]?.key ?? "";
}

async function ledgerOf({ livePort }: StartedCollector) {
  const text = await (await fetch(`http://127.0.0.1:${livePort}/metrics`)).text();
  const read = (name: string): number =>
    Number(new RegExp(`^guardian_collector_${name} (\\S+)$`, "m").exec(text)?.[1]);
  return {
    expected: read("datagrams_expected_total"),
    missing: read("datagrams_missing"),
    dropped: read("datagrams_dropped_total"),
  };
}
