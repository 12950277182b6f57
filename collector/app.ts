/** Wires the collector: socket -> receiver -> ingest -> store and live view. */
import type { Clock } from "../shared/clock.ts";
import { createLifecycle, type Lifecycle } from "../shared/lifecycle.ts";
import { readSecretFile } from "../shared/key-files.ts";
import { encodeLiveView } from "../shared/live-view.ts";
import type { Logger } from "../shared/log.ts";
import { runLoop } from "../shared/loop.ts";
import { collectorId } from "../shared/names.ts";
import { Secret } from "../shared/secret.ts";
import type { CollectorConfig } from "./config.ts";
import { renderMetrics } from "./core/metrics.ts";
import { createReception, type Reception } from "./reception.ts";
import { openCeilometerListener, type CeilometerListener } from "./shell/ceilometer-listener.ts";
import { openLiveViewHttp } from "./shell/live-view-http.ts";
import { nextEpoch } from "./shell/epoch-file.ts";
import { openGuardiansFile } from "./shell/guardians-file.ts";
import { openMasterKeys } from "./shell/master-key-watch.ts";
import { loadReplays, saveReplays } from "./shell/replay-file.ts";
import { createRefusalLog } from "./shell/refusal-log.ts";
import { openSettingsFile } from "./shell/settings-file.ts";
import { createStorePump, type StorePump } from "./shell/store-pump.ts";
import { openUdpServer, type UdpServer } from "./shell/udp-server.ts";
import type { StoreWriter } from "./ports.ts";
import type { Spool } from "./shell/spool.ts";
import { openStore, openStoreSpool } from "./store.ts";

export interface CollectorDeps {
  readonly config: CollectorConfig;
  readonly clock: Clock;
  readonly log: Logger;
}

const replaysSavedEveryMs = 5000;
const lookedEveryMs = 1000;

/** Runs until the signal. */
export async function runCollector(
  { config, clock, log }: CollectorDeps,
  signal: AbortSignal,
): Promise<void> {
  const lifecycle = createLifecycle();
  try {
    const keys = openMasterKeys(config.masterKeyFile, log, (masters) =>
      reception.useMasters(masters),
    );
    const collector = collectorId(config.id);
    const epoch = nextEpoch(`${config.replayFile}.epoch`, clock.wallMs(), log);
    const { writer, spool } = await openStoreSide(config, log, lifecycle);
    const settingsFile = openSettingsFile(config.settingsFile, log);
    const reception = createReception({
      collector,
      epoch,
      masters: keys.masters,
      restored: loadReplays(config.replayFile, log),
      revokedHosts: config.revokedHosts,
      serversMax: config.serversMax,
      acknowledgeEvery: config.acknowledgeEvery,
      inherited: spool?.figures().liveness ?? 0,
      settings: settingsFile.settings,
      guardians: openGuardiansFile(`${config.replayFile}.guardians`, clock.wallMs(), log),
      clock,
      log,
    });
    const { ingest, replays } = reception;
    const server = await openReports({ config, clock, log }, reception);
    lifecycle.onStop("replays", () => saveReplays(config.replayFile, replays, log));
    lifecycle.onStop("socket", () => server.close());
    const ceilometer = await openCeilometer({ config, clock, log }, lifecycle);
    const writeDeadlineMs = (config.store.influx?.timeout ?? 0) + 5000;
    const pump = createStorePump({
      collector,
      epoch,
      ingest,
      samples: [reception.samples, ...(ceilometer === undefined ? [] : [ceilometer.samples])],
      samplesEveryMs: config.store.samplesEvery,
      server,
      writer,
      spool,
      writeDeadlineMs,
      clock,
      log,
    });
    const livePort = await openLiveView(
      { config, clock, log },
      { reception, server, pump, spool, ceilometer },
      lifecycle,
    );
    const ports = { port: server.port, livePort, ceilometerPort: ceilometer?.port };
    log.info(
      { event: "started", id: config.id, epoch, ...ports, store: writer.name },
      "collector started",
    );
    const sayRefused = createRefusalLog(() => ingest.counters().refusedByReason, log);
    const looks = [settingsFile.look, keys.look, sayRefused, () => ceilometer?.sayRefused()];
    const save = (): void => saveReplays(config.replayFile, replays, log);
    await Promise.all([
      pump.run(signal),
      runLoop(clock, replaysSavedEveryMs, signal, save),
      runLoop(clock, lookedEveryMs, signal, () => looks.forEach((look) => look())),
    ]);
  } finally {
    for (const problem of await lifecycle.stop()) log.warn({ event: "stop", problem }, "stopping");
  }
}

async function openReports(
  { config, log }: CollectorDeps,
  reception: Reception,
): Promise<UdpServer> {
  const server = await openUdpServer({
    ...config.listen,
    onDatagram: (bytes, from) => {
      const answer = reception.take(bytes, from.address);
      if (answer !== undefined) server.send(answer, from);
    },
    log,
  });
  return server;
}

async function openStoreSide(
  config: CollectorConfig,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ readonly writer: StoreWriter; readonly spool: Spool | undefined }> {
  const writer = openStore(config.store, log);
  lifecycle.onStop("store", () => writer.close());
  const spool = await openStoreSpool(config.store, log);
  lifecycle.onStop("spool", () => spool?.close());
  return { writer, spool };
}

async function openCeilometer(
  { config, clock, log }: CollectorDeps,
  lifecycle: Lifecycle,
): Promise<CeilometerListener | undefined> {
  if (config.ceilometer === undefined) return undefined;
  const listener = await openCeilometerListener({ config: config.ceilometer, clock, log });
  lifecycle.onStop("Ceilometer's socket", () => listener.close());
  return listener;
}

async function openLiveView(
  { config, clock }: CollectorDeps,
  parts: {
    readonly reception: Reception;
    readonly server: UdpServer;
    readonly pump: StorePump;
    readonly spool: Spool | undefined;
    readonly ceilometer: CeilometerListener | undefined;
  },
  lifecycle: Lifecycle,
): Promise<number | undefined> {
  if (config.liveView === undefined) return undefined;
  const { reception, server, pump, spool, ceilometer } = parts;
  const { ingest } = reception;
  const http = await openLiveViewHttp({
    address: config.liveView.address,
    port: config.liveView.port,
    token: new Secret(readSecretFile(config.liveView.tokenFile)),
    live: () => encodeLiveView(pump.liveWatermark(), ingest.live(), reception.sightingsOfQuiet()),
    takeFenced: (list) =>
      reception.starts.takeList(list, { nowMs: clock.monoMs(), wallMs: clock.wallMs() }),
    metrics: () =>
      renderMetrics({
        ledger: pump.liveWatermark().ledger,
        counters: ingest.counters(),
        losses: reception.losses(),
        hosts: new Set(ingest.live().map(({ host }) => host)).size,
        receiveBufferBytes: server.receiveBufferBytes,
        storeLagMs: pump.storeLagMs(),
        storeFailures: pump.storeFailures(),
        fenced: reception.starts.fenced.figures(clock.monoMs()),
        questions: reception.starts.questions(),
        livenessWaiting: pump.livenessWaiting(),
        spool: spool?.figures(),
        probeSamples: reception.samples.figures(),
        samples: ceilometer?.samples.figures(),
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
