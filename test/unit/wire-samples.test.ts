import assert from "node:assert/strict";
import { test } from "node:test";
import { createProbeSamples } from "../../collector/core/probe-samples.ts";
import { packSamples, planReport } from "../../compute-probe/core/report.ts";
import { gauge } from "../../compute-probe/core/standing.ts";
import { hostName } from "../../shared/names.ts";
import { decodeRecords, encodeDatagram } from "../../shared/wire.ts";
import { datagramBytesMax, tagBytes } from "../../shared/wire-limits.ts";
import { noLink, type WireRecord } from "../../shared/wire-records.ts";
import type { WireSighting } from "../../shared/wire-samples.ts";
import { fc } from "../support/properties.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

const host = hostName("compute-1");

function throughTheWire(records: readonly WireRecord[]) {
  const header = sampleHeader();
  const body = encodeDatagram(header, records);
  return decodeRecords(header, new Uint8Array([...body, ...new Uint8Array(tagBytes)]));
}

const sighting: WireSighting = {
  host: hostName("compute-2"),
  network: "storage",
  echoes: 9,
  sent: 10,
  overMs: 10_000,
  anchorAnswered: true,
};

test("samples and sightings come out as they went in, beside one another", () => {
  const samples = {
    kind: "samples",
    resource: "storage/10.0.0.1",
    samples: [
      { name: "compute.node.network.rtt", type: "gauge", unit: "ms", volume: 0.25 },
      { name: "cpu", type: "cumulative", unit: "ns", volume: 5_610_000_000 },
    ],
  } as const;
  const sightings = { kind: "sightings", sightings: [sighting] } as const;
  const report = throughTheWire([samples, { ...samples, resource: "" }, sightings]);
  assert.deepEqual(report?.more, [samples, { ...samples, resource: "" }, sightings]);
  assert.equal(report.unknownRecords, 0);
});

test("a late report says so behind its echoes, and one in time is as long as ever", () => {
  const link = { settingsVersion: 0, cutOff: 0, echoes: ["00112233445566aa"] };
  const late = { kind: "liveness", checks: healthyChecks, link, lateMs: 1234 } as const;
  assert.deepEqual(throughTheWire([late])?.liveness, late);
  const { lateMs: _, ...inTime } = late;
  assert.deepEqual(throughTheWire([inTime])?.liveness, inTime);
  assert.equal(
    encodeDatagram(sampleHeader(), [late]).length,
    encodeDatagram(sampleHeader(), [inTime]).length + 4,
  );
});

test("whatever bytes stand in these records, nothing is thrown and nothing impossible comes out", () => {
  const header = sampleHeader();
  const empty = encodeDatagram(header, []);
  fc.assert(
    fc.property(fc.constantFrom(3, 4), fc.uint8Array({ maxLength: 200 }), (type, value) => {
      const record = [type, value.length >> 8, value.length & 255, ...value];
      const bytes = new Uint8Array([...empty, ...record, ...new Uint8Array(tagBytes)]);
      for (const found of decodeRecords(header, bytes)?.more ?? []) {
        if (found.kind === "samples") {
          for (const { name, volume } of found.samples) {
            assert.ok(Number.isFinite(volume) && /^[\w.:-]{1,100}$/.test(name));
          }
        } else for (const { echoes, sent } of found.sightings) assert.ok(echoes <= sent);
      }
    }),
  );
});

test("many samples are packed into datagrams that fit, in order, none lost", () => {
  const samples = Array.from({ length: 400 }, (_, index) =>
    gauge("network.rtt", "ms", index, `storage/10.0.${Math.floor(index / 7)}.1`),
  );
  const plan = packSamples(host, samples);
  for (const records of plan) {
    const bytes = encodeDatagram({ ...sampleHeader(), host }, records).length + tagBytes;
    assert.ok(bytes <= datagramBytesMax, `${bytes} bytes`);
  }
  const volumes = plan.flat().flatMap((record) => record.samples.map(({ volume }) => volume));
  assert.deepEqual(
    volumes,
    samples.map(({ volume }) => volume),
  );
  assert.ok(plan.length < 25, `${plan.length} datagrams`);
  const whole = { host, sequence: 1, checks: healthyChecks, link: noLink, servers: undefined };
  const report = planReport({ ...whole, more: { samples, sightings: [sighting], lateMs: 5 } });
  assert.equal(report.length, 1 + plan.length + 1);
  assert.equal(report[0]?.length, 1, "the liveness is alone");
});

function received(sequence: number, records: readonly WireRecord[], confirmed = true) {
  const header = sampleHeader({ sequence });
  const report = throughTheWire(records);
  assert.ok(report !== undefined);
  const { bootId, probeEpoch } = header;
  const life = { host, bootId, probeEpoch, confirmed, nonce: "", windows: [] };
  return { kind: "accepted", report: { ...report, header }, life } as const;
}

test("the collector takes each sample once, whichever paths bring it, and none of a recording", () => {
  const samples = createProbeSamples();
  const records: readonly WireRecord[] = [
    { kind: "samples", resource: "", samples: [gauge("load.1m", "load", 2)] },
    {
      kind: "samples",
      resource: "00000000-0000-4000-8000-000000000001/all",
      samples: [gauge("x", "B", 1)],
    },
    { kind: "sightings", sightings: [sighting] },
  ];
  assert.deepEqual(samples.take(received(7, records, false), 1000), []);
  const taken = samples.take(received(7, records), 1000);
  assert.deepEqual(
    taken.map(({ name, resourceId, volume }) => [name, resourceId, volume]),
    [
      ["compute.node.load.1m", "compute-1", 2],
      ["compute.node.x", "00000000-0000-4000-8000-000000000001/all", 1],
      ["compute.node.peer.echoes", "compute-2/storage/seen-by/compute-1", 9],
      ["compute.node.peer.pings", "compute-2/storage/seen-by/compute-1", 10],
      ["compute.node.peer.anchor.answered", "compute-2/storage/seen-by/compute-1", 1],
    ],
  );
  assert.deepEqual(taken[0], {
    name: "compute.node.load.1m",
    type: "gauge",
    unit: "load",
    volume: 2,
    resourceId: "compute-1",
    projectId: "",
    source: "guardian",
    wallMs: 1000,
  });
  assert.deepEqual(samples.take(received(7, records), 1001), [], "by another path");
  assert.equal(samples.take(received(8, records), 1002).length, 5);
  const late = { kind: "liveness", checks: healthyChecks, lateMs: 700 } as const;
  const [one] = samples.take(received(9, [late]), 1003);
  assert.deepEqual([one?.name, one?.volume], ["compute.node.report.late", 700]);
  // Sightings come every two seconds, and the store gets those of every tenth.
  assert.equal(samples.take(received(50, records), 3000).length, 2);
  assert.equal(samples.take(received(51, records), 11_000).length, 5);
});
