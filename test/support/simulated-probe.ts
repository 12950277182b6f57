/**
 * A probe without a host: sends real signed reports with the checks it is told. Many of them fit
 * into one process, for the demo and for tests. It reports from the same code as the real probe.
 */
import { randomBytes } from "node:crypto";
import { createReportSender } from "../../compute-probe/shell/report-sender.ts";
import { systemClock } from "../../shared/clock.ts";
import { silentLogger } from "../../shared/log.ts";
import { runLoop } from "../../shared/loop.ts";
import type { HostName } from "../../shared/names.ts";
import type { HostChecks, NetworkName } from "../../shared/telemetry.ts";
import { importKey } from "../../shared/wire-auth.ts";
import type { WireServer } from "../../shared/wire-records.ts";

export interface SimulatedProbeOptions {
  readonly host: HostName;
  /** The host's key (deriveHostKey), 32 bytes. */
  readonly key: Uint8Array;
  readonly keyId?: number;
  readonly collectorPort: number;
  readonly collectorAddress?: string;
  /** One path, or several that carry the same reports. */
  readonly path: NetworkName | readonly NetworkName[];
  readonly checks: () => HostChecks;
  readonly servers?: () => readonly WireServer[];
  readonly reportEveryMs?: number;
  /** 16 hex digits; a fresh one by default. */
  readonly bootId?: string;
}

export interface SimulatedProbe {
  /** Reports until `stop`. A start after a stop goes on in the same life. */
  start(): void;
  /** Falls silent at once, as a host does that hangs or loses its power. */
  stop(): Promise<void>;
  /** Stops for good and closes the sockets. */
  close(): Promise<void>;
  /** One report now. */
  report(): void;
  /** The host was booted again: new boot id, new epoch. */
  reboot(): void;
}

export function createSimulatedProbe(options: SimulatedProbeOptions): SimulatedProbe {
  let sender = createSender(options, options.bootId ?? freshBootId());
  let running: { readonly stopping: AbortController; readonly done: Promise<void> } | undefined;
  const report = (): void => sender.send(options.checks(), options.servers?.());
  return {
    report,
    start() {
      if (running !== undefined) return;
      const stopping = new AbortController();
      const everyMs = options.reportEveryMs ?? 1000;
      running = { stopping, done: runLoop(systemClock, everyMs, stopping.signal, report) };
    },
    async stop() {
      running?.stopping.abort();
      await running?.done;
      running = undefined;
    },
    async close() {
      running?.stopping.abort();
      await running?.done;
      running = undefined;
      sender.close();
    },
    reboot() {
      sender.close();
      sender = createSender(options, freshBootId());
    },
  };
}

function createSender(options: SimulatedProbeOptions, bootId: string) {
  const { host, key, keyId = 1, collectorPort, collectorAddress = "127.0.0.1" } = options;
  const paths = typeof options.path === "string" ? [options.path] : options.path;
  return createReportSender({
    identity: {
      host,
      keyId,
      key: importKey(key),
      bootId,
      probeEpoch: Math.floor(systemClock.monoMs()),
    },
    collectors: paths.map((path) => ({
      path,
      address: collectorAddress,
      port: collectorPort,
      sourceAddress: undefined,
    })),
    clock: systemClock,
    log: silentLogger,
  });
}

function freshBootId(): string {
  return randomBytes(8).toString("hex");
}
