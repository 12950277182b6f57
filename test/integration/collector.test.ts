import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { createLiveView } from "../../guardian/shell/live-view.ts";
import { createSqliteTelemetry } from "../../guardian/shell/sqlite-telemetry.ts";
import { sleep } from "../../shared/loop.ts";
import { hostName, serverId } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import type { TelemetrySnapshot } from "../../shared/telemetry.ts";
import type { TelemetryStore } from "../../guardian/ports.ts";
import { createCollectorFixture, type StartedCollector } from "../support/collector-fixture.ts";
import { createRawProbe } from "../support/raw-probe.ts";
import { healthyChecks } from "../support/sample-report.ts";
import { createSimulatedProbe } from "../support/simulated-probe.ts";
import { waitFor } from "../support/wait-for.ts";

async function snapshotOf(store: TelemetryStore): Promise<TelemetrySnapshot | undefined> {
  const result = await store.read(1000);
  return result.kind === "read" ? result : undefined;
}

async function startedFixture(t: TestContext) {
  const fixture = createCollectorFixture();
  const collector = await fixture.start();
  const store = createSqliteTelemetry(fixture.database);
  const url = `http://127.0.0.1:${collector.livePort}`;
  const live = createLiveView({ name: "c1", url, token: new Secret(fixture.token) });
  t.after(async () => {
    await collector.process.end("SIGKILL");
    await store.close();
    fixture.remove();
  });
  return { fixture, collector, store, live };
}

test("reports become rows and a watermark that vouches for them, in the store and live", async (t) => {
  const { fixture, collector, store, live } = await startedFixture(t);
  const probe = createSimulatedProbe({
    host: hostName("compute-1"),
    key: fixture.keyOf("compute-1"),
    collectorPort: collector.port,
    path: ["storage", "business"],
    checks: () => ({ ...healthyChecks, directory: "read-only" }),
    servers: () => [{ server: serverId("00112233-4455-6677-8899-aabbccddeeff"), state: "running" }],
    reportEveryMs: 200,
  });
  probe.start();
  t.after(() => probe.close());
  for (const from of [store, live]) {
    // The watermark may trail the newest rows at every look, for all time: it is held against the first that were seen.
    let first: readonly number[] | undefined;
    const seen = await waitFor(`rows in ${from.name}`, async () => {
      const now = await snapshotOf(from);
      const arrivals = now?.liveness.map((row) => row.arrivalMs as number) ?? [];
      if (arrivals.length === 2) first ??= arrivals;
      const vouched = now?.watermarks[0]?.monoMs ?? 0;
      return first !== undefined && vouched > Math.max(...first) ? now : undefined;
    });
    assert.deepEqual(seen.liveness.map(({ path }) => path).toSorted(), ["business", "storage"]);
    const [row] = seen.liveness;
    assert.equal(row?.host, "compute-1");
    assert.equal(row.collectorEpoch, collector.epoch);
    assert.deepEqual(row.checks, { ...healthyChecks, directory: "read-only" });
    assert.equal(seen.watermarks[0]?.epoch, collector.epoch);
    assert.equal(seen.watermarks[0].ledger.refused, 0);
  }
});

test("the watermark goes on while a host is silent: its row grows old by the collector's clock", async (t) => {
  const { fixture, collector, store } = await startedFixture(t);
  const probe = createSimulatedProbe({
    host: hostName("compute-1"),
    key: fixture.keyOf("compute-1"),
    collectorPort: collector.port,
    path: "management",
    checks: () => healthyChecks,
  });
  probe.report();
  t.after(() => probe.close());
  const ageMs = await waitFor("an age of 2 s", async () => {
    const now = await snapshotOf(store);
    const [row, mark] = [now?.liveness[0], now?.watermarks[0]];
    const age = row && mark ? mark.monoMs - row.arrivalMs : 0;
    return age > 2000 ? age : undefined;
  });
  assert.ok(ageMs < 4000, `${ageMs}`);
});

test("what is not an authentic new report changes nothing and is counted by its reason", async (t) => {
  const { fixture, collector, live } = await startedFixture(t);
  const probe = createRawProbe(collector.port, fixture.keyOf("compute-1"));
  t.after(() => probe.close());
  const { send } = probe;
  const report = (sequence: number, changes = {}): Uint8Array =>
    probe.report({ sequence, ...changes });

  await probe.confirm({ sequence: 4 });
  await waitFor("the true report", async () =>
    (await snapshotOf(live))?.liveness[0]?.sequence === 5 ? true : undefined,
  );
  const before = await snapshotOf(live);

  await send(report(5));
  await send(report(3));
  await send(report(6).subarray(0, 50));
  await send(new Uint8Array([...report(6), ...new Uint8Array(1400)]));
  await send(report(6).map((byte, index) => (index === 100 ? byte ^ 1 : byte)));
  await send(report(6, { host: hostName("compute-2") }));
  await send(report(6, { keyId: 3 }));
  await send(report(90, { probeEpoch: 4000 }));
  await send(new TextEncoder().encode("GET / HTTP/1.1\r\n".repeat(10)));

  const metrics = await waitFor("nine refusals", async () => {
    const text = await (await fetch(`http://127.0.0.1:${collector.livePort}/metrics`)).text();
    return text.includes("datagrams_received_total 11") ? text : undefined;
  });
  const expected = {
    replayed: 1,
    late: 1,
    "too-short": 1,
    "too-long": 1,
    mac: 2,
    "unknown-key": 1,
    "stale-epoch": 1,
    magic: 1,
  };
  for (const [reason, count] of Object.entries(expected)) {
    assert.ok(
      metrics.includes(`refused_total{reason="${reason}"} ${count}\n`),
      `${reason}\n${metrics}`,
    );
  }
  const after = await snapshotOf(live);
  assert.deepEqual(after?.liveness, before?.liveness);
  const { ledger } = after?.watermarks[0] ?? {};
  assert.deepEqual(
    [ledger?.received, ledger?.accepted, ledger?.duplicate, ledger?.late, ledger?.refused],
    [11, 2, 1, 1, 7],
  );
});

