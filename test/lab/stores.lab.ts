/**
 * The collector before real stores: influxd 1.6.7 (written and read), VictoriaMetrics (version 2's write path), and real
 * Ceilometer code that publishes to its second listener. Part of the lab, not of `npm test`.
 * Run: npx tsc -p . && node --test dist/test/lab/stores.lab.js
 */
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createInfluxTelemetry } from "../../guardian/shell/influx-telemetry.ts";
import { sleep } from "../../shared/loop.ts";
import { createCollectorFixture } from "../support/collector-fixture.ts";
import { startProbes } from "../support/reporting-probes.ts";
import { waitFor } from "../support/wait-for.ts";
import { labFolder } from "./lab-scripts.ts";

const hosts = ["compute-1", "compute-2", "compute-3"];
const influxPort = 28_086;
const victoriaPort = 28_428;

function start(t: TestContext, command: string, words: readonly string[]): ChildProcess {
  const child = spawn(command, words, { stdio: "ignore" });
  t.after(() => stop(child));
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

async function answering(url: string): Promise<void> {
  const ok = () =>
    fetch(url).then(
      (answer) => (answer.ok ? true : undefined),
      () => undefined,
    );
  await waitFor(url, ok, 30_000);
}

/** Starts influxd in a folder of its own; again in the same folder, it has its data still. */
async function influxd(t: TestContext, folder: string): Promise<ChildProcess> {
  const config = join(folder, "influxd.conf");
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${influxPort + 2}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
[http]
  bind-address = "127.0.0.1:${influxPort}"
  log-enabled = false
`,
  );
  const child = start(t, "/usr/bin/influxd", ["-config", config]);
  await answering(`http://127.0.0.1:${influxPort}/ping`);
  return child;
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "stores-lab-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function startCollector(t: TestContext, influx: string, config = "") {
  const fixture = createCollectorFixture(
    `{ kind: influx, influx: { ${influx}, poisonFile: SPOOL.poison }, spool: { directory: SPOOL } }`,
  );
  const secretFile = join(fixture.directory, "telemetry.secret");
  writeFileSync(secretFile, "lab-telemetry-secret", { mode: 0o600 });
  const collector = await fixture.start({ config: config.replace("SECRET", secretFile) });
  const probes = startProbes(t, hosts, { fixture, port: collector.port, everyMs: 100 });
  t.after(async () => {
    await collector.process.end("SIGKILL");
    fixture.remove();
  });
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${collector.livePort}/metrics`)).text();
    return Number(new RegExp(`^guardian_collector_${name} (\\S+)$`, "m").exec(text)?.[1]);
  };
  return { fixture, collector, metric, probes };
}

async function influxQuery(query: string): Promise<string> {
  const url = new URL(`http://127.0.0.1:${influxPort}/query`);
  url.searchParams.set("db", "guardian");
  url.searchParams.set("q", query);
  return await (await fetch(url, { method: query.startsWith("CREATE") ? "POST" : "GET" })).text();
}

async function numberIn(query: string): Promise<number> {
  const body = JSON.parse(await influxQuery(query)) as {
    results: { series?: { values: number[][] }[] }[];
  };
  return body.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

async function createDatabase(): Promise<void> {
  await influxQuery('CREATE DATABASE "guardian" WITH DURATION 7d REPLICATION 1');
  await influxQuery('CREATE RETENTION POLICY "servers" ON "guardian" DURATION 24h REPLICATION 1');
}

test("influxd 1.6.7: killed for 5 s and back, it has every report that was taken, each once", async (t) => {
  const folder = folderOf(t);
  const first = await influxd(t, folder);
  await createDatabase();
  const { metric, probes } = await startCollector(t, `url: "http://127.0.0.1:${influxPort}"`);
  const store = createInfluxTelemetry({
    url: `http://127.0.0.1:${influxPort}`,
    database: "guardian",
    retentionPolicy: undefined,
    headers: {},
    windowMs: 900_000,
  });
  const seen = async () => {
    const now = await store.read(2000);
    return now.kind === "read" && now.liveness.length === 3 && now.watermarks.length === 1
      ? now
      : undefined;
  };
  await waitFor("all hosts", seen, 15_000);
  await stop(first);
  await sleep(5000);
  assert.ok((await metric("spool_liveness")) > 50, "nothing waits on the disk");
  await influxd(t, folder);
  const back = Date.now();
  await waitFor(
    "an empty spool",
    async () => ((await metric("spool_liveness")) === 0 ? true : undefined),
    30_000,
  );
  t.diagnostic(`the spool was empty ${Date.now() - back} ms after influxd was back`);
  await Promise.all(probes.map((probe) => probe.close()));
  await waitFor("the last rows", async () =>
    (await metric("liveness_pending")) === 0 ? true : undefined,
  );
  await sleep(1000);
  const taken = await metric("liveness_total");
  const stored = await numberIn('SELECT COUNT("sequence") FROM "host_liveness"');
  t.diagnostic(`${taken} reports taken, ${stored} points stored`);
  assert.equal(stored, taken);
  assert.equal(await metric("spool_liveness_refused_total"), 0);
  assert.ok(await seen());
});

test("real Ceilometer code publishes, and every sample arrives with its value", async (t) => {
  await influxd(t, folderOf(t));
  await createDatabase();
  const section = `\nceilometer: { address: 127.0.0.1, port: 0, secretFile: SECRET }\n`;
  const { collector, metric } = await startCollector(
    t,
    `url: "http://127.0.0.1:${influxPort}"`,
    section,
  );
  const port = String((await collector.process.logged("started"))["ceilometerPort"]);
  const script = join(labFolder, "publish_samples.py");
  const published = spawnSync("/usr/bin/python3", [script, "127.0.0.1", port, "300"], {
    input: "lab-telemetry-secret",
    encoding: "utf8",
  });
  assert.equal(published.status, 0, published.stderr);
  const sent = new Map(
    published.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  assert.equal(sent.size, 300);
  await waitFor("300 samples", async () =>
    (await metric("samples_accepted_total")) === 300 ? true : undefined,
  );
  const values = await waitFor(
    "the store",
    async () => {
      const body = JSON.parse(
        await influxQuery(
          'SELECT "volume", "resource_id", "unit" FROM "servers"."cpu", "servers"."disk.device.read.bytes"',
        ),
      ) as {
        results: { series?: { name: string; values: [string, number, string, string][] }[] }[];
      };
      const rows = body.results[0]?.series?.flatMap(({ values: found }) => found) ?? [];
      return rows.length === 300 ? rows : undefined;
    },
    15_000,
  );
  for (const [, volume, resource] of values) assert.equal(volume, Number(sent.get(resource)));
});

test("VictoriaMetrics takes version 2's write path, and has every host and the watermark", async (t) => {
  const folder = folderOf(t);
  const address = `127.0.0.1:${victoriaPort}`;
  start(t, "/usr/bin/victoria-metrics", [
    `-storageDataPath=${folder}`,
    `-httpListenAddr=${address}`,
  ]);
  await answering(`http://${address}/health`);
  const { metric } = await startCollector(
    t,
    `url: "http://${address}", version: 2, organization: o`,
  );
  const exported = async (
    name: string,
  ): Promise<readonly { metric: Record<string, string>; values: number[] }[]> => {
    const answer = await fetch(`http://${address}/api/v1/export?match[]=${name}`);
    const lines = (await answer.text()).split("\n").filter((line) => line !== "");
    return lines.map(
      (line) => JSON.parse(line) as { metric: Record<string, string>; values: number[] },
    );
  };
  const rows = await waitFor(
    "all hosts",
    async () => {
      const found = await exported("host_liveness_sequence");
      return found.length === 3 && found.every(({ values }) => values.length > 10)
        ? found
        : undefined;
    },
    30_000,
  );
  assert.deepEqual(rows.map(({ metric: labels }) => labels["host"] ?? "").toSorted(), hosts);
  assert.equal((await exported("collector_watermark_mono_ms")).length, 1);
  assert.equal(await metric("store_failures_total"), 0);
});
