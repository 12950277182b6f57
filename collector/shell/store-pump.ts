/**
 * Moves what ingest holds into the store, and writes the watermark: "everything that reached me
 * before this instant is stored". What the watermark vouches for is the newest row of each host and path, in a lane of
 * its own: a slow store delays neither the live view nor, with its servers and history, the liveness.
 */
import type { Clock } from "../../shared/clock.ts";
import type { Logger } from "../../shared/log.ts";
import { runLoop } from "../../shared/loop.ts";
import type { CollectorId } from "../../shared/names.ts";
import type { Watermark } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Ingest } from "../core/ingest.ts";
import { newestOfHosts, samplesOf } from "../core/own-meters.ts";
import { createNewestRows } from "../core/newest-rows.ts";
import { createRowTimes } from "../core/row-times.ts";
import type { SampleQueue } from "../core/sample-queue.ts";
import type { StoreWriter } from "../ports.ts";
import { createForwardWallClock } from "./forward-wall-clock.ts";
import { createHistory, type History } from "./history.ts";
import { readKernelDrops } from "./kernel-drops.ts";
import { createPatience, type PatientWrite } from "./patient-write.ts";
import type { Spool } from "./spool.ts";
import type { UdpServer } from "./udp-server.ts";

export interface StorePump {
  run(signal: AbortSignal): Promise<void>;
  /** The watermark as of now, whether or not the store has it. */
  liveWatermark(): Watermark;
  storeLagMs(): number;
  storeFailures(): number;
  /** Liveness rows in memory that neither the store nor the disk has. */
  livenessWaiting(): number;
}

const livenessEveryMs = 250;
const watermarkEveryMs = 1000;
const serverRowsPerWrite = 2000;
const samplesPerWrite = 5000;

