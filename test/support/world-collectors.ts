/** Simulated collectors: what reached them, what their store holds, and their watermark. */
import { noLedger, type LivenessRow, type Watermark } from "../../shared/telemetry.ts";
import { collectorId, type CollectorId, type HostName } from "../../shared/names.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { EventQueue } from "./event-queue.ts";
import { bootId, checksOf, type WorldHost } from "./world-host.ts";

export interface WorldCollector {
  readonly id: CollectorId;
  up: boolean;
  /** When it was last seen running, for the judge of power-offs. */
  ranAt: number;
  epoch: number;
  /** When its monotonic clock read zero. */
  since: number;
  /** The store stopped taking its rows; the live view goes on. */
  storeStuck: boolean;
  stored: { readonly watermarks: readonly Watermark[]; readonly rows: readonly LivenessRow[] };
  readonly rows: Map<HostName, LivenessRow>;
  dropped: number;
}

const wallStart = 1_780_000_000_000;

export class WorldCollectors {
  readonly all: WorldCollector[] = [];
  storeUp = true;
  readonly #queue: EventQueue;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** Adds a collector whose store is written each second, first after `phaseMs`. */
  add(id: string, phaseMs: number): void {
    const collector: WorldCollector = {
      id: collectorId(id),
      up: true,
      ranAt: this.#queue.now,
      epoch: 1,
      since: this.#queue.now - 7000,
      storeStuck: false,
      stored: { watermarks: [], rows: [] },
      rows: new Map(),
      dropped: 0,
    };
    this.all.push(collector);
    this.#queue.in(phaseMs, () => this.#store(collector));
  }

  restart(collector: WorldCollector): void {
    collector.up = true;
    collector.epoch += 1;
    collector.since = this.#queue.now;
    collector.rows.clear();
    collector.dropped = 0;
  }

  /** One report reaches every collector that is up. */
  receive(host: WorldHost): void {
    for (const collector of this.all) {
      if (collector.up) collector.rows.set(host.name, this.#row(collector, host));
    }
  }

  watermark(collector: WorldCollector): Watermark {
    return {
      collector: collector.id,
      epoch: collector.epoch,
      monoMs: this.#clock(collector),
      ledger: { ...noLedger, dropped: collector.dropped },
    };
  }

  #clock(collector: WorldCollector): MonoMs {
    return monoMs(this.#queue.now - collector.since);
  }

  #row(collector: WorldCollector, host: WorldHost): LivenessRow {
    return {
      collector: collector.id,
      collectorEpoch: collector.epoch,
      host: host.name,
      path: "management",
      arrivalMs: this.#clock(collector),
      bootId: bootId(host),
      probeEpoch: host.probeEpoch,
      sequence: host.sequence,
      sentWallMs: wallStart + this.#queue.now,
      sent: host.sequence,
      sendErrors: 0,
      checks: checksOf(host),
    };
  }

  /** Each second the collector stores what it has, and then its watermark. */
  #store(collector: WorldCollector): void {
    if (collector.up) collector.ranAt = this.#queue.now;
    if (collector.up && !collector.storeStuck && this.storeUp) {
      const watermarks = [this.watermark(collector)];
      collector.stored = { watermarks, rows: [...collector.rows.values()] };
    }
    this.#queue.in(1000, () => this.#store(collector));
  }
}
