/**
 * A store outage of an hour's volume: 3.6 million liveness records of 1,000 hosts (or as many as are asked for), pushed
 * into a real collector over UDP as fast as it takes them while its store answers 503, then the way back. Every record that
 * it took must be in the store at the end, once. `npm run bench -- outage [RECORDS]`.
 */
import { createSocket } from "node:dgram";
import { sleep } from "../../shared/loop.ts";
import { hostName } from "../../shared/names.ts";
import { importKey, signDatagram } from "../../shared/wire-auth.ts";
import { createCollectorFixture, type StartedCollector } from "../support/collector-fixture.ts";
import { startFakeInflux } from "../support/fake-influx.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

const hosts = 1000;
const defaultRecords = 3_600_000;
/** No more under way than the socket's buffer holds. */
const aheadMax = 2000;

export async function benchOutage(records = defaultRecords): Promise<void> {
  const influx = await startFakeInflux();
  const fixture = createCollectorFixture(
    `{ kind: influx, influx: { url: "${influx.url}", timeout: 10s, poisonFile: SPOOL.poison }, spool: { directory: SPOOL, bytesMax: 20000000000 } }`,
  );
  const collector = await fixture.start();
  influx.failWith = { status: 503 };
  const pushedMs = Date.now();
  await push(collector, fixture, records);
  // What the socket still holds is taken, too.
  await sleep(2000);
  const taken = await metric(collector, "liveness_total");
  await until("all of it on the disk", collector, "spool_liveness", (count) => count >= taken);
  const bytes = await metric(collector, "spool_bytes");
  const pushS = (Date.now() - pushedMs) / 1000;
  console.log(
    `${taken} records on the disk after ${pushS.toFixed(0)} s, ${(bytes / 1e6).toFixed(0)} MB`,
  );
  influx.failWith = undefined;
  const backMs = Date.now();
  await until("an empty spool", collector, "spool_liveness", (count) => count === 0);
  const backS = (Date.now() - backMs) / 1000;
  const refused = await metric(collector, "spool_liveness_refused_total");
  const many = [...influx.liveness.values()].filter((points) => points.size !== 1).length;
  const missing = taken - influx.liveness.size;
  console.log(
    `back in the store after ${backS.toFixed(0)} s (${Math.round(taken / backS)} a second)`,
  );
  console.log(
    `missing ${missing}, refused by the spool ${refused}, stored under more than one time ${many}`,
  );
  await collector.process.end("SIGKILL");
  fixture.remove();
  await influx.close();
  if (missing !== 0 || many !== 0) throw new Error("the store does not hold each record once");
}

async function push(
  collector: StartedCollector,
  fixture: ReturnType<typeof createCollectorFixture>,
  records: number,
): Promise<void> {
  const socket = createSocket("udp4");
  const names = Array.from({ length: hosts }, (_, index) => `compute-${index}`);
  const keys = names.map((name) => importKey(fixture.keyOf(name)));
  const healthy = { kind: "liveness", checks: healthyChecks } as const;
  for (let sent = 0; sent < records;) {
    for (let batch = 0; batch < aheadMax && sent < records; batch += 1, sent += 1) {
      const [at, sequence] = [sent % hosts, Math.floor(sent / hosts) + 1];
      const header = sampleHeader({ host: hostName(names[at] ?? ""), sequence });
      const key = keys[at];
      if (key !== undefined) {
        socket.send(signDatagram(key, header, [healthy]), collector.port, "127.0.0.1");
      }
    }
    await until(
      undefined,
      collector,
      "datagrams_received_total",
      (count) => sent - count < aheadMax / 2,
    );
    if (sent % 200_000 === 0) console.log(`  ${sent} of ${records} sent`);
  }
  socket.close();
}

async function metric({ livePort }: StartedCollector, name: string): Promise<number> {
  const url = `http://127.0.0.1:${livePort}/metrics`;
  // A connection that was kept open may just have been closed by a collector that had no time for it.
  const answer = await fetch(url).catch(() => fetch(url));
  const text = await answer.text();
  return Number(new RegExp(`^guardian_collector_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** Says how far it is every 10 s; gives up when nothing moves for a minute. */
async function until(
  what: string | undefined,
  collector: StartedCollector,
  name: string,
  isThere: (count: number) => boolean,
): Promise<void> {
  let [last, movedMs, saidMs] = [Number.NaN, Date.now(), Date.now()];
  for (;;) {
    const count = await metric(collector, name);
    if (isThere(count)) return;
    if (count !== last) [last, movedMs] = [count, Date.now()];
    // A few datagrams may be lost on the way in: what counts is what was taken.
    if (Date.now() - movedMs > (what === undefined ? 1000 : 60_000)) {
      if (what === undefined) return;
      throw new Error(`${what}: ${name} stands at ${count} for 60 s`);
    }
    if (what !== undefined && Date.now() - saidMs > 10_000) {
      saidMs = Date.now();
      console.log(`  ${name} ${count}`);
    }
    await sleep(what === undefined ? 2 : 250);
  }
}
