/**
 * What the collector knows: newest liveness per host and path, what arrived since the store's pump looked last, and
 * the ledger. Two classes of data: liveness is handed on whole; servers are a bounded queue that sheds its oldest.
 */
import { invariant } from "../../shared/invariant.ts";
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { HostWindow } from "../../shared/replay-window.ts";
import {
  networkNames,
  type Ledger,
  type LivenessRow,
  type ServerRow,
} from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Report } from "../../shared/wire.ts";
import type { Received, RefusalReason } from "../../shared/wire-auth.ts";
import { sumLosses } from "./loss-ledger.ts";

export interface IngestCounters {
  readonly refusedByReason: ReadonlyMap<RefusalReason, number>;
  readonly unknownRecords: number;
  readonly serversShed: number;
  readonly serversPending: number;
}

export interface Ingest {
  take(received: Received, arrivalMs: MonoMs): void;
  /** All liveness since the last call, in the order of its arrival. */
  takeLiveness(): readonly LivenessRow[];
  takeServers(rowsMax: number): readonly ServerRow[];
  giveBackServers(rows: readonly ServerRow[]): void;
  livenessStored(stored: number, poisoned: number): void;
  /** Newest row of every host and path since this process began. */
  live(): readonly LivenessRow[];
  /** `dropped` by our kernel socket; what became of the liveness rows that were taken from here. */
  ledger(dropped: number, waiting?: { readonly spooled: number }): Ledger;
  counters(): IngestCounters;
}

/** A life that might be a recording says nothing while the confirmed one was heard so lately. */
const confirmedForMs = 5000;

export function createIngest(options: {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly serversMax: number;
  /** Liveness rows that a former run left in the spool: they are stored by this one. */
  readonly inherited?: number;
  /** What became of every datagram of the confirmed lives. */
  readonly windows?: () => Iterable<HostWindow>;
}): Ingest {
  const { collector, epoch, inherited = 0, windows = () => [] } = options;
  const newest = new NewestRows();
  let arrived: LivenessRow[] = [];
  const servers = createServerQueue(options.serversMax);
  const refused = new Map<RefusalReason, number>();
  const totals = { accepted: 0, liveness: 0, stored: 0, shed: 0, unknownRecords: 0 };

  function takeRow(row: LivenessRow): void {
    if (!newest.put(row)) return;
    totals.liveness += 1;
    arrived.push(row);
  }

  return {
    take(received, arrivalMs) {
      if (received.kind === "refused") {
        refused.set(received.reason, (refused.get(received.reason) ?? 0) + 1);
        return;
      }
      const { report, life } = received;
      totals.accepted += 1;
      totals.unknownRecords += report.unknownRecords;
      const arrival = { collector, epoch, arrivalMs, confirmed: life.confirmed };
      const row = livenessOf(report, arrival);
      if (row !== undefined) takeRow(row);
      // A recording of an old list would show servers where they are no more.
      if (report.servers === undefined || !life.confirmed) return;
      const { host } = report.header;
      for (const one of report.servers.servers) {
        servers.put({ collector, host, server: one.server, state: one.state });
      }
    },
    takeLiveness() {
      const rows = arrived;
      arrived = [];
      return rows;
    },
    takeServers: (rowsMax) => servers.take(rowsMax),
    giveBackServers: (rows) => servers.giveBack(rows),
    livenessStored(stored, poisoned) {
      totals.stored += stored;
      totals.shed += poisoned;
    },
    live: () => newest.all(),
    ledger(dropped, waiting = { spooled: 0 }) {
      const { accepted, stored, shed } = totals;
      const liveness = totals.liveness + inherited;
      const spooled = arrived.length + waiting.spooled;
      // History that a full spool gave up is none of what is newest: the store, or the live view, has that all the same.
      const superseded = Math.max(0, liveness - stored - shed - spooled);
      const rows = { accepted, liveness, stored, shed, superseded, spooled };
      return ledgerOf({ ...rows, ...sumLosses(windows()), dropped }, refused);
    },
    counters: () => ({
      refusedByReason: new Map(refused),
      unknownRecords: totals.unknownRecords,
      serversShed: servers.shed(),
      serversPending: servers.size(),
    }),
  };
}

