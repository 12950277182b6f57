/** What an earlier release wrote goes on being read and written: fields are only ever added at the end. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createSqliteWriter } from "../../collector/shell/sqlite-writer.ts";
import { openDatabase } from "../../guardian/shell/sqlite.ts";
import { createSqliteTelemetry } from "../../guardian/shell/sqlite-telemetry.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import {
  livenessFields,
  livenessNumbers,
  readLiveness,
  watermarkFields,
} from "../../shared/telemetry-fields.ts";
import { noLedger, type LivenessRow } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

const bmcGuid = "0123456789abcdef0123456789abcde1";
const { bootId, probeEpoch, sequence, sentWallMs, sent, sendErrors } = sampleHeader();
const row: LivenessRow = {
  collector: collectorId("c1"),
  collectorEpoch: 1,
  host: hostName("compute-1"),
  path: "management",
  arrivalMs: monoMs(1000),
  bootId,
  probeEpoch,
  sequence,
  sentWallMs,
  sent,
  sendErrors,
  checks: { ...healthyChecks, bmcGuid },
};

test("a row of an earlier release, without the later fields, is read; what it did not know is not known", () => {
  const numbers: Readonly<Record<string, number>> = livenessNumbers(row);
  const tags: Readonly<Record<string, string>> = {
    collector: "c1",
    host: "compute-1",
    path: "management",
  };
  const whole = readLiveness((column) => tags[column] ?? numbers[column]);
  assert.deepEqual(whole, row);
  const earlier = readLiveness((column) =>
    column.startsWith("bmc_") ? undefined : (tags[column] ?? numbers[column]),
  );
  assert.deepEqual(earlier, { ...row, checks: healthyChecks });
  assert.equal(
    readLiveness((column) => (column === "sent" ? undefined : (tags[column] ?? numbers[column]))),
    undefined,
  );
});

test("a file of an earlier release gets the columns that it lacks, and keeps its rows", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "telemetry.db");
  const before = openDatabase(file, { timeoutMs: 100 });
  const earlierFields = livenessFields.slice(0, livenessFields.indexOf("bmc_1"));
  const earlierMarks = watermarkFields.slice(0, watermarkFields.indexOf("expected"));
  const real = (fields: readonly string[]): string =>
    fields.map((field) => `${field} REAL NOT NULL`).join(", ");
  const columns = real(earlierFields);
  before.exec(`CREATE TABLE host_liveness (time_ms REAL NOT NULL, collector TEXT NOT NULL, host TEXT NOT NULL,
    path TEXT NOT NULL, ${columns}, PRIMARY KEY (collector, host, path)) WITHOUT ROWID`);
  const numbers = livenessNumbers({ ...row, checks: healthyChecks });
  before.exec(`CREATE TABLE collector_watermark (time_ms REAL NOT NULL,
    collector TEXT NOT NULL PRIMARY KEY, ${real(earlierMarks)}) WITHOUT ROWID`);
  const values = earlierFields.map((field) => numbers[field]);
  const marks = ["?", "?", "?", "?", ...values.map(() => "?")].join(", ");
  before
    .prepare(`INSERT INTO host_liveness VALUES (${marks})`)
    .run(1, "c1", "compute-2", "management", ...values);
  before.close();

  const writer = createSqliteWriter({
    file,
    historyForMs: 1000,
    historyEveryMs: 1000,
    bytesMax: 1e9,
  });
  assert.equal((await writer.writeLiveness([{ row, wallMs: 5000 }])).kind, "stored");
  const ledger = { ...noLedger, expected: 9, missing: 2 };
  const mark = { collector: row.collector, epoch: 1, monoMs: monoMs(1), ledger };
  assert.equal((await writer.writeWatermark(mark, 5000)).kind, "stored");
  const store = createSqliteTelemetry(file);
  const read = await store.read(1000);
  assert.ok(read.kind !== "failed");
  assert.deepEqual(read.watermarks, [mark]);
  const guids = read.liveness.map(({ host, checks }) => `${host} ${checks.bmcGuid}`).sort();
  assert.deepEqual(guids, [`compute-1 ${bmcGuid}`, "compute-2 "]);
  await store.close();
  writer.close();
});

test("a file that took the place of the one that was read is read", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "guardian-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "telemetry.db");
  const write = async (epoch: number): Promise<void> => {
    const limits = { historyForMs: 1000, historyEveryMs: 1000, bytesMax: 1e9 };
    const writer = createSqliteWriter({ file, ...limits });
    const mark = { collector: row.collector, epoch, monoMs: monoMs(1), ledger: noLedger };
    assert.equal((await writer.writeWatermark(mark, 5000)).kind, "stored");
    writer.close();
  };
  const store = createSqliteTelemetry(file);
  const epochs = async (): Promise<readonly number[]> => {
    const read = await store.read(1000);
    assert.ok(read.kind !== "failed", JSON.stringify(read));
    return read.watermarks.map(({ epoch }) => epoch);
  };
  await write(1);
  assert.deepEqual(await epochs(), [1]);
  for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
  assert.equal((await store.read(1000)).kind, "failed", "there is none");
  await write(2);
  assert.deepEqual(await epochs(), [2]);
  for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
  await write(3);
  assert.deepEqual(await epochs(), [3]);
  await store.close();
});
