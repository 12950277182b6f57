import assert from "node:assert/strict";
import { test } from "node:test";
import { createIngest } from "../../collector/core/ingest.ts";
import { renderMetrics } from "../../collector/core/metrics.ts";
import { dropsInTable, hexOfIpv6 } from "../../collector/shell/kernel-drops.ts";
import { decodeLiveView, encodeLiveView } from "../../shared/live-view.ts";
import { collectorId, hostName, serverId } from "../../shared/names.ts";
import { noLedger } from "../../shared/telemetry.ts";
import { livenessNumbers, readLiveness } from "../../shared/telemetry-fields.ts";
import { monoMs } from "../../shared/time.ts";
import type { Life } from "../../shared/replay-window.ts";
import type { Received } from "../../shared/wire-auth.ts";
import type { DatagramHeader } from "../../shared/wire.ts";
import type { WireServer } from "../../shared/wire-records.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

function newIngest(serversMax = 100) {
  return createIngest({ collector: collectorId("c1"), epoch: 7, serversMax });
}

function accepted(
  changes: Partial<DatagramHeader> = {},
  servers?: readonly WireServer[],
): Extract<Received, { readonly kind: "accepted" }> {
  const record =
    servers && ({ kind: "servers", reportSequence: 1, part: 0, parts: 1, servers } as const);
  return {
    kind: "accepted",
    report: {
      header: sampleHeader(changes),
      liveness: record === undefined ? { kind: "liveness", checks: healthyChecks } : undefined,
      servers: record,
      more: [],
      unknownRecords: 0,
    },
    life: lifeOf(sampleHeader(changes), true),
  };
}

function lifeOf({ host, bootId, probeEpoch }: DatagramHeader, confirmed: boolean): Life {
  return { host, bootId, probeEpoch, confirmed, nonce: "0".repeat(16), windows: [] };
}

/** The same from a life that has not echoed its nonce. */
function unconfirmed(changes: Partial<DatagramHeader> = {}, servers?: readonly WireServer[]) {
  const received = accepted(changes, servers);
  return { ...received, life: lifeOf(sampleHeader(changes), false) };
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
  assert.deepEqual(ingest.ledger(9), {
    received: 6,
    accepted: 1,
    duplicate: 1,
    late: 1,
    refused: 3,
    dropped: 9,
    stored: 0,
    shed: 0,
    expected: 0,
    missing: 0,
    liveness: 1,
    spooled: 1,
    superseded: 0,
  });
  const text = renderMetrics({
    ledger: ingest.ledger(9),
    counters: ingest.counters(),
    losses: [
      {
        host: hostName("compute-1"),
        path: "storage",
        sent: 9,
        received: 5,
        late: 1,
        refused: 0,
        missing: 3,
        duplicate: 2,
        tooOld: 0,
      },
    ],
    hosts: 1,
    receiveBufferBytes: 1,
    storeLagMs: 1500,
    storeFailures: 0,
    livenessWaiting: 0,
    fenced: { ageMs: 1500, fenced: 2 },
    questions: new Map([["fenced", 3]]),
    spool: undefined,
    samples: undefined,
  });
  assert.match(text, /^guardian_collector_datagrams_refused_total\{reason="mac"\} 2$/m);
  assert.match(text, /^guardian_collector_store_lag_seconds 1\.5$/m);
  assert.match(text, /^guardian_collector_fenced_hosts 2$/m);
  assert.match(text, /^guardian_collector_start_questions_total\{word="fenced"\} 3$/m);
  const lost = 'guardian_collector_host_missing{host="compute-1",path="storage"} 3';
  assert.ok(text.includes(`${lost}\n`), text);
});

test("every liveness row is stored, waits, was overtaken or is shed", () => {
  const ingest = newIngest();
  for (let sequence = 1; sequence <= 5; sequence += 1) {
    ingest.take(accepted({ sequence }), monoMs(sequence));
  }
  ingest.take(accepted({ host: hostName("compute-2") }), monoMs(6));
  // Of these six three are stored, one is refused for ever, one waits, and one was overtaken.
  assert.equal(ingest.takeLiveness().length, 6);
  ingest.livenessStored(3, 1);
  ingest.take(accepted({ sequence: 6 }), monoMs(7));
  const ledger = ingest.ledger(0, { spooled: 1 });
  const { liveness, stored, spooled, superseded, shed } = ledger;
  assert.deepEqual(
    { liveness, stored, spooled, superseded, shed },
    { liveness: 7, stored: 3, spooled: 2, superseded: 1, shed: 1 },
  );
});

