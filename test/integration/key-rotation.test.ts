/** A master key is replaced while a collector runs: no report is refused on the way, and the old key ends. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { runCommand } from "../../collector/one-off-commands.ts";
import { readCollectorConfig } from "../../collector/config.ts";
import { readMasterKeys } from "../../shared/key-files.ts";
import { hostName } from "../../shared/names.ts";
import { deriveHostKey } from "../../shared/wire-auth.ts";
import { createCollectorFixture, type CollectorFixture } from "../support/collector-fixture.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { createSimulatedProbe } from "../support/simulated-probe.ts";
import { waitFor } from "../support/wait-for.ts";

const host = hostName("compute-1");

async function runHere(fixture: CollectorFixture, ...words: readonly string[]): Promise<number> {
  const loaded = readCollectorConfig(readFileSync(fixture.configFile, "utf8"), {});
  assert.ok(loaded.kind === "config");
  return (await runCommand(words, loaded.config, undefined))?.code ?? 2;
}

/** A probe of compute-1 that reports twenty times a second with the key of this id. */
function probeWith(t: TestContext, fixture: CollectorFixture, keyId: number, port: number) {
  const master = readMasterKeys(join(fixture.directory, "master.json")).get(keyId);
  assert.ok(master !== undefined);
  const probe = createSimulatedProbe({
    host,
    key: deriveHostKey(master, host),
    keyId,
    collectorPort: port,
    path: "management",
    checks: () => healthyChecks,
    reportEveryMs: 50,
    bootId: "00000000000000aa",
  });
  t.after(() => probe.close());
  return probe;
}

test("a master key is replaced while all runs: nothing is refused until the old one is removed", async (t) => {
  const fixture = createCollectorFixture();
  const { process: collector, port, livePort } = await fixture.start();
  t.after(async () => {
    await collector.end("SIGKILL");
    fixture.remove();
  });
  const keyFile = join(fixture.directory, "master.json");
  const metric = async (pattern: RegExp): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${livePort}/metrics`)).text();
    return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const accepted = () => metric(/^guardian_collector_datagrams_accepted_total (\d+)$/gm);
  const refused = () => metric(/^guardian_collector_datagrams_refused_total\{.*\} (\d+)$/gm);
  const more = async (what: string): Promise<void> => {
    const before = await accepted();
    await waitFor(what, async () => ((await accepted()) >= before + 5 ? true : undefined));
  };
  const readAgain = (times: number): Promise<boolean> =>
    waitFor("the keys are read again", () => {
      const said = collector.lines.filter((line) => line.includes('"event":"master-keys"'));
      return said.length === times ? true : undefined;
    });

  const before = probeWith(t, fixture, 1, port);
  before.start();
  await more("reports under the first key");
  const first = readFileSync(keyFile);
  writeFileSync(keyFile, "half a fi", { mode: 0o600 });
  await readAgain(1);
  await more("reports after a file that makes no sense");
  writeFileSync(keyFile, first, { mode: 0o600 });
  await readAgain(2);
  assert.equal(await runHere(fixture, "keys", "add"), 0);
  await readAgain(3);
  await more("reports under the first key, the second being there");
  await before.stop();
  const after = probeWith(t, fixture, 2, port);
  after.start();
  await more("reports under the second key");
  const { keys } = JSON.parse(readFileSync(keyFile, "utf8")) as { keys: readonly object[] };
  writeFileSync(keyFile, JSON.stringify({ keys: keys.slice(1) }), { mode: 0o600 });
  await readAgain(4);
  await more("reports under the second key alone");
  assert.equal(await refused(), 0);

  await after.stop();
  before.report();
  await waitFor("a refusal of the first key", async () =>
    (await refused()) === 1 ? true : undefined,
  );
  assert.equal(await metric(/refused_total\{reason="unknown-key"\} (\d+)$/gm), 1);
});
