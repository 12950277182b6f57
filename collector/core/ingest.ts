/**
 * What the collector knows: newest liveness per host and path, what arrived since the store's pump looked last, and
 * the ledger. Two classes of data: liveness is handed on whole; servers are a bounded queue that sheds its oldest.
 */
import { invariant } from "../../shared/invariant.ts";
import type { CollectorId } from "../../shared/names.ts";
import type { Ledger, LivenessRow, ServerRow } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Report } from "../../shared/wire.ts";
import type { Received, RefusalReason } from "../../shared/wire-auth.ts";

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
  ledger(dropped: number): Ledger;
  counters(): IngestCounters;
}

export function createIngest(options: {
  readonly collector: CollectorId;
  readonly epoch: number;
  readonly serversMax: number;
}): Ingest {
  const { collector, epoch } = options;
  const newest = new Map<string, LivenessRow>();
  let arrived: LivenessRow[] = [];
  const servers = createServerQueue(options.serversMax);
  const refused = new Map<RefusalReason, number>();
  const totals = { accepted: 0, stored: 0, shed: 0, unknownRecords: 0 };

  return {
    take(received, arrivalMs) {
      if (received.kind === "refused") {
        refused.set(received.reason, (refused.get(received.reason) ?? 0) + 1);
        return;
      }
      const { report } = received;
      totals.accepted += 1;
      totals.unknownRecords += report.unknownRecords;
      const row = livenessOf(report, { collector, epoch, arrivalMs });
      if (row !== undefined) {
        newest.set(keyOf(row), row);
        arrived.push(row);
      }
      const { host } = report.header;
      for (const one of report.servers?.servers ?? []) servers.put({ collector, host, ...one });
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
    live: () => [...newest.values()],
    ledger: (dropped) => ledgerOf({ ...totals, dropped }, refused),
    counters: () => ({
      refusedByReason: new Map(refused),
      unknownRecords: totals.unknownRecords,
      serversShed: servers.shed(),
      serversPending: servers.size(),
    }),
  };
}

function ledgerOf(
  totals: Pick<Ledger, "accepted" | "stored" | "shed" | "dropped">,
  refused: ReadonlyMap<RefusalReason, number>,
): Ledger {
  const all = [...refused.values()].reduce((sum, count) => sum + count, 0);
  const [duplicate, late] = [refused.get("replayed") ?? 0, refused.get("late") ?? 0];
  return {
    received: totals.accepted + all,
    accepted: totals.accepted,
    duplicate,
    late,
    refused: all - duplicate - late,
    dropped: totals.dropped,
    stored: totals.stored,
    shed: totals.shed,
  };
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

function keyOf(row: LivenessRow): string {
  return `${row.host}/${row.path}`;
}

function livenessOf(
  { header, liveness }: Report,
  arrival: { readonly collector: CollectorId; readonly epoch: number; readonly arrivalMs: MonoMs },
): LivenessRow | undefined {
  if (liveness === undefined) return undefined;
  return {
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
    checks: liveness,
  };
}
