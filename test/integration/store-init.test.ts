/** `guardian-collector store init`: what it creates in each version of InfluxDB, and what it says of it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readCollectorConfig } from "../../collector/config.ts";
import { runCommand, type CommandResult } from "../../collector/one-off-commands.ts";
import { startFakeInflux, type FakeInflux } from "../support/fake-influx.ts";

const token = "a token";

async function started(t: TestContext, version: 1 | 2 | 3, more = "") {
  const influx = await startFakeInflux({ version, ...(version === 1 ? {} : { token }) });
  const folder = mkdtempSync(join(tmpdir(), "guardian-store-init-"));
  t.after(async () => {
    await influx.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  const login = version === 1 ? "" : `, tokenFile: ${tokenFile}`;
  const loaded = readCollectorConfig(
    `{ id: c1, store: { kind: influx, influx: { url: "${influx.url}", version: ${version}${login}${more} } } }`,
    {},
  );
  assert.ok(loaded.kind === "config", JSON.stringify(loaded));
  const init = async (): Promise<CommandResult> => {
    const result = await runCommand(["store", "init"], loaded.config, undefined);
    assert.ok(result !== undefined);
    return result;
  };
  return { influx, init };
}

const created = ({ buckets }: FakeInflux): unknown => Object.fromEntries(buckets);

test("InfluxDB 1: database and policy, said as the statements that were run", async (t) => {
  const { init } = await started(t, 1);
  const { code, text } = await init();
  assert.equal(code, 0);
  assert.equal(
    text,
    `done:
  CREATE DATABASE "guardian" WITH DURATION 7d REPLICATION 1
  CREATE RETENTION POLICY "servers" ON "guardian" DURATION 24h REPLICATION 1`,
  );
});

test("InfluxDB 2: two buckets with retention; a second time they are left as they are", async (t) => {
  const { influx, init } = await started(t, 2, ", organization: cloud");
  const first = await init();
  assert.equal(first.code, 0, first.text);
  assert.equal(
    first.text,
    `done:
  bucket guardian: created, retention 7d
  bucket guardian/servers: created, retention 1d`,
  );
  assert.deepEqual(created(influx), { guardian: 604_800, "guardian/servers": 86_400 });
  influx.buckets.set("guardian", 3600);
  const second = await init();
  assert.equal(second.code, 0);
  assert.match(second.text, /bucket guardian: was there already; its retention is left as it is/);
  assert.deepEqual(created(influx), { guardian: 3600, "guardian/servers": 86_400 });
});

test("InfluxDB 2: an organization that it does not know, and what to run by hand", async (t) => {
  const { influx, init } = await started(t, 2, ", organization: other");
  const { code, text } = await init();
  assert.equal(code, 1);
  assert.match(text, /^organization other: answered 404: .*organization not found/);
  assert.match(text, /influx bucket create --org other --name guardian\/servers --retention 1d$/);
  assert.deepEqual(created(influx), {});
});

test("InfluxDB 3: two databases with retention; a second time they are left as they are", async (t) => {
  const { influx, init } = await started(t, 3);
  const first = await init();
  assert.equal(first.code, 0, first.text);
  assert.match(first.text, /database guardian\/servers: created, retention 1d$/);
  assert.deepEqual(created(influx), { guardian: "7d", "guardian/servers": "1d" });
  const second = await init();
  assert.equal(second.code, 0);
  assert.equal(second.text.match(/was there already/g)?.length, 2);
});
