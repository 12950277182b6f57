/**
 * Refuses what was heard before, without clocks. Per host one current life (boot id, process epoch)
 * and the boots that ended; per path of that life the highest sequence and a bitmap of the 64 before
 * it, as DTLS and IPsec have it. A replay of an old life can therefore not bring a host alive. What is
 * remembered can be saved and restored, so that a restart of the collector forgets no ended boot.
 */
import type { HostName } from "./names.ts";
import { networkNames, type NetworkName } from "./telemetry.ts";

/** Only `newest` may refresh liveness; `late` was never seen before but something newer was. */
export type Admission =
  "newest" | "late" | "replayed" | "stale-epoch" | "retired-boot" | "table-full";

/** The part of a datagram's header that says which life of which host it belongs to. */
export interface Origin {
  readonly host: HostName;
  readonly path: NetworkName;
  readonly bootId: string;
  readonly probeEpoch: number;
  readonly sequence: number;
}

/** What outlives a restart of the collector. */
export interface RememberedLife {
  readonly host: HostName;
  readonly bootId: string;
  readonly probeEpoch: number;
  /** Newest last. */
  readonly retiredBoots: readonly string[];
  /** Highest sequence by path; it and all below count as seen. */
  readonly highest: Readonly<Partial<Record<NetworkName, number>>>;
}

export interface ReplayTable {
  admit(origin: Origin): Admission;
  remembered(): readonly RememberedLife[];
}

interface Window {
  highest: number;
  /** Bit n: sequence `highest - n` was seen. */
  seen: bigint;
}

interface HostLife {
  bootId: string;
  probeEpoch: number;
  windows: Map<NetworkName, Window>;
  retiredBoots: readonly string[];
}

const windowSize = 64;
const retiredBootsMax = 16;

const allSeen = (1n << 64n) - 1n;

/** A table for at most `hostsMax` hosts; a host beyond that is refused, never another forgotten. */
export function createReplayTable(
  restored: readonly RememberedLife[] = [],
  hostsMax = 10_000,
): ReplayTable {
  const lives = new Map(restored.map((life) => [life.host, restoreLife(life)] as const));
  return {
    remembered: () => [...lives].map(([host, life]) => rememberLife(host, life)),
    admit(origin) {
      const life = lives.get(origin.host);
      if (life === undefined) {
        if (lives.size >= hostsMax) return "table-full";
        lives.set(origin.host, newLife(origin, []));
        return "newest";
      }
      if (origin.bootId !== life.bootId) {
        if (life.retiredBoots.includes(origin.bootId)) return "retired-boot";
        const retired = [...life.retiredBoots, life.bootId].slice(-retiredBootsMax);
        lives.set(origin.host, newLife(origin, retired));
        return "newest";
      }
      if (origin.probeEpoch < life.probeEpoch) return "stale-epoch";
      if (origin.probeEpoch > life.probeEpoch) {
        lives.set(origin.host, newLife(origin, life.retiredBoots));
        return "newest";
      }
      return admitToWindow(life.windows, origin);
    },
  };
}

function restoreLife({ bootId, probeEpoch, retiredBoots, highest }: RememberedLife): HostLife {
  const windows = new Map<NetworkName, Window>();
  for (const path of networkNames) {
    const sequence = path === "unknown" ? undefined : highest[path];
    if (path === "unknown" || sequence === undefined) continue;
    windows.set(path, { highest: sequence, seen: allSeen });
  }
  return { bootId, probeEpoch, windows, retiredBoots };
}

function rememberLife(host: HostName, life: HostLife): RememberedLife {
  const { bootId, probeEpoch, retiredBoots, windows } = life;
  const highest = Object.fromEntries([...windows].map(([path, window]) => [path, window.highest]));
  return { host, bootId, probeEpoch, retiredBoots, highest };
}

function newLife(origin: Origin, retiredBoots: readonly string[]): HostLife {
  return {
    bootId: origin.bootId,
    probeEpoch: origin.probeEpoch,
    windows: new Map([[origin.path, { highest: origin.sequence, seen: 1n }]]),
    retiredBoots,
  };
}

function admitToWindow(windows: Map<NetworkName, Window>, origin: Origin): Admission {
  const window = windows.get(origin.path);
  if (window === undefined) {
    windows.set(origin.path, { highest: origin.sequence, seen: 1n });
    return "newest";
  }
  const ahead = origin.sequence - window.highest;
  if (ahead > 0) {
    window.seen =
      ahead >= windowSize ? 1n : BigInt.asUintN(windowSize, window.seen << BigInt(ahead)) | 1n;
    window.highest = origin.sequence;
    return "newest";
  }
  // Too old to know whether it was seen: refused all the same, under the milder name.
  if (-ahead >= windowSize) return "late";
  const bit = 1n << BigInt(-ahead);
  if ((window.seen & bit) !== 0n) return "replayed";
  window.seen |= bit;
  return "late";
}
