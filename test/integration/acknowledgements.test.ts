/** Real sockets: what a collector answers, and what a probe makes of it. */
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createSqliteTelemetry } from "../../guardian/shell/sqlite-telemetry.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import type { LivenessRow } from "../../shared/telemetry.ts";
import { createCollectorFixture, type CollectorFixture } from "../support/collector-fixture.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { createRawProbe } from "../support/raw-probe.ts";
import { createSimulatedProbe } from "../support/simulated-probe.ts";
import { waitFor } from "../support/wait-for.ts";

function withSettings(): CollectorFixture {
  return createCollectorFixture(undefined, undefined, (directory) => {
    return `acknowledgeEvery: 2\nsettingsFile: ${join(directory, "settings.yaml")}`;
  });
}

/** As an editor does it: whole, under a new file. */
function writeSettings({ directory }: CollectorFixture, text: string): void {
  writeFileSync(join(directory, "settings.new"), text);
  renameSync(join(directory, "settings.new"), join(directory, "settings.yaml"));
}

/** A real probe of compute-1 that reports every second to these ports, by management. */
function startProbe(
  t: TestContext,
  fixture: CollectorFixture,
  ports: readonly number[],
): DaemonProcess {
  const key = Buffer.from(fixture.keyOf("compute-1")).toString("hex");
  const keyFile = join(fixture.directory, "probe.key");
  writeFileSync(keyFile, JSON.stringify({ host: "compute-1", keyId: 1, key }), { mode: 0o600 });
  const file = join(fixture.directory, "probe.yaml");
  const collectors = ports.map((port) => ({ address: "127.0.0.1", port, path: "management" }));
  writeFileSync(file, JSON.stringify({ keyFile, collectors, checks: {} }));
  const probe = startDaemon("compute-probe/main.js", ["--config", file]);
  t.after(() => probe.end("SIGKILL"));
  return probe;
}

/** The newest row of compute-1, once it is as wanted. */
async function rowWhere(
  fixture: CollectorFixture,
  what: string,
  wanted: (row: LivenessRow) => boolean,
): Promise<LivenessRow> {
  const store = createSqliteTelemetry(fixture.database);
  try {
    return await waitFor(what, async () => {
      const now = await store.read(1000);
      const row = now.kind === "read" ? now.liveness[0] : undefined;
      return row !== undefined && wanted(row) ? row : undefined;
    });
  } finally {
    await store.close();
  }
}

test("intervals change while everything runs, and a file that makes no sense changes nothing", async (t) => {
  const fixture = withSettings();
  const collector = await fixture.start();
  t.after(async () => {
    await collector.process.end("SIGKILL");
    fixture.remove();
  });
  startProbe(t, fixture, [collector.port]);
  const rateOver = async (ms: number): Promise<number> => {
    const from = await rowWhere(fixture, "a row", () => true);
    await sleep(ms);
    const to = await rowWhere(fixture, "a row", () => true);
    return ((to.sequence - from.sequence) * 1000) / (to.arrivalMs - from.arrivalMs);
  };
  const first = await rowWhere(fixture, "a confirmed row", (row) => row.unconfirmed !== true);
  assert.equal(first.settingsVersion, undefined);

  writeSettings(fixture, "version: 4\nreportEvery: 200ms\n");
  await rowWhere(fixture, "settings 4", (row) => row.settingsVersion === 4);
  const rate = await rateOver(2000);
  // Five; one before. A machine with other work may be late with some.
  assert.ok(rate > 2 && rate < 6.5, `${rate} reports a second`);

  writeSettings(fixture, "version: 5\nreportEvery: often\n");
  await collector.process.find("the bad file", ({ reason }) => String(reason).includes("often"));
  writeSettings(fixture, "version: 6\nreportEvery: 500ms\n");
  const row = await rowWhere(fixture, "settings 6", ({ settingsVersion: v }) => v === 6);
  assert.equal(row.probeEpoch, first.probeEpoch);
});

test("a collector with other keys refuses a probe, which the first one hears all the same", async (t) => {
  const [one, two] = [withSettings(), withSettings()];
  const first = await one.start();
  const second = await two.start();
  t.after(async () => {
    await first.process.end("SIGKILL");
    await second.process.end("SIGKILL");
    for (const fixture of [one, two]) fixture.remove();
  });
  // The second has other keys: to it this probe is a stranger, and is refused.
  startProbe(t, one, [first.port, second.port]);
  await rowWhere(one, "a confirmed row", (row) => row.unconfirmed !== true);
  const fromMs = performance.now();
  await second.process.logged("refused");
  await sleep(2500);
  // At most once a second, with a count.
  const most = 2 + (performance.now() - fromMs) / 1000;
  const said = second.process.entries().filter(({ event }) => event === "refused");
  assert.ok(said.length >= 1 && said.length <= most, String(said.length));
  assert.ok(said.every(({ mac }) => typeof mac === "number" && mac >= 1));
});

test("every one of so many datagrams is acknowledged, on the path that it came by", async (t) => {
  const fixture = withSettings();
  const collector = await fixture.start();
  const probe = createRawProbe(collector.port, fixture.keyOf("compute-1"));
  t.after(async () => {
    probe.close();
    await collector.process.end("SIGKILL");
    fixture.remove();
  });
  await probe.confirm({ sequence: 1 });
  for (let sequence = 3; sequence <= 9; sequence += 1) await probe.send(probe.report({ sequence }));
  await probe.send(probe.report({ sequence: 9, path: "storage" }));
  await probe.send(probe.report({ sequence: 10, path: "storage" }));
  const answers = await waitFor("the last answer", () =>
    probe.answers.some(({ path }) => path === "storage") ? probe.answers : undefined,
  );
  assert.deepEqual(
    answers.map(({ path, sequence, nonce }) => [path, sequence, nonce === ""]),
    [
      ["management", 1, false],
      ["management", 2, true],
      ["management", 4, true],
      ["management", 6, true],
      ["management", 8, true],
      ["storage", 10, true],
    ],
  );
});

test("peers that follow in the ring are handed out with their addresses", async (t) => {
  const fixture = withSettings();
  const collector = await fixture.start();
  const probes = ["compute-1", "compute-2", "compute-3"].map((host) =>
    createSimulatedProbe({
      host: hostName(host),
      key: fixture.keyOf(host),
      collectorPort: collector.port,
      path: "storage",
      checks: () => healthyChecks,
      reportEveryMs: 100,
    }),
  );
  t.after(async () => {
    await Promise.all(probes.map((probe) => probe.close()));
    await collector.process.end("SIGKILL");
    fixture.remove();
  });
  for (const probe of probes) probe.start();
  const raw = createRawProbe(collector.port, fixture.keyOf("compute-4"), "compute-4");
  t.after(() => raw.close());
  await raw.confirm({ sequence: 1, path: "storage" });
  let sequence = 2;
  const answer = await waitFor(
    "three peers",
    async () => {
      sequence += 1;
      await raw.send(raw.report({ sequence, path: "storage" }));
      return raw.answers.find(({ peers }) => peers.length === 3);
    },
    15_000,
  );
  assert.deepEqual(
    answer.peers.map(({ host, network, address }) => `${host} ${network} ${address}`),
    ["compute-1", "compute-2", "compute-3"].map((host) => `${host} storage 127.0.0.1`),
  );
});
