/** The second listener of a real collector: samples to the store under Ceilometer's names, and what it refuses to start with. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openDatabase } from "../../guardian/shell/sqlite.ts";
import { PythonFloat } from "../../collector/core/python-text.ts";
import { createCollectorFixture } from "../support/collector-fixture.ts";
import { sampleEntries, signedSample } from "../support/ceilometer-message.ts";
import { startFakeInflux } from "../support/fake-influx.ts";
import { waitFor } from "../support/wait-for.ts";

const secret = "tele-s3cret";

function message(index: number, changes: Readonly<Record<string, unknown>> = {}): Buffer {
  const entries = sampleEntries({
    counter_volume: new PythonFloat(index + 0.5),
    resource_id: `vm ${index}`,
    message_id: `00000000-0000-11f0-8000-${String(index).padStart(12, "0")}`,
    timestamp: new Date().toISOString().replace("Z", "000"),
    ...changes,
  });
  return signedSample(secret, entries);
}

function sectionOf(file: string, more = ""): string {
  return `\nceilometer: { address: 127.0.0.1, port: 0, secretFile: ${file}${more} }\n`;
}

test("samples reach SQLite under Ceilometer's names; what is refused is counted by its reason", async (t) => {
  const fixture = createCollectorFixture();
  const secretFile = `${fixture.directory}/telemetry.secret`;
  writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
  const collector = await fixture.start({ config: sectionOf(secretFile) });
  const port = Number((await collector.process.logged("started"))["ceilometerPort"]);
  const socket = createSocket("udp4");
  t.after(async () => {
    socket.close();
    await collector.process.end("SIGKILL");
    fixture.remove();
  });
  for (let index = 0; index < 50; index += 1) socket.send(message(index), port, "127.0.0.1");
  socket.send(message(1), port, "127.0.0.1");
  socket.send(message(99, { counter_type: "rate" }), port, "127.0.0.1");
  socket.send(Buffer.from("not msgpack"), port, "127.0.0.1");
  const metrics = await waitFor("53 datagrams", async () => {
    const text = await (await fetch(`http://127.0.0.1:${collector.livePort}/metrics`)).text();
    return /samples_accepted_total 50\n/.test(text) && /reason="decode"\} 1\n/.test(text)
      ? text
      : undefined;
  });
  for (const reason of ["replayed", "types", "decode"]) {
    assert.match(metrics, new RegExp(`samples_refused_total\\{reason="${reason}"\\} 1\\n`));
  }
  const rows = await waitFor("the store", () => {
    const database = openDatabase(fixture.database, { readonly: true });
    const found = database.prepare("SELECT * FROM sample ORDER BY volume").all();
    database.close();
    return found.length === 50 ? found : undefined;
  });
  const { name, resource_id, project_id, source, type, unit, volume } = rows[7] ?? {};
  assert.deepEqual(
    [name, resource_id, project_id, source, type, unit, volume],
    ["cpu", "vm 7", "p1", "openstack", "cumulative", "ns", 7.5],
  );
  assert.ok(!collector.process.lines.some((line) => line.includes(secret)));
});

test("while InfluxDB is away samples wait in the spool, and arrive under their own times", async (t) => {
  const influx = await startFakeInflux();
  const fixture = createCollectorFixture(
    `{ kind: influx, influx: { url: "${influx.url}", poisonFile: SPOOL.poison }, spool: { directory: SPOOL } }`,
  );
  const secretFile = `${fixture.directory}/telemetry.secret`;
  writeFileSync(secretFile, secret, { mode: 0o600 });
  influx.failWith = { status: 503 };
  const collector = await fixture.start({ config: sectionOf(secretFile) });
  const port = Number((await collector.process.logged("started"))["ceilometerPort"]);
  const socket = createSocket("udp4");
  t.after(async () => {
    socket.close();
    await collector.process.end("SIGKILL");
    fixture.remove();
    await influx.close();
  });
  for (let index = 0; index < 20; index += 1) socket.send(message(index), port, "127.0.0.1");
  await waitFor("the disk", async () => {
    const text = await (await fetch(`http://127.0.0.1:${collector.livePort}/metrics`)).text();
    return text.includes("spool_bulk 20\n") ? true : undefined;
  });
  influx.failWith = undefined;
  const found = await waitFor(
    "the store",
    () => {
      const series = influx.series.filter(({ measurement }) => measurement === "cpu");
      return series.length === 20 ? series : undefined;
    },
    9000,
  );
  assert.ok(
    found.every(({ tags, fields }) => tags["unit"] === "ns" && fields["volume"] !== undefined),
  );
  assert.ok(found.every(({ timeMs }) => Math.abs(timeMs - Date.now()) < 60_000));
});

test("an empty secret, and the one that everybody knows, are refused at the start unless they are allowed", async (t) => {
  const fixture = createCollectorFixture();
  t.after(() => fixture.remove());
  const secretFile = `${fixture.directory}/telemetry.secret`;
  for (const weak of ["", "change this for valid signing"]) {
    writeFileSync(secretFile, `${weak}\n`, { mode: 0o600 });
    const { started } = fixture.launch({ config: sectionOf(secretFile) });
    await assert.rejects(
      started,
      /ended without[^]*anybody could make samples; set telemetry_secret/,
    );
    const config = readFileSync(fixture.configFile, "utf8");
    writeFileSync(
      fixture.configFile,
      config.replace(sectionOf(secretFile), sectionOf(secretFile, ", weakSecretAllowed: true")),
    );
    const main = new URL("../../collector/main.js", import.meta.url).pathname;
    const words = [main, "--config", fixture.configFile, "--check-config"];
    const checked = spawnSync(globalThis.process.execPath, words, { encoding: "utf8" });
    assert.equal(checked.status, 0, checked.stderr);
  }
});
