/** A store that is away, slow, picky or of another version: what is kept, what comes back, and who looks silent meanwhile. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createInfluxTelemetry } from "../../guardian/shell/influx-telemetry.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import type { TelemetrySnapshot } from "../../shared/telemetry.ts";
import { importKey, signDatagram } from "../../shared/wire-auth.ts";
import { createCollectorFixture, type StartedCollector } from "../support/collector-fixture.ts";
import { startFakeInflux, type FakeInflux } from "../support/fake-influx.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";
import { startProbes } from "../support/reporting-probes.ts";
import { waitFor } from "../support/wait-for.ts";

async function place(t: TestContext, influx: FakeInflux, more = "") {
  const fixture = createCollectorFixture(
    `{ kind: influx, influx: { url: "${influx.url}", poisonFile: SPOOL.poison${more} }, spool: { directory: SPOOL } }`,
  );
  const running: StartedCollector[] = [];
  const socket = createSocket("udp4");
  t.after(async () => {
    socket.close();
    for (const { process } of running) await process.end("SIGKILL");
    fixture.remove();
    await influx.close();
  });
  return {
    fixture,
    start: async (): Promise<StartedCollector> => {
      const collector = await fixture.start();
      running.push(collector);
      return collector;
    },
    /** One report; those of a host must rise. */
    send: (port: number, host: string, sequence: number): void => {
      const header = sampleHeader({ host: hostName(host), sequence });
      const key = importKey(fixture.keyOf(host));
      const bytes = signDatagram(key, header, [{ kind: "liveness", checks: healthyChecks }]);
      socket.send(bytes, port, "127.0.0.1");
    },
  };
}

