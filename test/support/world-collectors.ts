/** Simulated collectors: what reached them, what their store holds, and their watermark. */
import { noLedger, type LivenessRow, type NetworkName } from "../../shared/telemetry.ts";
import type { Ledger, TelemetrySnapshot, Watermark } from "../../shared/telemetry.ts";
import { collectorId, type CollectorId, type HostName } from "../../shared/names.ts";
import type { Random } from "../../shared/random.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { EventQueue } from "./event-queue.ts";
import { toldBy, type WorldHost } from "./world-host.ts";

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
  stored: TelemetrySnapshot;
  readonly rows: Map<string, LivenessRow>;
  /** The newest life heard by row, kept over restarts: nothing older counts again. */
  readonly heard: Map<string, Datagram>;
  dropped: number;
  ledger: Ledger;
  /** Its process stands still: what waits in its socket, and is dated once it goes on. */
  waiting: Datagram[] | undefined;
}

/** What travels; `sentAt` is the truth, for the judge. */
export interface Datagram {
  readonly host: HostName;
  readonly path: NetworkName;
  readonly key: string;
  readonly boot: number;
  readonly bootId: string;
  readonly probeEpoch: number;
  readonly sequence: number;
  readonly sentAt: number;
  readonly sentWallMs: number;
  readonly checks: LivenessRow["checks"];
}

const wallStart = 1_780_000_000_000;
/** As long as the collector takes a confirmed life's word before an unconfirmed one's. */
const confirmedForMs = 5000;
/** Datagrams that a socket holds for a process that stands still. */
const socketMax = 2000;
const nothing: TelemetrySnapshot = { watermarks: [], liveness: [] };

