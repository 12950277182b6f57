/** Wires the collector: socket -> receiver -> ingest -> store and live view. */
import type { Clock } from "../shared/clock.ts";
import { createLifecycle } from "../shared/lifecycle.ts";
import { readMasterKeys, readSecretFile } from "../shared/key-files.ts";
import { encodeLiveView } from "../shared/live-view.ts";
import type { Logger } from "../shared/log.ts";
import { runLoop } from "../shared/loop.ts";
import { collectorId } from "../shared/names.ts";
import { createReplayTable } from "../shared/replay-window.ts";
import { Secret } from "../shared/secret.ts";
import { createHostKeys, createReceiver } from "../shared/wire-auth.ts";
import type { CollectorConfig } from "./config.ts";
import { createIngest, type Ingest } from "./core/ingest.ts";
import { renderMetrics } from "./core/metrics.ts";
import { openLiveViewHttp } from "./shell/live-view-http.ts";
import { readKernelDrops } from "./shell/kernel-drops.ts";
import { loadReplays, saveReplays } from "./shell/replay-file.ts";
import { createStorePump, type StorePump } from "./shell/store-pump.ts";
import { openUdpServer, type UdpServer } from "./shell/udp-server.ts";
import type { Spool } from "./shell/spool.ts";
import { openStore, openStoreSpool } from "./store.ts";

export interface CollectorDeps {
  readonly config: CollectorConfig;
  readonly clock: Clock;
  readonly log: Logger;
}

const replaysSavedEveryMs = 5000;

/** Runs until the signal. */
export async function runCollector(
  { config, clock, log }: CollectorDeps,
  signal: AbortSignal,
): Promise<void> {
  const lifecycle = createLifecycle();
  try {
    const masters = readMasterKeys(config.masterKeyFile);
    const collector = collectorId(config.id);
    // Only has to differ from the epochs before; a start takes longer than a millisecond.
    const epoch = clock.wallMs();
    const ingest = createIngest({ collector, epoch, serversMax: config.serversMax });
    const replays = createReplayTable(loadReplays(config.replayFile, log));
    const receiver = createReceiver({
      keys: createHostKeys(masters),
      replays,
      revokedHosts: new Set(config.revokedHosts),
    });
    const writer = openStore(config.store, log);
    lifecycle.onStop("store", () => writer.close());
    const spool = await openStoreSpool(config.store, log);
    lifecycle.onStop("spool", () => spool?.close());
    const server = await openUdpServer({
      ...config.listen,
      onDatagram: (bytes) => ingest.take(receiver.receive(bytes), clock.monoMs()),
      log,
    });
    lifecycle.onStop("replays", () => saveReplays(config.replayFile, replays, log));
    lifecycle.onStop("socket", () => server.close());
    const writeDeadlineMs = (config.store.influx?.timeout ?? 0) + 5000;
    const pump = createStorePump({
      collector,
      epoch,
      ingest,
      server,
      writer,
      spool,
      writeDeadlineMs,
      clock,
      log,
    });
    const livePort = await openLiveView(config, { ingest, server, pump, spool }, lifecycle);
    log.info(
      { event: "started", id: config.id, epoch, port: server.port, livePort, store: writer.name },
      "collector started",
    );
    const save = (): void => saveReplays(config.replayFile, replays, log);
    await Promise.all([pump.run(signal), runLoop(clock, replaysSavedEveryMs, signal, save)]);
  } finally {
    for (const problem of await lifecycle.stop()) log.warn({ event: "stop", problem }, "stopping");
  }
}

async function openLiveView(
  config: CollectorConfig,
  parts: {
    readonly ingest: Ingest;
    readonly server: UdpServer;
    readonly pump: StorePump;
    readonly spool: Spool | undefined;
  },
  lifecycle: ReturnType<typeof createLifecycle>,
): Promise<number | undefined> {
  if (config.liveView === undefined) return undefined;
  const { ingest, server, pump, spool } = parts;
  const http = await openLiveViewHttp({
    address: config.liveView.address,
    port: config.liveView.port,
    token: new Secret(readSecretFile(config.liveView.tokenFile)),
    live: () => encodeLiveView(pump.liveWatermark(), ingest.live()),
    metrics: () =>
      renderMetrics({
        ledger: ingest.ledger(readKernelDrops(server.address, server.port)),
        counters: ingest.counters(),
        hosts: new Set(ingest.live().map(({ host }) => host)).size,
        receiveBufferBytes: server.receiveBufferBytes,
        storeLagMs: pump.storeLagMs(),
        storeFailures: pump.storeFailures(),
        livenessWaiting: pump.livenessWaiting(),
        spool: spool?.figures(),
      }),
    trouble: () => {
      if (pump.storeLagMs() > 10_000) return "The store has acknowledged nothing for 10 s";
      const { trouble } = spool?.figures() ?? {};
      return trouble === undefined ? undefined : `The spool takes nothing: ${trouble}`;
    },
  });
  lifecycle.onStop("live view", () => http.close());
  return http.port;
}
