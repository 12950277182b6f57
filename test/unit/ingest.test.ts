import assert from "node:assert/strict";
import { test } from "node:test";
import { createIngest } from "../../collector/core/ingest.ts";
import { renderMetrics } from "../../collector/core/metrics.ts";
import { dropsInTable } from "../../collector/shell/kernel-drops.ts";
import { decodeLiveView, encodeLiveView } from "../../shared/live-view.ts";
import { collectorId, serverId } from "../../shared/names.ts";
import { noLedger } from "../../shared/telemetry.ts";
import { livenessNumbers, readLiveness } from "../../shared/telemetry-fields.ts";
import { monoMs } from "../../shared/time.ts";
import type { Received } from "../../shared/wire-auth.ts";
import type { DatagramHeader, WireServer } from "../../shared/wire.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

function newIngest(serversMax = 100) {
  return createIngest({ collector: collectorId("c1"), epoch: 7, serversMax });
}

function accepted(
  changes: Partial<DatagramHeader> = {},
  servers?: readonly WireServer[],
): Received {
  const record =
    servers && ({ kind: "servers", reportSequence: 1, part: 0, parts: 1, servers } as const);
  return {
    kind: "accepted",
    report: {
      header: sampleHeader(changes),
      liveness: record === undefined ? healthyChecks : undefined,
      servers: record,
      unknownRecords: 0,
    },
  };
}

function server(index: number): WireServer {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
  return { server: serverId(id), state: "running" };
}

test("liveness is handed on whole, in order, once; the live view has the newest of each host and path", () => {
  const ingest = newIngest();
  for (let sequence = 1; sequence <= 3; sequence += 1) {
    ingest.take(accepted({ sequence }), monoMs(sequence));
    ingest.take(accepted({ sequence, path: "storage" }), monoMs(sequence));
  }
  const rows = ingest.takeLiveness();
  assert.deepEqual(
    rows.map(({ path, sequence, arrivalMs }) => `${path} ${sequence} ${arrivalMs}`),
    [
      "management 1 1",
      "storage 1 1",
      "management 2 2",
      "storage 2 2",
      "management 3 3",
      "storage 3 3",
    ],
  );
  assert.deepEqual(ingest.takeLiveness(), []);
  assert.deepEqual(
    ingest.live().map(({ path, sequence }) => `${path} ${sequence}`),
    ["management 3", "storage 3"],
  );
  assert.equal(ingest.ledger(0).shed, 0);
});

test("servers wait in a bounded queue: oldest shed and counted, each server once", () => {
  const ingest = newIngest(3);
  ingest.take(accepted({}, [server(1), server(2), server(3)]), monoMs(1));
  ingest.take(accepted({}, [{ ...server(1), state: "paused" }, server(4)]), monoMs(2));
  assert.equal(ingest.counters().serversShed, 1);
  const rows = ingest.takeServers(2);
  assert.deepEqual(
    rows.map((row) => row.server.at(-1) + row.state),
    ["3running", "1paused"],
  );
  ingest.giveBackServers(rows);
  assert.equal(ingest.counters().serversPending, 3);
});

test("the ledger balances: received = accepted + duplicate + late + refused", () => {
  const ingest = newIngest();
  ingest.take(accepted(), monoMs(1));
  for (const reason of ["replayed", "late", "mac", "mac", "stale-epoch"] as const) {
    ingest.take({ kind: "refused", reason }, monoMs(2));
  }
  ingest.livenessStored(1, 2);
  assert.deepEqual(ingest.ledger(9), {
    received: 6,
    accepted: 1,
    duplicate: 1,
    late: 1,
    refused: 3,
    dropped: 9,
    stored: 1,
    shed: 2,
  });
  const text = renderMetrics({
    ledger: ingest.ledger(9),
    counters: ingest.counters(),
    hosts: 1,
    receiveBufferBytes: 1,
    storeLagMs: 1500,
    storeFailures: 0,
    livenessWaiting: 0,
    spool: undefined,
  });
  assert.match(text, /^guardian_collector_datagrams_refused_total\{reason="mac"\} 2$/m);
  assert.match(text, /^guardian_collector_store_lag_seconds 1\.5$/m);
});

test("a row survives the way through flat numbers, and half a row is no row", () => {
  const ingest = newIngest();
  ingest.take(accepted({ bootId: "ffffffff00000001" }), monoMs(1.25));
  const [row] = ingest.live();
  assert.ok(row);
  const flat: Record<string, unknown> = { collector: "c1", host: row.host, path: row.path };
  Object.assign(flat, livenessNumbers(row));
  assert.deepEqual(
    readLiveness((name) => flat[name]),
    row,
  );
  // What earlier releases did not write is not known where it is missing: sqlite-telemetry.test.ts.
  for (const name of Object.keys(flat).filter((found) => !found.startsWith("bmc_"))) {
    assert.equal(
      readLiveness((other) => (other === name ? null : flat[other])),
      undefined,
      name,
    );
  }
});

test("the live view is read with suspicion", () => {
  const ingest = newIngest();
  ingest.take(accepted(), monoMs(1));
  const mark = { collector: collectorId("c1"), epoch: 7, monoMs: monoMs(5), ledger: noLedger };
  const body: unknown = JSON.parse(JSON.stringify(encodeLiveView(mark, ingest.live())));
  assert.deepEqual(decodeLiveView(body), { watermarks: [mark], liveness: ingest.live() });
  for (const bad of [
    undefined,
    null,
    5,
    [],
    {},
    { columns: [], rows: [] },
    { columns: 1, rows: 2 },
  ]) {
    assert.equal(decodeLiveView(bad), undefined);
  }
});

test("kernel drops are read from the row with our address and port alone", () => {
  const table = [
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops",
    "  10: 0100007F:1D58 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 x 41",
    "  11: 0200007F:1D58 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 x 1",
    "  12: 0100007F:1D59 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 x 7",
  ].join("\n");
  assert.equal(dropsInTable(table, "0100007F", 7512), 41);
  assert.equal(dropsInTable(table, undefined, 7512), 42);
});
