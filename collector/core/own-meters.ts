/**
 * Our own samples, in Ceilometer's shape and naming, so that what reads Ceilometer's reads them: a value of a host each
 * minute, beside the rows that the guardian reads. docs/meters.md is made from this list.
 */
import type { LivenessRow } from "../../shared/telemetry.ts";
import type { SampleRow } from "../ports.ts";

export interface Meter {
  readonly name: string;
  readonly type: SampleRow["type"];
  readonly unit: string;
  readonly means: string;
  /** Undefined: not known, and then there is no sample, which is not "0". */
  readonly volume: (row: LivenessRow) => number | undefined;
}

export const ownSource = "guardian";

/** 1 for one state, 0 for all others but "unknown". */
function flag(state: string, ...good: readonly string[]): number | undefined {
  if (state === "unknown") return undefined;
  return good.includes(state) ? 1 : 0;
}

/** Every meter of ours. Names, types and units are never used for anything else; new ones come at the end. */
export const ownMeters: readonly Meter[] = [
  {
    name: "compute.node.network.storage.reachable",
    type: "gauge",
    unit: "bool",
    means: "the host reaches a target on the storage network",
    volume: ({ checks }) => flag(checks.storage, "up"),
  },
  {
    name: "compute.node.network.business.reachable",
    type: "gauge",
    unit: "bool",
    means: "the same on the tenants' network",
    volume: ({ checks }) => flag(checks.business, "up"),
  },
  {
    name: "compute.node.directory.writable",
    type: "gauge",
    unit: "bool",
    means: "a real write to the instances directory succeeds, if slowly",
    volume: ({ checks }) => flag(checks.directory, "ok", "slow"),
  },
  {
    name: "compute.node.directory.write.latency",
    type: "gauge",
    unit: "ms",
    means: "how long the last completed write took",
    volume: ({ checks }) =>
      checks.directory === "unknown" ? undefined : checks.directoryLatencyMs,
  },
  {
    name: "compute.node.libvirt.answering",
    type: "gauge",
    unit: "bool",
    means: "libvirt answers on its socket",
    volume: ({ checks }) => flag(checks.libvirt, "up"),
  },
  {
    name: "compute.node.servers",
    type: "gauge",
    unit: "server",
    means: "servers that libvirt knows",
    volume: ({ checks }) => (checks.libvirt === "up" ? checks.serversTotal : undefined),
  },
  {
    name: "compute.node.servers.running",
    type: "gauge",
    unit: "server",
    means: "of these, running",
    volume: ({ checks }) => (checks.libvirt === "up" ? checks.serversRunning : undefined),
  },
  {
    name: "compute.node.reports.sent",
    type: "cumulative",
    unit: "datagram",
    means: "datagrams the probe sent by the path of this row; begins anew with the probe",
    volume: ({ sent }) => sent,
  },
  {
    name: "compute.node.reports.send.errors",
    type: "cumulative",
    unit: "datagram",
    means: "of these, failed to leave",
    volume: ({ sendErrors }) => sendErrors,
  },
];

/** One sample a meter for a host's newest row, under the host's name; what is not known is left out. */
export function samplesOf(row: LivenessRow, wallMs: number): readonly SampleRow[] {
  return ownMeters.flatMap(({ name, type, unit, volume: read }) => {
    const volume = read(row);
    if (volume === undefined) return [];
    const resource = { resourceId: row.host, projectId: "", source: ownSource };
    return [{ collector: row.collector, name, type, unit, volume, ...resource, wallMs }];
  });
}

/** The newest row of each host that was heard since an instant, by whichever path. */
export function newestOfHosts(
  rows: readonly LivenessRow[],
  sinceMs: number,
): readonly LivenessRow[] {
  const newest = new Map<string, LivenessRow>();
  for (const row of rows) {
    // What might be a recording says nothing.
    if (row.unconfirmed === true || row.arrivalMs < sinceMs) continue;
    const known = newest.get(row.host);
    if (known === undefined || known.arrivalMs < row.arrivalMs) newest.set(row.host, row);
  }
  return [...newest.values()];
}
