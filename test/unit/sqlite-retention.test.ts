import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createSqliteWriter } from "../../collector/shell/sqlite-writer.ts";
import type { SampleRow, TimedRow } from "../../collector/ports.ts";
import { openDatabase } from "../../guardian/shell/sqlite.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import { monoMs } from "../../shared/time.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

const hour = 3_600_000;

function rowOf(host: string, wallMs: number): TimedRow {
  const { path, bootId, probeEpoch, sentWallMs, sent, sendErrors } = sampleHeader();
  const origin = { collector: collectorId("c1"), collectorEpoch: 7, host: hostName(host), path };
  const life = { bootId, probeEpoch, sequence: 1, sentWallMs, sent, sendErrors };
  const row = { ...origin, ...life, arrivalMs: monoMs(wallMs), checks: healthyChecks };
  return { row, wallMs };
}

function sampleOf(wallMs: number): SampleRow {
  const resource = { resourceId: "vm-1", projectId: "p1", source: "openstack" };
  const meter = { name: "cpu", type: "cumulative", unit: "ns", volume: 1 } as const;
  return { collector: collectorId("c1"), ...meter, ...resource, wallMs };
}

function place(t: TestContext, bytesMax: number) {
  const folder = mkdtempSync(join(tmpdir(), "guardian-retention-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "telemetry.db");
  const writer = createSqliteWriter({ file, historyForMs: hour, historyEveryMs: 1, bytesMax });
  t.after(() => writer.close());
  const reader = openDatabase(file, { readonly: true, timeoutMs: 1000 });
  t.after(() => reader.close());
  const count = (table: string): number =>
    Number(reader.prepare(`SELECT COUNT(*) AS n FROM ${table}`).all()[0]?.["n"]);
  const oldest = (table: string): number =>
    Number(reader.prepare(`SELECT MIN(time_ms) AS n FROM ${table}`).all()[0]?.["n"]);
  return { file, writer, reader, count, oldest };
}

test("the file is in WAL mode: a reader in the middle of a look delays no write", async (t) => {
  const { writer, reader } = place(t, 1e9);
  assert.equal(Object.values(reader.prepare("PRAGMA journal_mode").all()[0] ?? {})[0], "wal");
  await writer.writeLiveness([rowOf("compute-1", 1000)]);
  const inside = reader.transaction(
    () => reader.prepare("SELECT * FROM host_liveness").all().length,
  );
  assert.equal(inside, 1);
  reader.exec("BEGIN");
  assert.equal(reader.prepare("SELECT * FROM host_liveness").all().length, 1);
  assert.equal((await writer.writeLiveness([rowOf("compute-2", 1001)])).kind, "stored");
  reader.exec("COMMIT");
});

test("history and samples go by age, a bounded bit at a time; the newest row of a host never does", async (t) => {
  const { writer, count } = place(t, 1e9);
  const old = Array.from({ length: 5000 }, (_, at) => rowOf("compute-1", 1000 + 10 * at));
  await writer.writeLiveness([...old, rowOf("compute-2", 2 * hour)]);
  await writer.writeSamples([sampleOf(1000), sampleOf(2 * hour)]);
  await writer.forgetOld(2 * hour);
  assert.equal(count("host_liveness_history"), 3001);
  for (let turn = 0; turn < 3; turn += 1) await writer.forgetOld(2 * hour);
  assert.equal(count("host_liveness_history"), 1);
  assert.equal(count("sample"), 1);
  assert.equal(count("host_liveness"), 2, "what the guardian decides by stays");
});

test("a file beyond its size loses its oldest history although it is young, and grows no further", async (t) => {
  const { file, writer, count, oldest } = place(t, 2_000_000);
  let sizeAfterTen = 0;
  for (let turn = 1; turn <= 30; turn += 1) {
    const rows = Array.from({ length: 1500 }, (_, at) => rowOf("compute-1", 1500 * turn + at));
    assert.equal((await writer.writeLiveness(rows)).kind, "stored");
    await writer.forgetOld(1500 * turn);
    if (turn === 10) sizeAfterTen = statSync(file).size;
  }
  assert.ok(count("host_liveness_history") < 15_000, `${count("host_liveness_history")} rows`);
  assert.ok(oldest("host_liveness_history") > 1500 * 15, "the oldest went first");
  assert.ok(
    statSync(file).size < Math.max(1.5 * sizeAfterTen, 5_000_000),
    `${statSync(file).size}`,
  );
  assert.equal(count("host_liveness"), 1);
});