function ledgerOf(
  totals: Omit<Ledger, "received" | "duplicate" | "late" | "refused">,
  refused: ReadonlyMap<RefusalReason, number>,
): Ledger {
  const all = [...refused.values()].reduce((sum, count) => sum + count, 0);
  const [duplicate, late] = [refused.get("replayed") ?? 0, refused.get("late") ?? 0];
  const came = {
    received: totals.accepted + all,
    duplicate,
    late,
    refused: all - duplicate - late,
  };
  return { ...totals, ...came };
}

/** The newest row of each host and path: a map by host, since a joined key would have to be made. */
class NewestRows {
  readonly #byHost = new Map<HostName, (LivenessRow | undefined)[]>();

  /** False: it might be a recording, of a host that was heard lately. */
  put(row: LivenessRow): boolean {
    const known = this.#byHost.get(row.host);
    const rows = known ?? [];
    const place = networkNames.indexOf(row.path);
    const last = rows[place];
    const isConfirmed = last !== undefined && last.unconfirmed !== true;
    const heardLately = isConfirmed && row.arrivalMs - last.arrivalMs < confirmedForMs;
    if (row.unconfirmed === true && heardLately) return false;
    if (known === undefined) this.#byHost.set(row.host, rows);
    rows[place] = row;
    return true;
  }

  all(): readonly LivenessRow[] {
    return [...this.#byHost.values()].flatMap((rows) => rows.filter((row) => row !== undefined));
  }
}

interface ServerQueue {
  put(row: ServerRow): void;
  take(rowsMax: number): readonly ServerRow[];
  giveBack(rows: readonly ServerRow[]): void;
  size(): number;
  shed(): number;
}

/** Newest row of each server, oldest first; beyond its limit it sheds the oldest. */
function createServerQueue(rowsMax: number): ServerQueue {
  const rows = new Map<string, ServerRow>();
  let shed = 0;
  const put = (row: ServerRow): void => {
    // Set again, so that it stands at the end of the map's order.
    rows.delete(row.server);
    rows.set(row.server, row);
    if (rows.size <= rowsMax) return;
    const oldest = rows.keys().next().value;
    invariant(oldest !== undefined, "a queue above its limit has an oldest row");
    rows.delete(oldest);
    shed += 1;
  };
  return {
    put,
    take(count) {
      const taken = [...rows.values()].slice(0, count);
      for (const { server } of taken) rows.delete(server);
      return taken;
    },
    giveBack(given) {
      for (const row of given) if (!rows.has(row.server)) put(row);
    },
    size: () => rows.size,
    shed: () => shed,
  };
}

function livenessOf(
  { header, liveness }: Report,
  arrival: {
    readonly collector: CollectorId;
    readonly epoch: number;
    readonly arrivalMs: MonoMs;
    readonly confirmed: boolean;
  },
): LivenessRow | undefined {
  if (liveness === undefined) return undefined;
  const { checks, link, startGuard } = liveness;
  const row: LivenessRow = {
    collector: arrival.collector,
    collectorEpoch: arrival.epoch,
    host: header.host,
    path: header.path,
    arrivalMs: arrival.arrivalMs,
    bootId: header.bootId,
    probeEpoch: header.probeEpoch,
    sequence: header.sequence,
    sentWallMs: header.sentWallMs,
    sent: header.sent,
    sendErrors: header.sendErrors,
    checks,
  };
  if (arrival.confirmed && link === undefined && startGuard === undefined) return row;
  return {
    ...row,
    ...(startGuard === undefined ? {} : { startGuard }),
    ...(arrival.confirmed ? {} : { unconfirmed: true as const }),
    ...(link === undefined || link.settingsVersion === 0
      ? {}
      : { settingsVersion: link.settingsVersion }),
    ...(link === undefined || link.cutOff === 0 ? {} : { cutOff: link.cutOff }),
  };
}
