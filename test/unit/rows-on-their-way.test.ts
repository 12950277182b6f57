import assert from "node:assert/strict";
import { test } from "node:test";
import { createNewestRows } from "../../collector/core/newest-rows.ts";
import { createRowTimes } from "../../collector/core/row-times.ts";
import { createUnacknowledged } from "../../collector/core/unacknowledged.ts";
import type { TimedRow } from "../../collector/ports.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

function rowOf(host: string, sequence: number, arrivalMs: number): LivenessRow {
  const { path, bootId, probeEpoch, sentWallMs, sent, sendErrors } = sampleHeader();
  const origin = { collector: collectorId("c1"), collectorEpoch: 7, host: hostName(host), path };
  const life = { bootId, probeEpoch, sequence, sentWallMs, sent, sendErrors };
  return { ...origin, ...life, arrivalMs: monoMs(arrivalMs), checks: healthyChecks };
}

function timed(host: string, sequence: number, arrivalMs = sequence): TimedRow {
  return { row: rowOf(host, sequence, arrivalMs), wallMs: 1000 + arrivalMs };
}

const shown = (rows: readonly TimedRow[]): readonly string[] =>
  rows.map(({ row }) => `${row.host} ${row.sequence}`);

test("only the newest row of each host waits for the watermark; given back, a newer one goes before it", () => {
  const newest = createNewestRows();
  newest.put([timed("compute-1", 1), timed("compute-2", 1), timed("compute-1", 2)]);
  const taken = newest.take();
  assert.deepEqual(shown(taken), ["compute-1 2", "compute-2 1"]);
  assert.equal(newest.size(), 0);
  newest.put([timed("compute-1", 3)]);
  newest.giveBack(taken);
  assert.deepEqual(shown(newest.take()).toSorted(), ["compute-1 3", "compute-2 1"]);
});

test("a row leaves memory once: by the store's word, or overdue to the disk, never by both", () => {
  const waiting = createUnacknowledged(100);
  const rows = [timed("compute-1", 1), timed("compute-1", 2), timed("compute-1", 3)];
  waiting.put(rows);
  assert.equal(waiting.acknowledged(rows.slice(1, 2)), 1);
  assert.deepEqual(shown(waiting.takeBefore(monoMs(3))), ["compute-1 1"]);
  assert.equal(waiting.acknowledged(rows), 1, "the first is on the disk, the second was counted");
  assert.equal(waiting.size(), 0);
});

test("while a disk hangs memory stays bounded: the oldest are given up and counted once", () => {
  const waiting = createUnacknowledged(2);
  waiting.put([timed("compute-1", 1), timed("compute-1", 2), timed("compute-1", 3)]);
  assert.equal(waiting.size(), 2);
  assert.equal(waiting.takeGivenUp(), 1);
  assert.equal(waiting.takeGivenUp(), 0);
  assert.deepEqual(shown(waiting.takeBefore(monoMs(9))), ["compute-1 2", "compute-1 3"]);
});

test("a row's time is that of its arrival, and no two of a host and path are alike", () => {
  const timesOf = createRowTimes();
  const now = { monoMs: monoMs(5000), wallMs: 1_000_000 };
  const rows = [
    rowOf("a", 1, 4900),
    rowOf("a", 2, 4900.4),
    rowOf("b", 1, 4900),
    rowOf("a", 3, 4900),
  ];
  const times = timesOf(rows, now).map(({ wallMs }) => wallMs - 1_000_000);
  assert.deepEqual(times, [-100, -99, -100, -98]);
  const later = timesOf([rowOf("a", 4, 5100)], { monoMs: monoMs(5200), wallMs: 1_000_200 });
  assert.equal(later[0]?.wallMs, 1_000_100);
});
