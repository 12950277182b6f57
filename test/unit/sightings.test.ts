import assert from "node:assert/strict";
import { test } from "node:test";
import { createSightings, sightedHostsMax } from "../../collector/core/sightings.ts";
import { decodeLiveView, encodeLiveView } from "../../shared/live-view.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import { noLedger } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import type { Received } from "../../shared/wire-auth.ts";
import type { WireSighting } from "../../shared/wire-samples.ts";
import { sampleHeader } from "../support/sample-report.ts";

const [lost, near, far] = [hostName("compute-3"), hostName("compute-1"), hostName("compute-2")];
const collector = collectorId("c1");

function said(by: typeof near, seen: Partial<WireSighting> = {}, confirmed = true): Received {
  const header = sampleHeader({ host: by });
  const { bootId, probeEpoch } = header;
  const sighting = { host: lost, network: "business", echoes: 0, sent: 2, overMs: 2000 } as const;
  const record = { kind: "sightings", sightings: [{ ...sighting, anchorAnswered: true, ...seen }] };
  return {
    kind: "accepted",
    report: {
      header,
      liveness: undefined,
      servers: undefined,
      more: [record as never],
      unknownRecords: 0,
    },
    life: { host: by, bootId, probeEpoch, confirmed, nonce: "", windows: [] },
  };
}

test("the newest word of each peer about a quiet host, while it is new", () => {
  const sightings = createSightings({ collector, epoch: 7 });
  sightings.take(said(near, { echoes: 2 }), monoMs(1000));
  sightings.take(said(near), monoMs(3000));
  sightings.take(said(far), monoMs(3500));
  sightings.take(said(far, { host: near }), monoMs(3500));
  const words = (nowMs: number): readonly string[] =>
    sightings
      .about((host) => host === lost, monoMs(nowMs))
      .map(({ by, echoes, arrivalMs }) => `${by} ${echoes} ${arrivalMs}`);
  assert.deepEqual(words(4000), ["compute-1 0 3000", "compute-2 0 3500"]);
  assert.deepEqual(words(8200), ["compute-2 0 3500"]);
  assert.deepEqual(words(9000), []);
});

test("a life that might be a recording is nobody's witness; one host's witnesses are bounded", () => {
  const sightings = createSightings({ collector, epoch: 7 });
  sightings.take(said(near, {}, false), monoMs(1000));
  assert.deepEqual(
    sightings.about(() => true, monoMs(1000)),
    [],
  );
  for (let peer = 0; peer < 100; peer += 1) {
    sightings.take(said(hostName(`compute-${peer}`)), monoMs(1000 + peer));
  }
  const kept = sightings.about(() => true, monoMs(1100));
  assert.equal(kept.length, 24);
  assert.equal(kept.at(-1)?.by, "compute-99");
});

test("names that a probe makes up keep no real one out for long", () => {
  const sightings = createSightings({ collector, epoch: 7 });
  for (let name = 0; name <= sightedHostsMax; name += 1) {
    sightings.take(said(far, { host: hostName(`nobody-${name}`) }), monoMs(1000));
  }
  const about = (nowMs: number) => sightings.about((host) => host === lost, monoMs(nowMs)).length;
  sightings.take(said(near), monoMs(2000));
  assert.equal(about(2000), 0);
  sightings.take(said(near), monoMs(7000));
  assert.equal(about(7000), 1);
});

test("the live view hands sightings on, and takes none that makes no sense", () => {
  const sightings = createSightings({ collector, epoch: 7 });
  sightings.take(said(near), monoMs(1000));
  const given = sightings.about(() => true, monoMs(1000));
  const mark = { collector, epoch: 7, monoMs: monoMs(2000), ledger: noLedger };
  const body = JSON.parse(JSON.stringify(encodeLiveView(mark, [], given))) as {
    sightings: unknown[];
  };
  const good = body.sightings[0] as unknown[];
  assert.deepEqual(decodeLiveView(body)?.sightings, given);
  const bad = [
    null,
    "x",
    [],
    ["../etc", ...good.slice(1)],
    [...good.slice(0, 2), "unknown", ...good.slice(3)],
  ];
  const negative = [...good.slice(0, 3), -1, ...good.slice(4)];
  const short = good.slice(0, 5);
  assert.deepEqual(
    decodeLiveView({ ...body, sightings: [...bad, negative, short, good] })?.sightings,
    given,
  );
  assert.deepEqual(decodeLiveView({ ...body, sightings: "many" })?.sightings, []);
});
