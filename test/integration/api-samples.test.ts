/** Samples through the API, from either store, as the collector wrote them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createInfluxWriter } from "../../collector/shell/influx-writer.ts";
import { createSqliteWriter } from "../../collector/shell/sqlite-writer.ts";
import {
  createInfluxSamples,
  createSqliteSamples,
  type SampleReader,
} from "../../guardian/shell/samples.ts";
import { silentLogger } from "../../shared/log.ts";
import { collectorId } from "../../shared/names.ts";
import { apiFixture } from "../support/api-fixture.ts";
import { startFakeInflux } from "../support/fake-influx.ts";

const api = "/api/v1";
const base = Date.parse("2026-11-22T09:00:00Z");

/** Three samples share each instant. */
const rows = [
  ...Array.from({ length: 10 }, (_, n) => row(n, "cpu")),
  row(1, "memory.usage"),
  { ...row(2, "cpu"), resourceId: "vm-2", volume: 77 },
];

function row(n: number, name: string) {
  return {
    wallMs: base + Math.floor(n / 3) * 1000,
    collector: collectorId("c1"),
    name,
    type: "gauge" as const,
    unit: "=1+1",
    volume: n,
    resourceId: "vm-1",
    projectId: "p",
    source: "test",
  };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "guardian-samples-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function inSqlite(t: TestContext): Promise<SampleReader> {
  const file = join(folderOf(t), "telemetry.db");
  const keeping = { historyForMs: 1e9, historyEveryMs: 1000, bytesMax: 1e9 };
  const writer = createSqliteWriter({ file, ...keeping });
  assert.equal((await writer.writeSamples(rows)).kind, "stored");
  writer.close();
  return createSqliteSamples(file);
}

async function inInflux(t: TestContext): Promise<SampleReader> {
  const influx = await startFakeInflux();
  t.after(() => influx.close());
  const writer = createInfluxWriter({
    url: influx.url,
    version: 1,
    database: "guardian",
    organization: "",
    retentionPolicy: undefined,
    serversRetentionPolicy: "servers",
    writePath: undefined,
    timeoutMs: 5000,
    headers: {},
    poisonFile: join(folderOf(t), "poison.lines"),
    log: silentLogger,
  });
  assert.equal((await writer.writeSamples(rows)).kind, "stored");
  writer.close();
  const where = { url: influx.url, database: "guardian", retentionPolicy: "servers" };
  return createInfluxSamples({ ...where, headers: {} });
}

for (const [store, make] of [
  ["SQLite", inSqlite],
  ["InfluxDB", inInflux],
] as const) {
  test(`samples in ${store} come by meter, resource and time, page by page, as JSON and as CSV`, async (t) => {
    const samples = await make(t);
    t.after(() => samples.close());
    const { ask } = await apiFixture(t, { parts: { samples } });
    const meters = await ask("GET", `${api}/meters`, "viewer");
    assert.deepEqual(meters.body, [{ meter: "cpu" }, { meter: "memory.usage" }]);
    const volumes: number[] = [];
    const query = "meter=cpu&resource=vm-1&from=2026-11-22T09:00:00Z&to=2026-11-22T10:00:00Z";
    let path: string | undefined = `${api}/samples?${query}&limit=2`;
    while (path !== undefined) {
      const answer = await ask("GET", path, "viewer");
      volumes.push(...(answer.body as readonly { volume: number }[]).map(({ volume }) => volume));
      path = /<([^>]+)>/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    assert.deepEqual(volumes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "three share each instant");
    const csv = await ask("GET", `${api}/samples?${query}&format=csv`, "viewer");
    assert.match(csv.text, /^time,meter,resource,project,type,unit,volume\r\n/);
    assert.match(csv.text, /,'=1\+1,0\r\n/, "no formula");
    const until = await ask(
      "GET",
      `${api}/samples?${query.replace("10:00:00", "09:00:01")}`,
      "viewer",
    );
    assert.equal((until.body as readonly unknown[]).length, 6, "the end counts in");
    const quoted = await ask("GET", `${api}/samples?meter=a"b&resource=x`, "viewer");
    assert.equal(quoted.status, 400);
    const none = await ask("GET", `${api}/samples?meter=none&resource=x`, "viewer");
    assert.deepEqual(none.body, []);
  });
}

test("a store that does not answer is said to, with its address", async (t) => {
  const influx = await startFakeInflux();
  await influx.close();
  const where = { url: influx.url, database: "guardian", retentionPolicy: "servers" };
  const samples = createInfluxSamples({ ...where, headers: {} });
  const { ask } = await apiFixture(t, { parts: { samples } });
  const answer = await ask("GET", `${api}/meters`, "viewer");
  assert.equal(answer.status, 502);
  assert.match(answer.detail, /samples http:\/\/127.0.0.1:\d+: /);
});
