import assert from "node:assert/strict";
import { test } from "node:test";
import {
  showHost,
  showHosts,
  showIncident,
  showIncidents,
  showStatus,
} from "../../guardian/core/show.ts";
import { formatOutput } from "../../guardian/core/table.ts";
import { hostName } from "../../shared/names.ts";
import { CoreFixture, host1 } from "../support/core-fixture.ts";

test("a list is a table as openstack prints it, JSON, or values", () => {
  const list = [
    { host: "a", servers: 3 },
    { host: "bcd", verdict: undefined },
  ];
  assert.equal(
    formatOutput(list, "table"),
    [
      "+------+---------+---------+",
      "| host | servers | verdict |",
      "+------+---------+---------+",
      "| a    | 3       |         |",
      "| bcd  |         |         |",
      "+------+---------+---------+",
    ].join("\n"),
  );
  assert.equal(formatOutput(list, "value"), "a 3 \nbcd  ");
  assert.deepEqual(JSON.parse(formatOutput(list, "json")), [
    { host: "a", servers: 3 },
    { host: "bcd" },
  ]);
  assert.equal(formatOutput([], "value"), "");
  assert.equal(formatOutput([], "table"), "none");
});

test("a record is a table of fields; each line of evidence stands alone", () => {
  const text = formatOutput({ row: "14", evidence: ["x", "y"], gates: [] }, "table");
  const rows = text.split("\n").slice(3, -1);
  assert.deepEqual(rows, [
    "| row      | 14    |",
    "| evidence | x     |",
    "|          | y     |",
    "| gates    |       |",
  ]);
});

test("hosts are shown in order, with ages and power", () => {
  const core = new CoreFixture().run(15_000);
  const lines = showHosts(core.state);
  assert.deepEqual(
    lines.map((line) => line.host),
    [1, 2, 3, 4, 5, 6, 7, 8].map((index) => `compute-${index}`),
  );
  const [first] = lines;
  assert.equal(first?.verdict, "healthy");
  assert.equal(first?.power, "on");
  assert.equal(first?.nova, "enabled/up");
});

test("a dead host explains itself: row, evidence, each gate, and what holds", () => {
  const core = new CoreFixture({ mode: "observe" }).run(15_000);
  core.powerLoss(host1);
  core.run(15_000);
  const text = formatOutput(showHost(core.state, host1), "table");
  assert.match(text, /dead/);
  assert.match(text, /reverse ping, storage: 0 of the last 4 answered/);
  assert.match(text, /HOLD mode: observe, must be = act/);
  assert.match(text, /pass storm: 1 in trouble/);
  assert.equal(showHost(core.state, hostName("nobody")), undefined);
});

test("an incident has its timeline and its moves", () => {
  const core = new CoreFixture().run(15_000);
  core.nova.addServer(host1, "vm-1");
  core.powerLoss(host1);
  core.run(20_000);
  const [incident] = showIncidents(core.state) as readonly Record<string, unknown>[];
  assert.equal(incident?.["moves"], "1 of 1");
  assert.equal(incident?.["phase"], "ended");
  const shown = JSON.stringify(showIncident(core.state, String(incident?.["id"])));
  assert.match(shown, /fenced: every power device was read off twice/);
  assert.equal(showIncident(core.state, "i99"), undefined);
});

test("the status says whether it may act, and how well it sees", () => {
  const core = new CoreFixture().run(15_000);
  const well = showStatus(core.state, []) as { armed: boolean; eyes: readonly string[] };
  assert.equal(well.armed, true);
  assert.ok(well.eyes.every((line) => line.startsWith("good ")));
  core.disarmedFile = true;
  core.collectorUp = false;
  core.run(5000);
  const ill = showStatus(core.state, []) as { armed: boolean; eyes: readonly string[] };
  assert.equal(ill.armed, false);
  assert.ok(ill.eyes.some((line) => line.startsWith("DOUBT eyes, collectors: 0 with")));
});