export class WorldCollectors {
  readonly all: WorldCollector[] = [];
  storeUp = true;
  /** What is written shows in the store only this much later. */
  storeLagMs = 0;
  /** Share of reads that a replica of the store answers, which stopped at `stale`. */
  staleShare = 0;
  stale: TelemetrySnapshot = nothing;
  /** A datagram that counted as the newest of its host and path, as the first collector took it. */
  onNewest: ((datagram: Datagram) => void) | undefined;
  readonly #queue: EventQueue;
  readonly #random: Random;

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
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
      stored: nothing,
      rows: new Map(),
      heard: new Map(),
      dropped: 0,
      ledger: noLedger,
      waiting: undefined,
    };
    this.all.push(collector);
    this.#queue.in(phaseMs, () => this.#store(collector));
  }

  stall(collector: WorldCollector): void {
    if (collector.up) collector.ranAt = this.#queue.now;
    collector.up = false;
    collector.waiting = [];
  }

  /** It goes on with what came meanwhile, unless it died. */
  resume(collector: WorldCollector): void {
    const { waiting } = collector;
    if (waiting === undefined) return;
    collector.up = true;
    collector.waiting = undefined;
    for (const datagram of waiting) this.deliver(collector, datagram);
  }

  restart(collector: WorldCollector): void {
    collector.up = true;
    collector.waiting = undefined;
    collector.epoch += 1;
    collector.since = this.#queue.now;
    collector.rows.clear();
    collector.dropped = 0;
  }

  /** One report on one path goes to every collector, by the host's link. */
  send(host: WorldHost, path: NetworkName): void {
    const datagram = this.#datagram(host, path);
    const { link } = host;
    for (const collector of this.all) {
      if (link === undefined) {
        this.deliver(collector, datagram);
        continue;
      }
      if (this.#random.next() < link.lossShare) continue;
      const copies = this.#random.next() < link.duplicateShare ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        this.#queue.in(this.#random.next() * link.delayMs, () => {
          this.deliver(collector, datagram);
        });
      }
    }
  }

  /** A datagram arrives; only one that is newer than all before it refreshes its row. */
  deliver(collector: WorldCollector, datagram: Datagram): void {
    if (collector.waiting !== undefined && collector.waiting.length < socketMax) {
      collector.waiting.push(datagram);
    }
    if (!collector.up) return;
    const { key } = datagram;
    const before = collector.heard.get(key);
    if (before !== undefined && !isNewer(datagram, before)) return;
    collector.heard.set(key, datagram);
    collector.rows.set(key, this.#row(collector, datagram));
    this.onNewest?.(datagram);
  }

  /** Somebody plays a report of an earlier boot: unconfirmed, and shown only where the true ones have stopped. */
  play(host: WorldHost): void {
    const datagram = { ...this.#datagram(host, "management"), bootId: "0".repeat(16) };
    for (const collector of this.all.filter(({ up }) => up)) {
      const row = collector.rows.get(datagram.key);
      const heardMs = row === undefined ? Infinity : this.#clock(collector) - row.arrivalMs;
      if (row?.unconfirmed !== true && heardMs < confirmedForMs) continue;
      collector.rows.set(datagram.key, { ...this.#row(collector, datagram), unconfirmed: true });
    }
  }

  /** What the store answers now; undefined when it does not. */
  readStore(): TelemetrySnapshot | undefined {
    if (!this.storeUp) return undefined;
    if (this.staleShare > 0 && this.#random.next() < this.staleShare) return this.stale;
    return this.stored();
  }

  stored(): TelemetrySnapshot {
    const [first] = this.all;
    if (this.all.length === 1 && first !== undefined) return first.stored;
    return {
      watermarks: this.all.flatMap((collector) => collector.stored.watermarks),
      liveness: this.all.flatMap((collector) => collector.stored.liveness),
    };
  }

  live(collector: WorldCollector): TelemetrySnapshot {
    return { watermarks: [this.watermark(collector)], liveness: [...collector.rows.values()] };
  }

  watermark(collector: WorldCollector): Watermark {
    if (collector.ledger.dropped !== collector.dropped) {
      collector.ledger = { ...noLedger, dropped: collector.dropped };
    }
    return {
      collector: collector.id,
      epoch: collector.epoch,
      monoMs: this.#clock(collector),
      ledger: collector.ledger,
    };
  }

  #clock(collector: WorldCollector): MonoMs {
    return monoMs(this.#queue.now - collector.since);
  }

  #datagram(host: WorldHost, path: NetworkName): Datagram {
    const told = toldBy(host);
    return {
      host: host.name,
      path,
      key: path === "management" ? host.name : `${host.name} ${path}`,
      boot: host.boot,
      bootId: told.bootId,
      probeEpoch: host.probeEpoch,
      sequence: host.sequence,
      sentAt: this.#queue.now,
      sentWallMs: wallStart + this.#queue.now + host.wallSkewMs,
      checks: told.checks,
    };
  }

  #row(collector: WorldCollector, datagram: Datagram): LivenessRow {
    return {
      collector: collector.id,
      collectorEpoch: collector.epoch,
      host: datagram.host,
      path: datagram.path,
      arrivalMs: this.#clock(collector),
      bootId: datagram.bootId,
      probeEpoch: datagram.probeEpoch,
      sequence: datagram.sequence,
      sentWallMs: datagram.sentWallMs,
      sent: datagram.sequence,
      sendErrors: 0,
      checks: datagram.checks,
    };
  }

  /** Each second the collector stores what it has, and then its watermark. */
  #store(collector: WorldCollector): void {
    if (collector.up) collector.ranAt = this.#queue.now;
    if (collector.up && !collector.storeStuck && this.storeUp) {
      const written = this.live(collector);
      if (this.storeLagMs === 0) collector.stored = written;
      else this.#queue.in(this.storeLagMs, () => overtake(collector, written));
    }
    this.#queue.in(1000, () => this.#store(collector));
  }
}

/** A write that became visible after a later one changes nothing: the newest rows are read. */
function overtake(collector: WorldCollector, written: TelemetrySnapshot): void {
  const [now] = collector.stored.watermarks;
  const [next] = written.watermarks;
  if (now === undefined || next === undefined) collector.stored = written;
  else if (next.epoch > now.epoch) collector.stored = written;
  else if (next.epoch === now.epoch && next.monoMs > now.monoMs) collector.stored = written;
}

/** As the replay window has it: a later boot, a later start of the probe, a higher sequence. */
function isNewer(datagram: Datagram, before: Datagram): boolean {
  if (datagram.boot !== before.boot) return datagram.boot > before.boot;
  if (datagram.probeEpoch !== before.probeEpoch) return datagram.probeEpoch > before.probeEpoch;
  return datagram.sequence > before.sequence;
}
