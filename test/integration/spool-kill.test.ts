/**
 * kill -9 of a real collector at seeded points of what it does to its spool's files, or in between, while the store comes
 * and goes: every record that reached the spool is in the store at the end, once by its key. 30 kills here, as far as they
 * fit into 16 s; SPOOL_KILLS of them in `npm run test:crash`.
 */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { test, type TestContext } from "node:test";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { integerBetween, seededRandom } from "../../shared/random.ts";
import { importKey, signDatagram } from "../../shared/wire-auth.ts";
import { createCollectorFixture, type StartedCollector } from "../support/collector-fixture.ts";
import { startFakeInflux, type FakeInflux } from "../support/fake-influx.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";
import { spooledLiveness } from "../support/spool-contents.ts";
import { waitFor } from "../support/wait-for.ts";

const kills = Number(process.env["SPOOL_KILLS"] ?? 30);
const all = process.env["SPOOL_KILLS"] !== undefined;
const budgetMs = 16_000;
const environment = {
  ...(process.env as Record<string, string>),
  NODE_OPTIONS: `--import ${new URL("../support/kill-at.js", import.meta.url).href}`,
};
const seed = Number(process.env["SPOOL_SEED"] ?? 20_261_123);
const hosts = Array.from({ length: 8 }, (_, index) => `compute-${index + 1}`);
const healthy = { kind: "liveness", checks: healthyChecks } as const;

/** Reports of all hosts, one after the other, until it is stopped; the store is away for a part of the time. */
function createTraffic(fixture: ReturnType<typeof createCollectorFixture>) {
  const socket = createSocket("udp4");
  const keys = new Map(hosts.map((host) => [host, importKey(fixture.keyOf(host))]));
  let sequence = 0;
  return {
    round(port: number): void {
      sequence += 1;
      for (const [host, key] of keys) {
        const bytes = signDatagram(key, sampleHeader({ host: hostName(host), sequence }), [
          healthy,
        ]);
        socket.send(bytes, port, "127.0.0.1");
      }
    },
    close: () => socket.close(),
  };
}

async function metric({ livePort }: StartedCollector, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${livePort}/metrics`)).text();
  return Number(new RegExp(`^guardian_collector_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

async function place(t: TestContext, bytesMax: number) {
  const influx = await startFakeInflux();
  const store = `{ kind: influx, influx: { url: "${influx.url}", poisonFile: SPOOL.poison }, `;
  const fixture = createCollectorFixture(
    `${store}spool: { directory: SPOOL, bytesMax: ${bytesMax} } }`,
  );
  const traffic = createTraffic(fixture);
  t.after(async () => {
    traffic.close();
    fixture.remove();
    await influx.close();
  });
  return { influx, fixture, traffic };
}

/** What the store does to requests in the next life of the collector. */
function setMood(influx: FakeInflux, mood: number): void {
  influx.failWith = mood < 0.5 ? { status: 503 } : undefined;
  influx.beforeWrite = mood < 0.8 ? undefined : () => sleep(150);
}

test(`${kills} kills at seeded moments: what reached the spool reaches the store, once`, async (t) => {
  const random = seededRandom(seed);
  const { influx, fixture, traffic } = await place(t, 64 * 1024 * 1024);
  const owed = new Set<string>();
  const startedMs = Date.now();
  let [killed, livesThatSpooled, atFiles] = [0, 0, 0];
  while (killed < kills && (all || Date.now() - startedMs < budgetMs)) {
    setMood(influx, random.next());
    const at = String(integerBetween(random, 1, 9));
    const waitMs = integerBetween(random, 200, 1500);
    const { process, started } = fixture.launch({
      env: { ...environment, KILL_AT: at, KILL_BELOW: fixture.spool },
    });
    const collector = await started.catch(() => undefined);
    const untilMs = Date.now() + waitMs;
    // Half of the lives see the store come back, or go, in their middle.
    const turnsMs = Date.now() + integerBetween(random, 0, 1500);
    while (collector !== undefined && Date.now() < untilMs && !process.gone()) {
      traffic.round(collector.port);
      if (Date.now() > turnsMs && random.next() < 0.1) setMood(influx, random.next());
      await sleep(10);
    }
    if (process.gone()) atFiles += 1;
    assert.equal(await process.end("SIGKILL"), "SIGKILL", process.lines.at(-1));
    const left = spooledLiveness(fixture.spool);
    if (left.length > 0) livesThatSpooled += 1;
    for (const key of left) owed.add(key);
    killed += 1;
    if (killed % 20 === 0) t.diagnostic(`${killed} kills, ${owed.size} records were spooled`);
  }
  setMood(influx, 0.6);
  const last = await fixture.start();
  await waitFor(
    "an empty spool",
    async () => ((await metric(last, "spool_liveness")) === 0 ? true : undefined),
    20_000,
  );
  assert.equal(await metric(last, "spool_liveness_refused_total"), 0);
  assert.equal(await metric(last, "spool_damaged_total"), 0);
  assert.equal(await last.process.end("SIGTERM"), 0);
  assert.ok(killed >= Math.min(kills, 5) && livesThatSpooled > 0, `${killed} kills`);
  const lost = [...owed].filter((key) => !influx.liveness.has(key));
  assert.deepEqual(lost, [], `${lost.length} of ${owed.size} spooled records are lost`);
  for (const [key, points] of influx.liveness) {
    assert.equal(points.size, 1, `${key} is ${points.size} points: ${[...points].join(", ")}`);
  }
  t.diagnostic(`${killed} kills, ${atFiles} of them in the middle of a file's change`);
  t.diagnostic(`${owed.size} records were spooled, ${influx.liveness.size} are in the store`);
});
