/**
 * What this host can say of others: it pings a few of its peers on each network, so that a host that falls silent has
 * witnesses on networks where the guardian has no leg. A fault of our own is never held against a peer.
 */
import type { HostName } from "../../shared/names.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import type { RingPeer } from "../../shared/wire-ack.ts";
import type { WireSighting } from "../../shared/wire-samples.ts";

export interface Witness {
  /** An echo of a peer's address came, or did not. */
  note(address: string, answered: boolean): void;
  noteAnchor(answered: boolean): void;
  /** What was seen since the last call; nothing of a time in which we could not see ourselves. */
  take(options: {
    readonly peers: readonly RingPeer[];
    readonly nowMs: number;
    readonly ownFault: boolean;
  }): readonly WireSighting[];
}

interface Count {
  echoes: number;
  sent: number;
}

export function createWitness(network: NetworkName, nowMs: number): Witness {
  let counts = new Map<string, Count>();
  let sinceMs = nowMs;
  let anchorAnswered = false;
  return {
    note(address, answered) {
      const count = counts.get(address) ?? { echoes: 0, sent: 0 };
      counts.set(address, {
        echoes: count.echoes + (answered ? 1 : 0),
        sent: count.sent + 1,
      });
    },
    noteAnchor(answered) {
      anchorAnswered ||= answered;
    },
    take({ peers, nowMs: now, ownFault }) {
      const overMs = now - sinceMs;
      const seen = ownFault
        ? []
        : peers.flatMap(({ host, address }) => {
            const count = counts.get(address);
            if (count === undefined) return [];
            return [{ host, network, ...count, overMs, anchorAnswered }];
          });
      [counts, sinceMs, anchorAnswered] = [new Map(), now, false];
      return seen;
    },
  };
}

/** The peers to ping on a network: those of the configuration if it lists any, else the ring's, never ourselves. */
export function peersOn(options: {
  readonly network: NetworkName;
  readonly self: HostName;
  readonly configured: readonly RingPeer[];
  readonly ring: readonly RingPeer[];
  readonly countMax: number;
}): readonly RingPeer[] {
  const { configured, ring, network, self } = options;
  const source = configured.length > 0 ? configured : ring;
  return source
    .filter((peer) => peer.network === network && peer.host !== self)
    .slice(0, options.countMax);
}