test("a life that is not confirmed marks its row, and says nothing beside one that is", () => {
  const ingest = newIngest();
  const other = { bootId: "f".repeat(16), sequence: 900 };
  ingest.take(unconfirmed(), monoMs(1));
  assert.equal(ingest.live()[0]?.unconfirmed, true);
  ingest.take(accepted({ sequence: 2 }), monoMs(1000));
  ingest.take(unconfirmed(other), monoMs(2000));
  assert.deepEqual(
    ingest.live().map(({ sequence, unconfirmed: mark }) => [sequence, mark]),
    [[2, undefined]],
  );
  // The confirmed life has been silent for so long that this might be the next one.
  ingest.take(unconfirmed(other), monoMs(7000));
  assert.deepEqual(
    ingest.live().map(({ sequence, unconfirmed: mark }) => [sequence, mark]),
    [[900, true]],
  );
});

test("servers of a life that is not confirmed are no servers: the list may be an old one", () => {
  const ingest = newIngest();
  ingest.take(unconfirmed({}, [server(1)]), monoMs(1));
  assert.deepEqual(ingest.takeServers(10), []);
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
  const later = /^(bmc_.|unconfirmed|settings_version|cut_off|start_guard)$/;
  for (const name of Object.keys(flat).filter((found) => !later.test(found))) {
    assert.equal(
      readLiveness((other) => (other === name ? null : flat[other])),
      undefined,
      name,
    );
  }
});

test("what a row says of its life and of its link survives, too", () => {
  const ingest = newIngest();
  const link = { settingsVersion: 7, cutOff: 0b1000, echoes: [] };
  const { report, ...received } = unconfirmed();
  const startGuard = "without-word";
  const liveness = { kind: "liveness", checks: healthyChecks, link, startGuard } as const;
  ingest.take({ ...received, report: { ...report, liveness } }, monoMs(1));
  const [row] = ingest.live();
  assert.ok(row);
  assert.deepEqual([row.unconfirmed, row.settingsVersion, row.cutOff], [true, 7, 8]);
  assert.equal(row.startGuard, startGuard);
  const alone = { kind: "liveness", checks: healthyChecks, startGuard } as const;
  const confirmed = accepted({ sequence: 9 });
  assert.ok(confirmed.kind === "accepted");
  const other = newIngest();
  other.take({ ...confirmed, report: { ...report, liveness: alone } }, monoMs(2));
  assert.equal(other.live()[0]?.startGuard, startGuard);
  const names = { collector: "c1", host: row.host, path: row.path };
  const flat: Record<string, unknown> = { ...names, ...livenessNumbers(row) };
  assert.deepEqual(
    readLiveness((name) => flat[name]),
    row,
  );
});

test("the live view is read with suspicion", () => {
  const ingest = newIngest();
  ingest.take(accepted(), monoMs(1));
  const mark = { collector: collectorId("c1"), epoch: 7, monoMs: monoMs(5), ledger: noLedger };
  const body: unknown = JSON.parse(JSON.stringify(encodeLiveView(mark, ingest.live())));
  assert.deepEqual(decodeLiveView(body), {
    watermarks: [mark],
    liveness: ingest.live(),
    sightings: [],
  });
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
  const row = (address: string, drops: number): string =>
    `  10: ${address} 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1 2 x ${drops}`;
  const head =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops";
  const loopback6 = "00000000000000000000000001000000";
  const table = [
    head,
    row("0100007F:1D58", 41),
    row("0200007F:1D58", 1),
    row("0100007F:1D59", 7),
    row(`${loopback6}:1D58`, 13),
  ].join("\n");
  assert.equal(dropsInTable(table, "0100007F", 7512), 41);
  assert.equal(dropsInTable(table, hexOfIpv6("::1"), 7512), 13);
  assert.equal(hexOfIpv6("::"), "0".repeat(32));
  assert.equal(hexOfIpv6("2001:db8::a:1"), "B80D0120000000000000000001000A00");
  // A socket for both that is bound to one IPv4 address.
  assert.equal(hexOfIpv6("::ffff:127.0.0.1"), "0000000000000000FFFF00000100007F");
  assert.equal(hexOfIpv6("::ffff:10.0.2.255"), "0000000000000000FFFF0000FF02000A");
  assert.equal(hexOfIpv6("fe80::1%eth0"), "000080FE000000000000000001000000");
});
