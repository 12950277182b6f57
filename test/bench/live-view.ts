/** The live view of 1,000 hosts on three paths: one answer over HTTP, from the request to the last byte. */
import { createIngest } from "../../collector/core/ingest.ts";
import { openLiveViewHttp } from "../../collector/shell/live-view-http.ts";
import { encodeLiveView, liveViewPath } from "../../shared/live-view.ts";
import { collectorId, hostName } from "../../shared/names.ts";
import { Secret } from "../../shared/secret.ts";
import { monoMs } from "../../shared/time.ts";
import { healthyChecks, sampleHeader } from "../support/sample-report.ts";

const hosts = 1000;
const paths = ["management", "storage", "business"] as const;
const asked = 60;

export async function benchLiveView(): Promise<void> {
  const collector = collectorId("c1");
  const ingest = createIngest({ collector, epoch: 1, serversMax: 100 });
  for (let host = 0; host < hosts; host += 1) {
    for (const path of paths) {
      const header = sampleHeader({ host: hostName(`compute-${host}`), path, sequence: host + 1 });
      const liveness = { kind: "liveness", checks: healthyChecks } as const;
      const report = { header, liveness, servers: undefined, more: [], unknownRecords: 0 };
      const { bootId, probeEpoch } = header;
      const life = { host: header.host, bootId, probeEpoch, confirmed: true, nonce: "0" };
      const received = { kind: "accepted", report, life: { ...life, windows: [] } } as const;
      ingest.take(received, monoMs(host));
    }
  }
  const token = new Secret("t");
  const mark = () => ({ collector, epoch: 1, monoMs: monoMs(5000), ledger: ingest.ledger(0) });
  const http = await openLiveViewHttp({
    address: "127.0.0.1",
    port: 0,
    token,
    live: () => encodeLiveView(mark(), ingest.live()),
    takeFenced: () => undefined,
    metrics: () => "",
    trouble: () => undefined,
  });
  const took: number[] = [];
  let bytes = 0;
  for (let one = -10; one < asked; one += 1) {
    const fromMs = performance.now();
    const answer = await fetch(`http://127.0.0.1:${http.port}${liveViewPath}`, {
      headers: { authorization: `Bearer ${token.reveal()}` },
    });
    bytes = (await answer.arrayBuffer()).byteLength;
    if (one >= 0) took.push(performance.now() - fromMs);
  }
  await http.close();
  took.sort((left, right) => left - right);
  const at = (share: number): string =>
    (took[Math.floor(share * (took.length - 1))] ?? 0).toFixed(1);
  const what = `${hosts} hosts on ${paths.length} paths, ${Math.round(bytes / 1000)} kB`;
  console.log(`live view of ${what}: median ${at(0.5)} ms, 95 % ${at(0.95)} ms (at most 20)`);
}