test("killed and started again, a collector is a new epoch and hears the same probe at once", async (t) => {
  const fixture = createCollectorFixture();
  const first = await fixture.start();
  const probe = createSimulatedProbe({
    host: hostName("compute-1"),
    key: fixture.keyOf("compute-1"),
    collectorPort: first.port,
    path: "management",
    checks: () => healthyChecks,
    reportEveryMs: 200,
  });
  probe.start();
  const store = createSqliteTelemetry(fixture.database);
  const epochSeen = (epoch: number) =>
    waitFor(`epoch ${epoch}`, async () => {
      const now = await snapshotOf(store);
      const isSeen =
        now?.watermarks[0]?.epoch === epoch && now.liveness[0]?.collectorEpoch === epoch;
      return isSeen ? true : undefined;
    });
  await epochSeen(first.epoch);
  assert.equal(await first.process.end("SIGKILL"), "SIGKILL");
  const second = await fixture.start();
  t.after(async () => {
    await probe.close();
    await second.process.end("SIGKILL");
    await store.close();
    fixture.remove();
  });
  assert.ok(second.epoch > first.epoch);
  await epochSeen(second.epoch);
  assert.equal(await second.process.end("SIGTERM"), 0);
});

test("a restart forgets neither the boots that ended nor what was heard", async (t) => {
  const fixture = createCollectorFixture();
  const first = await fixture.start();
  const probe = createRawProbe(first.port, fixture.keyOf("compute-1"));
  const { send } = probe;
  const report = (sequence: number, bootId: string): Uint8Array =>
    probe.report({ sequence, bootId });
  const [oldBoot, newBoot] = ["a".repeat(16), "b".repeat(16)];
  const refusals = async ({ livePort }: StartedCollector, count: number): Promise<string> =>
    await waitFor(`${count} datagrams`, async () => {
      const text = await (await fetch(`http://127.0.0.1:${livePort}/metrics`)).text();
      return text.includes(`received_total ${count}\n`) ? text : undefined;
    });
  await probe.confirm({ sequence: 1, bootId: oldBoot });
  await probe.confirm({ sequence: 1, bootId: newBoot });
  await refusals(first, 4);
  assert.equal(await first.process.end("SIGTERM"), 0);
  const second = await fixture.start();
  t.after(async () => {
    probe.close();
    await second.process.end("SIGKILL");
    fixture.remove();
  });
  await send(report(3, oldBoot));
  await send(report(2, newBoot));
  await send(report(3, newBoot));
  const metrics = await refusals(second, 3);
  assert.match(metrics, /reason="retired-boot"\} 1$/m);
  assert.match(metrics, /reason="replayed"\} 1$/m);
  assert.match(metrics, /accepted_total 1$/m);
});

test("a collector that was stopped for 3 s vouches for nothing it has not read", async (t) => {
  const { fixture, collector, store } = await startedFixture(t);
  // Node reads 32 datagrams before it looks at its timers: fewer hosts would hide the fault.
  const probes = Array.from({ length: 60 }, (_, index) => {
    const host = `compute-${index}`;
    return createSimulatedProbe({
      host: hostName(host),
      key: fixture.keyOf(host),
      collectorPort: collector.port,
      path: "management",
      checks: () => healthyChecks,
      reportEveryMs: 500,
    });
  });
  for (const probe of probes) probe.start();
  t.after(() => Promise.all(probes.map((probe) => probe.close())));
  await waitFor("all hosts", async () =>
    (await snapshotOf(store))?.liveness.length === probes.length ? true : undefined,
  );
  process.kill(collector.process.pid, "SIGSTOP");
  await sleep(3000);
  process.kill(collector.process.pid, "SIGCONT");
  let worstMs = 0;
  for (let look = 0; look < 100; look += 1) {
    const now = await snapshotOf(store);
    const markMs = now?.watermarks[0]?.monoMs ?? 0;
    for (const row of now?.liveness ?? []) worstMs = Math.max(worstMs, markMs - row.arrivalMs);
    await sleep(20);
  }
  assert.ok(worstMs < 1500, `a live host looked ${worstMs} ms old`);
});

test("the live view needs its token, healthz does not", async (t) => {
  const { collector, fixture } = await startedFixture(t);
  const url = `http://127.0.0.1:${collector.livePort}`;
  for (const path of ["/api/v1/live", "/v1/live"]) {
    assert.equal((await fetch(`${url}${path}`)).status, 401);
    const headers = { authorization: `Bearer ${fixture.token}` };
    const body = (await (await fetch(`${url}${path}`, { headers })).json()) as object;
    assert.deepEqual(Object.keys(body), ["watermark", "columns", "rows", "sightings"]);
  }
  const wrong = createLiveView({ name: "c1", url, token: new Secret("wrong") });
  assert.equal((await wrong.read(1000)).kind, "failed");
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal((await fetch(`${url}/nothing`)).status, 404);
});

test("what is no path of a URL is answered like any other page that is not there", async (t) => {
  const { collector } = await startedFixture(t);
  for (const target of ["//", "http://[", "*", "/%zz", "///api/v1/live"]) {
    const socket = connect(collector.livePort, "127.0.0.1");
    socket.end(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    const answer = await text(socket);
    assert.match(answer, /^HTTP\/1\.1 40[04] /, target);
  }
  const url = `http://127.0.0.1:${collector.livePort}`;
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});
