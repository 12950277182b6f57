import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createInfluxTelemetry } from "../../guardian/shell/influx-telemetry.ts";
import { createLiveView } from "../../guardian/shell/live-view.ts";
import type { TelemetryStore } from "../../guardian/ports.ts";
import { sleep } from "../../shared/loop.ts";
import { Secret } from "../../shared/secret.ts";
import type { TelemetrySnapshot } from "../../shared/telemetry.ts";
import { createCollectorFixture } from "../support/collector-fixture.ts";
import { startFakeInflux } from "../support/fake-influx.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { startProbes } from "../support/reporting-probes.ts";
import { waitFor } from "../support/wait-for.ts";

async function look(store: TelemetryStore): Promise<TelemetrySnapshot> {
  const result = await store.read(1000);
  assert.equal(result.kind, "read", JSON.stringify(result));
  return result as TelemetrySnapshot;
}

async function started(t: TestContext, hosts: readonly string[]) {
  const influx = await startFakeInflux();
  const scratch = mkdtempSync(join(tmpdir(), "guardian-poison-"));
  const poisonFile = join(scratch, "poison.lines");
  const fixture = createCollectorFixture(
    `{ kind: influx, influx: { url: "${influx.url}", poisonFile: ${poisonFile} }, spool: { directory: SPOOL } }`,
  );
  const collector = await fixture.start();
  startProbes(t, hosts, { fixture, port: collector.port, everyMs: 200 });
  t.after(async () => {
    await collector.process.end("SIGKILL");
    fixture.remove();
    rmSync(scratch, { recursive: true, force: true });
    await influx.close();
  });
  const store = createInfluxTelemetry({
    url: influx.url,
    database: "guardian",
    retentionPolicy: undefined,
    headers: {},
    windowMs: 900_000,
  });
  const url = `http://127.0.0.1:${collector.livePort}`;
  const live = createLiveView({ name: "c1", url, token: new Secret(fixture.token) });
  return { influx, collector, store, live, poisonFile };
}

test("rows and watermark go through InfluxDB and come back the same", async (t) => {
  const { store, live, collector } = await started(t, ["compute-1", "compute-2"]);
  const snapshot = await waitFor("both hosts", async () => {
    const now = await look(store);
    return now.liveness.length === 2 && now.watermarks.length === 1 ? now : undefined;
  });
  assert.deepEqual(snapshot.liveness.map(({ host }) => host).toSorted(), [
    "compute-1",
    "compute-2",
  ]);
  assert.deepEqual(snapshot.liveness[0]?.checks, healthyChecks);
  assert.equal(snapshot.watermarks[0]?.epoch, collector.epoch);
  const [liveRow] = (await look(live)).liveness;
  const stored = snapshot.liveness.find(({ host }) => host === liveRow?.host);
  assert.equal(stored?.bootId, liveRow?.bootId);
});

test("while the store refuses, the watermark stands still and the live view goes on", async (t) => {
  const { influx, store, live, collector } = await started(t, ["compute-1"]);
  await waitFor("a watermark", async () => (await look(store)).watermarks[0]);
  influx.failWith = { status: 503 };
  await sleep(300);
  const before = (await look(store)).watermarks[0]?.monoMs;
  const liveBefore = (await look(live)).watermarks[0]?.monoMs ?? 0;
  await sleep(2000);
  assert.equal((await look(store)).watermarks[0]?.monoMs, before);
  const liveAfter = await look(live);
  assert.ok((liveAfter.watermarks[0]?.monoMs ?? 0) - liveBefore > 1500);
  assert.ok(
    (liveAfter.watermarks[0]?.monoMs ?? 0) - (liveAfter.liveness[0]?.arrivalMs ?? 0) < 1000,
  );
  assert.equal(liveAfter.watermarks[0]?.ledger.shed, 0);
  influx.failWith = undefined;
  await waitFor(
    "a watermark beyond the outage",
    async () => ((await look(store)).watermarks[0]?.monoMs ?? 0) > liveBefore + 2000 || undefined,
    9000,
  );
  assert.ok(collector.process.lines.some((line) => line.includes("store-back")));
});

test("Retry-After is seconds: no hammering of a store that asked for a pause", async (t) => {
  const { influx, store } = await started(t, ["compute-1"]);
  await waitFor("a watermark", async () => (await look(store)).watermarks[0]);
  influx.failWith = { status: 429, retryAfter: "4" };
  await sleep(500);
  const before = influx.writes;
  await sleep(2500);
  assert.ok(influx.writes - before <= 1, `${influx.writes - before} writes`);
});

test("a row that the store refuses for ever is set aside; the others and the watermark go on", async (t) => {
  const hosts = ["compute-1", "compute-2", "compute-3"];
  const { influx, store, live, poisonFile } = await started(t, hosts);
  await waitFor("all", async () => ((await look(store)).liveness.length === 3 ? true : undefined));
  influx.refuseLinesWith = "host=compute-2";
  const shed = await waitFor("shed rows", async () => {
    const ledger = (await look(live)).watermarks[0]?.ledger;
    return ledger !== undefined && ledger.shed > 0 ? ledger.shed : undefined;
  });
  assert.ok(shed >= 1);
  const before = (await look(store)).watermarks[0]?.monoMs ?? 0;
  await waitFor("a later watermark", async () => {
    return ((await look(store)).watermarks[0]?.monoMs ?? 0) > before + 500 ? true : undefined;
  });
  assert.match(readFileSync(poisonFile, "utf8"), /host=compute-2/);
  assert.doesNotMatch(readFileSync(poisonFile, "utf8"), /host=compute-1/);
});

test("a store that refuses every row gets none of them set aside, and no watermark", async (t) => {
  const { influx, store, live, collector } = await started(t, ["compute-1", "compute-2"]);
  await waitFor("a watermark", async () => (await look(store)).watermarks[0]);
  influx.refuseLinesWith = "arrival_ms=";
  await waitFor("the complaint", () =>
    collector.process.lines.some((line) => line.includes("refuses every row")) ? true : undefined,
  );
  const before = (await look(store)).watermarks[0]?.monoMs;
  await sleep(1200);
  assert.equal((await look(store)).watermarks[0]?.monoMs, before);
  assert.equal((await look(live)).watermarks[0]?.ledger.shed, 0);
});