export interface StorePumpOptions {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly ingest: Ingest;
  /** Of Ceilometer's agents, when somebody listens for them. */
  /** Of probes, and of Ceilometer. */
  readonly samples: readonly SampleQueue[];
  /** How often each host's own meters are stored. */
  readonly samplesEveryMs: number;
  readonly server: UdpServer;
  readonly writer: StoreWriter;
  /** Before a store that is elsewhere; undefined: only the newest rows outlast an outage. */
  readonly spool: Spool | undefined;
  readonly writeDeadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createStorePump(options: StorePumpOptions): StorePump {
  const { ingest, server, writer, clock, log } = options;
  const wallMs = createForwardWallClock(clock);
  const timesOf = createRowTimes();
  const newest = createNewestRows();
  let storedUpToMs: MonoMs = clock.monoMs();
  let watermarkMs = Number.NEGATIVE_INFINITY;
  let answers = true;
  const patience = createPatience({ store: writer.name, deadlineMs: options.writeDeadlineMs, log });
  const writeNewest = patience.lane();
  const history = historyOf(options, { storeAnswers: () => answers, lane: () => patience.lane() });
  const storeBulk = createBulkLane(options, { wallMs, history, write: patience.lane() });
  const hearing = createHearing(options);

  const livenessWaiting = (): number => history?.waiting() ?? newest.size();

  function watermark(monoMs: MonoMs): Watermark {
    const ledger = ingest.ledger(readKernelDrops(server.address, server.port), {
      spooled: livenessWaiting() + (options.spool?.figures().liveness ?? 0),
    });
    return { collector: options.collector, epoch: options.epoch, monoMs, ledger };
  }

  function takeArrived(): void {
    const rows = timesOf(ingest.takeLiveness(), { monoMs: clock.monoMs(), wallMs: wallMs() });
    newest.put(rows);
    history?.put(rows);
  }

  async function storeNewest(signal: AbortSignal): Promise<boolean> {
    const rows = newest.take();
    if (rows.length === 0) return true;
    const result = await writeNewest(writer.writeLiveness(rows), signal);
    answers = result.kind === "stored";
    if (result.kind === "kept") {
      newest.giveBack(rows);
      return false;
    }
    const counted = history?.acknowledged(rows) ?? rows.length;
    ingest.livenessStored(Math.max(0, counted - result.poisoned), result.poisoned);
    return true;
  }

  async function storeLiveness(signal: AbortSignal): Promise<void> {
    const upToMs = hearing.upToMs();
    takeArrived();
    if (!(await storeNewest(signal))) return;
    storedUpToMs = upToMs;
    if (storedUpToMs - watermarkMs < watermarkEveryMs - livenessEveryMs / 2) return;
    const mark = watermark(storedUpToMs);
    const result = await writeNewest(writer.writeWatermark(mark, wallMs()), signal);
    answers = result.kind === "stored";
    if (result.kind === "stored") watermarkMs = storedUpToMs;
  }

  return {
    async run(signal) {
      await Promise.all([
        runLoop(clock, livenessEveryMs, signal, hearing.look),
        // Rows are taken while a write is under way, too, or a slow store would keep them from the disk.
        runLoop(clock, livenessEveryMs, signal, takeArrived),
        runLoop(clock, livenessEveryMs, signal, () => storeLiveness(signal)),
        runLoop(clock, watermarkEveryMs, signal, () => storeBulk(signal)),
        runLoop(clock, watermarkEveryMs, signal, () => writer.forgetOld(wallMs())),
        ...(history === undefined ? [] : [history.run(signal)]),
      ]);
      // What arrived last is stored too; the next process knows nothing of it.
      takeArrived();
      await storeNewest(signal);
      await history?.flush();
    },
    liveWatermark: () => watermark(hearing.upToMs()),
    storeLagMs: () => Math.max(0, clock.monoMs() - watermarkMs),
    storeFailures: () => patience.failures(),
    livenessWaiting,
  };
}

function historyOf(
  { writer, spool, clock, ingest }: StorePumpOptions,
  store: Pick<Parameters<typeof createHistory>[0], "storeAnswers" | "lane">,
): History | undefined {
  if (writer.lines === undefined || spool === undefined) return undefined;
  const onStored = (stored: number, poisoned: number): void =>
    ingest.livenessStored(stored, poisoned);
  return createHistory({ lines: writer.lines, spool, clock, onStored, ...store });
}

/** Server states and samples, one after the other in a lane of their own. */
function createBulkLane(
  { ingest, samples, samplesEveryMs, writer, collector, clock }: StorePumpOptions,
  parts: {
    readonly wallMs: () => number;
    readonly history: History | undefined;
    readonly write: PatientWrite;
  },
): (signal: AbortSignal) => Promise<void> {
  const { wallMs, history, write } = parts;
  const { lines } = writer;
  let sampledMs = clock.monoMs();

  async function storeServers(signal: AbortSignal): Promise<void> {
    const rows = ingest.takeServers(serverRowsPerWrite);
    if (rows.length === 0) return;
    const atMs = wallMs();
    const result = await write(writer.writeServers(rows, atMs), signal);
    if (result.kind === "stored") return;
    if (history === undefined || lines === undefined) ingest.giveBackServers(rows);
    else await history.keep(rows.map((row) => lines.ofServer(row, atMs)));
  }

  async function storeSamples(signal: AbortSignal): Promise<void> {
    const taken = samples.map((queue) => queue.takeSamples(samplesPerWrite));
    const rows = taken.flat().map((sample) => ({ collector, ...sample }));
    const nowMs = clock.monoMs();
    if (nowMs - sampledMs >= samplesEveryMs) {
      const at = wallMs();
      rows.push(...newestOfHosts(ingest.live(), sampledMs).flatMap((row) => samplesOf(row, at)));
      sampledMs = nowMs;
    }
    if (rows.length === 0) return;
    const result = await write(writer.writeSamples(rows), signal);
    if (result.kind === "stored") return;
    if (history === undefined || lines === undefined) {
      for (const [index, queue] of samples.entries()) queue.giveBack(taken[index] ?? []);
    } else await history.keep(rows.map((row) => lines.ofSample(row)));
  }

  return async (signal) => {
    await storeServers(signal);
    await storeSamples(signal);
  };
}

/** Up to when everything that reached our socket has been handled. Says once when our own marker is lost, and once when it is back. */
function createHearing({ server, clock, log }: StorePumpOptions): {
  readonly look: () => Promise<void>;
  readonly upToMs: () => MonoMs;
} {
  let caughtUpMs: MonoMs = clock.monoMs();
  let hearing = true;
  return {
    async look() {
      const beforeMs = clock.monoMs();
      // No marker back means that we may be deaf: the watermark stands still, and so does our vote.
      const heard = await server.caughtUp(1000);
      if (heard) caughtUpMs = beforeMs;
      if (heard === hearing) return;
      hearing = heard;
      const fields = { event: heard ? "socket-heard" : "socket-deaf", port: server.port };
      if (heard) log.info(fields, "our own marker came back again");
      else log.error(fields, "our own marker did not come back: the watermark stands still");
    },
    upToMs: () => caughtUpMs,
  };
}
