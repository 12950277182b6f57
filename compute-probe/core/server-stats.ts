/**
 * Servers that hang although libvirt says "running": their QEMU answers no question and their CPU time stands still. A
 * stopped QEMU is not seen by its state, nor by libvirt's own events.
 */
import type { ServerId } from "../../shared/names.ts";
import type { WireSample } from "../../shared/wire-samples.ts";
import type { ResourceSample } from "./standing.ts";

/** What one look at the statistics showed of a running server. */
export interface ServerStats {
  readonly server: ServerId;
  readonly fields: ReadonlyMap<string, number>;
}

export interface WatchedServer {
  /** Its QEMU told all that only it knows, at the last look. */
  readonly answered: boolean;
  /** CPU time at the last look, ns. */
  readonly cpuNs: number;
  /** Since when it answers nothing and uses no CPU; undefined: it is well. */
  readonly stalledSinceMs: number | undefined;
}

export type WatchedServers = ReadonlyMap<ServerId, WatchedServer>;

/** Only a QEMU that answers its monitor can tell these; libvirt itself knows the rest. */
function hasAnswered(fields: ReadonlyMap<string, number>): boolean {
  return [...fields.keys()].some((field) =>
    /^(?:block\.\d+\.rd\.|balloon\.rss|vcpu\.\d+\.halted)/.test(field),
  );
}

/**
 * What is known after a look. A server that has never answered has nothing to ask for (no disk, no balloon): it is not
 * called hung. CPU time that moves shows that it lives, whatever its monitor does.
 */
export function watchServers(
  before: WatchedServers,
  looked: readonly ServerStats[],
  nowMs: number,
): WatchedServers {
  return new Map(
    looked.map(({ server, fields }) => {
      const former = before.get(server);
      const cpuNs = fields.get("cpu.time") ?? former?.cpuNs ?? 0;
      const answered = hasAnswered(fields);
      const couldAnswer =
        answered ||
        (former !== undefined && (former.answered || former.stalledSinceMs !== undefined));
      const isStalled = !answered && couldAnswer && cpuNs === (former?.cpuNs ?? cpuNs);
      const stalledSinceMs = isStalled ? (former?.stalledSinceMs ?? nowMs) : undefined;
      // Once it has answered it is known to be able to; a look that moved its CPU time does not take that away.
      return [server, { answered: answered || (couldAnswer && !isStalled), cpuNs, stalledSinceMs }];
    }),
  );
}

/** Servers that have stalled for so long. */
export function hungServers(
  watched: WatchedServers,
  nowMs: number,
  hungAfterMs: number,
): readonly ServerId[] {
  return [...watched].flatMap(([server, { stalledSinceMs }]) =>
    stalledSinceMs !== undefined && nowMs - stalledSinceMs >= hungAfterMs ? [server] : [],
  );
}

interface Meter {
  readonly field: string;
  readonly name: string;
  readonly type: WireSample["type"];
  readonly unit: string;
  readonly scale: number;
}

/** Ceilometer's names and units where it has the same meter. */
const meters: readonly Meter[] = [
  { field: "cpu.time", name: "cpu", type: "cumulative", unit: "ns", scale: 1 },
  { field: "vcpu.current", name: "vcpus", type: "gauge", unit: "vcpu", scale: 1 },
  { field: "balloon.rss", name: "memory.resident", type: "gauge", unit: "MB", scale: 1 / 1024 },
  { field: "balloon.current", name: "memory", type: "gauge", unit: "MB", scale: 1 / 1024 },
];

/** Of every interface and block device, summed: a line a device would be most of what a host sends. */
const summed: readonly (Omit<Meter, "field" | "scale"> & { readonly field: RegExp })[] = [
  { field: /^net\.\d+\.rx\.bytes$/, name: "network.incoming.bytes", type: "cumulative", unit: "B" },
  { field: /^net\.\d+\.tx\.bytes$/, name: "network.outgoing.bytes", type: "cumulative", unit: "B" },
  {
    field: /^block\.\d+\.rd\.bytes$/,
    name: "disk.device.read.bytes",
    type: "cumulative",
    unit: "B",
  },
  {
    field: /^block\.\d+\.wr\.bytes$/,
    name: "disk.device.write.bytes",
    type: "cumulative",
    unit: "B",
  },
];

/** A server's statistics as samples under its own id; what was not told is left out. */
export function samplesOfServer({ server, fields }: ServerStats): readonly ResourceSample[] {
  const single = meters.flatMap(({ field, scale, ...meter }) => {
    const value = fields.get(field);
    return value === undefined ? [] : [{ ...meter, volume: value * scale, resource: server }];
  });
  const sums = summed.flatMap(({ field, ...meter }) => {
    const values = [...fields].flatMap(([name, value]) => (field.test(name) ? [value] : []));
    if (values.length === 0) return [];
    const volume = values.reduce((sum, value) => sum + value, 0);
    return [{ ...meter, volume, resource: `${server}/all` }];
  });
  return [...single, ...sums];
}
