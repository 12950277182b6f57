/**
 * Moves what ingest holds into the store, and writes the watermark: "everything that reached me
 * before this instant is stored". Three loops, so that a slow store delays neither the live view
 * nor, with its servers, the liveness.
 */
import type { Clock } from "../../shared/clock.ts";
import { describeError } from "../../shared/errors.ts";
import type { Logger } from "../../shared/log.ts";
import { runLoop, sleep, withDeadline } from "../../shared/loop.ts";
import type { CollectorId } from "../../shared/names.ts";
import type { Watermark } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Ingest } from "../core/ingest.ts";
import type { StoreWriter, WriteResult } from "../ports.ts";
import { createForwardWallClock } from "./forward-wall-clock.ts";
import { readKernelDrops } from "./kernel-drops.ts";
import type { UdpServer } from "./udp-server.ts";

export interface StorePump {
  run(signal: AbortSignal): Promise<void>;
  /** The watermark as of now, whether or not the store has it. */
  liveWatermark(): Watermark;
  storeLagMs(): number;
  storeFailures(): number;
}

const livenessEveryMs = 250;
const watermarkEveryMs = 1000;
const serverRowsPerWrite = 2000;
const pauseMsMin = 250;
const pauseMsMax = 5000;

export interface StorePumpOptions {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly ingest: Ingest;
  readonly server: UdpServer;
  readonly writer: StoreWriter;
  readonly writeDeadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createStorePump(options: StorePumpOptions): StorePump {
  const { ingest, server, writer, clock, log } = options;
  const wallMs = createForwardWallClock(clock);
  let caughtUpMs: MonoMs = clock.monoMs();
  let storedUpToMs: MonoMs = clock.monoMs();
  let watermarkMs = Number.NEGATIVE_INFINITY;
  const { write, failures } = createPatientWrite(options);
  const hearing = createHearing(log, server.port);

  function watermark(monoMs: MonoMs): Watermark {
    const ledger = ingest.ledger(readKernelDrops(server.address, server.port));
    return { collector: options.collector, epoch: options.epoch, monoMs, ledger };
  }

  async function look(): Promise<void> {
    const beforeMs = clock.monoMs();
    // No marker back means that we may be deaf: the watermark stands still, and so does our vote.
    const heard = await server.caughtUp(1000);
    if (heard) caughtUpMs = beforeMs;
    hearing.note(heard);
  }

  async function storeLiveness(signal: AbortSignal): Promise<void> {
    const upToMs = caughtUpMs;
    const rows = ingest.takeLiveness();
    if (rows.length > 0) {
      const result = await write(writer.writeLiveness(rows, wallMs()), signal);
      if (result.kind === "kept") {
        ingest.giveBackLiveness(rows);
        return;
      }
      ingest.livenessStored(rows.length - result.poisoned, result.poisoned);
    }
    storedUpToMs = upToMs;
    if (storedUpToMs - watermarkMs < watermarkEveryMs - livenessEveryMs / 2) return;
    const result = await write(writer.writeWatermark(watermark(storedUpToMs), wallMs()), signal);
    if (result.kind === "stored") watermarkMs = storedUpToMs;
  }

  async function storeServers(signal: AbortSignal): Promise<void> {
    const rows = ingest.takeServers(serverRowsPerWrite);
    if (rows.length === 0) return;
    const result = await write(writer.writeServers(rows, wallMs()), signal);
    if (result.kind === "kept") ingest.giveBackServers(rows);
  }

  return {
    async run(signal) {
      await Promise.all([
        runLoop(clock, livenessEveryMs, signal, look),
        runLoop(clock, livenessEveryMs, signal, () => storeLiveness(signal)),
        runLoop(clock, watermarkEveryMs, signal, () => storeServers(signal)),
        runLoop(clock, watermarkEveryMs, signal, () => writer.forgetOld(wallMs())),
      ]);
      // What arrived last is stored too; the next process knows nothing of it.
      const rest = ingest.takeLiveness();
      if (rest.length > 0) await write(writer.writeLiveness(rest, wallMs()), signal);
    },
    liveWatermark: () => watermark(caughtUpMs),
    storeLagMs: () => Math.max(0, clock.monoMs() - watermarkMs),
    storeFailures: failures,
  };
}

/** Waits for a write within its deadline, and pauses after one that was not acknowledged. */
function createPatientWrite({ writer, writeDeadlineMs, log }: StorePumpOptions): {
  readonly write: (work: Promise<WriteResult>, signal: AbortSignal) => Promise<WriteResult>;
  readonly failures: () => number;
} {
  let failures = 0;
  const trouble = createTrouble(log, writer.name);
  return {
    failures: () => failures,
    write: async (work, signal) => {
      const late = { kind: "kept", reason: "no answer in time", retryAfterMs: undefined } as const;
      const caught = work.catch((error: unknown): WriteResult => {
        return { kind: "kept", reason: describeError(error), retryAfterMs: undefined };
      });
      const result = await withDeadline(caught, writeDeadlineMs, () => late);
      if (result.kind === "kept") {
        failures += 1;
        await sleep(trouble.pauseAfter(result), signal);
      } else {
        trouble.over();
      }
      return result;
    },
  };
}

/** Says once when our own marker is lost, and once when it comes back. */
function createHearing(log: Logger, port: number): { note(heard: boolean): void } {
  let hearing = true;
  return {
    note(heard) {
      if (heard === hearing) return;
      hearing = heard;
      const fields = { event: heard ? "socket-heard" : "socket-deaf", port };
      if (heard) log.info(fields, "our own marker came back again");
      else log.error(fields, "our own marker did not come back: the watermark stands still");
    },
  };
}

/** Growing pauses while the store does not take anything; each reason is said once. */
function createTrouble(
  log: Logger,
  store: string,
): {
  pauseAfter(result: {
    readonly reason: string;
    readonly retryAfterMs: number | undefined;
  }): number;
  over(): void;
} {
  let pauseMs = pauseMsMin;
  let said = "";
  return {
    pauseAfter({ reason, retryAfterMs }) {
      if (reason !== said) log.warn({ event: "store-kept", store, reason }, "store took nothing");
      said = reason;
      const pause = Math.min(pauseMsMax, retryAfterMs ?? pauseMs);
      pauseMs = Math.min(pauseMsMax, pauseMs * 2);
      return pause;
    },
    over() {
      if (said !== "") log.info({ event: "store-back", store }, "store takes rows again");
      said = "";
      pauseMs = pauseMsMin;
    },
  };
}