async function metric({ livePort }: StartedCollector, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${livePort}/metrics`)).text();
  return Number(new RegExp(`^guardian_collector_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

function reader(influx: FakeInflux, token?: string) {
  const headers = token === undefined ? {} : { authorization: new Secret(`Token ${token}`) };
  return createInfluxTelemetry({
    url: influx.url,
    database: "guardian",
    retentionPolicy: undefined,
    headers,
    windowMs: 900_000,
  });
}

async function look(store: ReturnType<typeof reader>): Promise<TelemetrySnapshot> {
  const result = await store.read(1000);
  assert.equal(result.kind, "read", JSON.stringify(result));
  return result as TelemetrySnapshot;
}

test("an outage, a kill in the middle of it: every report is in the store afterwards, once, and none of them is fresh", async (t) => {
  const influx = await startFakeInflux();
  const { fixture, start, send } = await place(t, influx);
  const first = await start();
  influx.failWith = { status: 503 };
  const [hosts, reports] = [10, 50];
  for (let sequence = 1; sequence <= reports; sequence += 1) {
    for (let host = 1; host <= hosts; host += 1) send(first.port, `compute-${host}`, sequence);
    await sleep(10);
  }
  await waitFor("all on the disk", async () =>
    (await metric(first, "spool_liveness")) === hosts * reports ? true : undefined,
  );
  assert.equal(influx.liveness.size, 0);
  assert.equal(await first.process.end("SIGKILL"), "SIGKILL");
  const second = await start();
  influx.failWith = undefined;
  await waitFor("an empty spool", async () =>
    influx.liveness.size > 0 && (await metric(second, "spool_liveness")) === 0 ? true : undefined,
  );
  assert.equal(influx.liveness.size, hosts * reports);
  for (const [key, points] of influx.liveness)
    assert.equal(points.size, 1, `${key} is many points`);
  // What the store shows newest of each host is of the epoch that ended: no watermark vouches for it.
  const { liveness, watermarks } = await look(reader(influx));
  assert.deepEqual(new Set(liveness.map((row) => row.collectorEpoch)), new Set([first.epoch]));
  assert.deepEqual(
    watermarks.map(({ epoch }) => epoch),
    [second.epoch],
  );
  assert.equal(watermarks[0]?.ledger.shed, 0);
  assert.throws(() => readFileSync(`${fixture.spool}.poison`), /ENOENT/);
});

test("while history comes back, newest rows and the watermark go before it", async (t) => {
  const influx = await startFakeInflux();
  const { start, send } = await place(t, influx);
  const collector = await start();
  influx.failWith = { status: 503 };
  for (let sequence = 1; sequence <= 400; sequence += 1) {
    send(collector.port, "compute-1", sequence);
    if (sequence % 20 === 0) await sleep(5);
  }
  await waitFor("all on the disk", async () =>
    (await metric(collector, "spool_liveness")) === 400 ? true : undefined,
  );
  // History takes its time, some 30 rows after the other.
  influx.bodyBytesMax = 20_000;
  influx.beforeWrite = () => sleep(100);
  influx.failWith = undefined;
  const store = reader(influx);
  let fresh = 0;
  let sequence = 400;
  await waitFor(
    "history",
    async () => {
      send(collector.port, "compute-1", (sequence += 1));
      const { liveness, watermarks } = await look(store);
      const [row, mark] = [liveness[0], watermarks[0]];
      const ageMs = row && mark ? mark.monoMs - row.arrivalMs : Number.NaN;
      if (ageMs < 2000 && influx.liveness.size < 300) fresh += 1;
      return influx.liveness.size > 400 ? true : undefined;
    },
    20_000,
  );
  await waitFor("the rest", () => (influx.liveness.size === sequence ? true : undefined));
  assert.ok(fresh >= 3, `fresh in ${fresh} looks while history was coming back`);
});

test("each request in flight is held up in turn: nobody turns silent, and never more than four are under way", async (t) => {
  const influx = await startFakeInflux();
  const { fixture, start } = await place(t, influx, ", timeout: 1s");
  const collector = await start();
  const hosts = Array.from({ length: 20 }, (_, index) => `compute-${index}`);
  startProbes(t, hosts, { fixture, port: collector.port, everyMs: 300 });
  const store = reader(influx);
  await waitFor("all", async () => ((await look(store)).liveness.length === 20 ? true : undefined));
  let held = 0;
  // Of each eight requests one is answered late: too late for the collector, or just in time.
  influx.beforeWrite = async (write) => {
    if (write % 8 !== held % 8) return;
    held += 1;
    await sleep(held % 2 === 0 ? 700 : 1500);
  };
  let worstMs = 0;
  let newestMark = 0;
  for (let looks = 0; looks < 160; looks += 1) {
    const { liveness, watermarks } = await look(store);
    const mark = watermarks[0]?.monoMs ?? 0;
    newestMark = Math.max(newestMark, mark);
    assert.equal(liveness.length, 20);
    for (const row of liveness) worstMs = Math.max(worstMs, mark - row.arrivalMs);
    await sleep(50);
  }
  assert.ok(held >= 5, `${held} requests were held up`);
  assert.ok(worstMs < 1500, `a live host looked ${worstMs} ms old`);
  assert.ok(influx.inFlightMax <= 4, `${influx.inFlightMax} requests at once`);
});

for (const status of [401, 403, 404]) {
  test(`${status} keeps the data and says so; nothing is poisoned`, async (t) => {
    const influx = await startFakeInflux();
    const { fixture, start, send } = await place(t, influx);
    influx.failWith = { status };
    const collector = await start();
    send(collector.port, "compute-1", 1);
    const said = await collector.process.logged("store-kept");
    assert.match(String(said["reason"]), new RegExp(`^answered ${status}: `));
    await waitFor("the disk", async () =>
      (await metric(collector, "spool_liveness")) === 1 ? true : undefined,
    );
    influx.failWith = undefined;
    await waitFor("the store", () => (influx.liveness.size === 1 ? true : undefined), 9000);
    assert.throws(() => readFileSync(`${fixture.spool}.poison`), /ENOENT/);
  });
}

for (const version of [2, 3] as const) {
  test(`InfluxDB ${version}, as its documentation says: the client's own path in, InfluxQL out`, async (t) => {
    const influx = await startFakeInflux({ version, token: "s3cret" });
    const more = `, version: ${version}, organization: cloud, tokenFile: SPOOL.token`;
    const { fixture, start, send } = await place(t, influx, more);
    writeFileSync(`${fixture.spool}.token`, "s3cret\n", { mode: 0o600 });
    const collector = await start();
    send(collector.port, "compute-1", 1);
    const seen = await waitFor("row and watermark", async () => {
      const now = await look(reader(influx, "s3cret"));
      return now.liveness.length === 1 && now.watermarks.length === 1 ? now : undefined;
    });
    assert.equal(seen.liveness[0]?.host, "compute-1");
    assert.equal(seen.watermarks[0]?.epoch, collector.epoch);
    const refused = await reader(influx, "wrong").read(1000);
    assert.ok(refused.kind === "failed" && /answered 401/.test(refused.reason));
    assert.ok(!JSON.stringify(collector.process.lines).includes("s3cret"));
    assert.ok(!readFileSync(join(fixture.directory, "collector.yaml"), "utf8").includes("s3cret"));
  });
}

test("history that a broken spool gives up is no lost liveness: whoever reads the live view goes on", async (t) => {
  const influx = await startFakeInflux();
  const { fixture, start, send } = await place(t, influx);
  const collector = await start();
  influx.failWith = { status: 503 };
  rmSync(fixture.spool, { recursive: true, force: true });
  writeFileSync(fixture.spool, "in the way of the directory");
  for (let sequence = 1; sequence <= 30; sequence += 1) {
    send(collector.port, "compute-1", sequence);
    await sleep(20);
  }
  await waitFor("rows that cannot be spooled", async () =>
    (await metric(collector, "spool_liveness_refused_total")) > 0 ? true : undefined,
  );
  assert.equal(await metric(collector, "liveness_shed_total"), 0);
});
