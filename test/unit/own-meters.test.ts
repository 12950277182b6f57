import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { newestOfHosts, ownMeters, samplesOf } from "../../collector/core/own-meters.ts";
import { sampleLine } from "../../collector/shell/line-protocol.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { monoMs } from "../../shared/time.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

function rowOf(changes: Partial<LivenessRow> = {}): LivenessRow {
  const { path, bootId, probeEpoch, sequence, sentWallMs, sendErrors } = sampleHeader();
  const origin = {
    collector: collectorId("c1"),
    collectorEpoch: 7,
    host: hostName("compute-1"),
    path,
  };
  const life = { bootId, probeEpoch, sequence, sentWallMs, sent: 12, sendErrors };
  return { ...origin, ...life, arrivalMs: monoMs(1000), checks: healthyChecks, ...changes };
}

test("docs/meters.md has every meter of ours, and no other", () => {
  const table = [
    "| meter | type | unit | what |",
    "| --- | --- | --- | --- |",
    ...ownMeters.map(
      ({ name, type, unit, means }) => `| \`${name}\` | ${type} | ${unit} | ${means} |`,
    ),
  ].join("\n");
  const [begin, end] = ["<!-- meters -->", "<!-- /meters -->"];
  const text = readFileSync("docs/meters.md", "utf8");
  const [head, rest] = text.split(begin);
  const tail = rest?.split(end)[1];
  assert.ok(tail !== undefined, `docs/meters.md needs ${begin} and ${end}`);
  const wanted = `${head}${begin}\n\n${table}\n\n${end}${tail}`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync("docs/meters.md", wanted);
  const cells = (page: string): string => page.replace(/ +\|/g, " |").replace(/-{3,}/g, "---");
  assert.equal(cells(readFileSync("docs/meters.md", "utf8")), cells(wanted));
});

test("names are Ceilometer's: its prefix for hosts, lower case, dots; no name twice", () => {
  for (const { name } of ownMeters) assert.match(name, /^compute\.node(?:\.[a-z]+)+$/);
  assert.equal(new Set(ownMeters.map(({ name }) => name)).size, ownMeters.length);
});

test("a host's report becomes samples; what it could not find out becomes none, and never a 0", () => {
  const known = samplesOf(rowOf(), 5000);
  assert.deepEqual(
    known.map(({ name, volume }) => `${name.replace("compute.node.", "")} ${volume}`),
    [
      "network.storage.reachable 1",
      "network.business.reachable 1",
      "directory.writable 1",
      "directory.write.latency 7",
      "libvirt.answering 1",
      "servers 3",
      "servers.running 2",
      "reports.sent 12",
      "reports.send.errors 0",
    ],
  );
  const blind = {
    storage: "down",
    business: "unknown",
    directory: "unknown",
    libvirt: "down",
  } as const;
  const some = samplesOf(rowOf({ checks: { ...healthyChecks, ...blind } }), 5000);
  assert.deepEqual(
    some.map(({ name, volume }) => `${name.replace("compute.node.", "")} ${volume}`),
    [
      "network.storage.reachable 0",
      "libvirt.answering 0",
      "reports.sent 12",
      "reports.send.errors 0",
    ],
  );
  assert.equal(
    sampleLine(known[3] ?? assert.fail()),
    "compute.node.directory.write.latency,collector=c1,project_id=-,resource_id=compute-1,source=guardian," +
      "type=gauge,unit=ms volume=7 5000",
  );
});

test("one row a host, heard since the last time, by whichever path; never one that may be a recording", () => {
  const at = (ms: number, changes: Partial<LivenessRow> = {}) =>
    rowOf({ arrivalMs: monoMs(ms), ...changes });
  const rows = [
    at(900),
    at(1100, { path: "storage" }),
    at(500, { host: hostName("compute-2") }),
    at(1200, { host: hostName("compute-3"), unconfirmed: true }),
  ];
  assert.deepEqual(
    newestOfHosts(rows, 800).map(({ host, arrivalMs }) => `${host} ${arrivalMs}`),
    ["compute-1 1100"],
  );
});
