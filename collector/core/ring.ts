/**
 * The ring of peers: all hosts in the order of their names, each with the few that follow it. A host
 * is a witness for those, on the networks that its and their reports travel by. Stable: one host more
 * or less changes the peers of its neighbours alone.
 */
import type { HostName } from "../../shared/names.ts";
import { networkNames, type NetworkName } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { RingPeer } from "../../shared/wire-ack.ts";

export interface Ring {
  /** A confirmed report of this host came from this address. */
  note(host: HostName, network: NetworkName, address: string, nowMs: MonoMs): void;
  peersOf(host: HostName, nowMs: MonoMs): readonly RingPeer[];
}

const peersPerHost = 3;
/** Who was not heard for so long leaves the ring: its host may be gone for good. */
const memberForMs = 600_000;
/** With a new member; without one now and then, for those who left. */
const joinedForMs = 1000;
const madeAnewEveryMs = 60_000;

interface Member {
  readonly addresses: Map<NetworkName, string>;
  heardAtMs: MonoMs;
}

export function createRing(): Ring {
  const members = new Map<HostName, Member>();
  let order: readonly HostName[] = [];
  let places = new Map<HostName, number>();
  let madeAtMs: number = Number.NEGATIVE_INFINITY;
  let joined = false;

  function make(nowMs: MonoMs): void {
    for (const [host, { heardAtMs }] of members) {
      if (nowMs - heardAtMs > memberForMs) members.delete(host);
    }
    order = [...members.keys()].sort();
    places = new Map(order.map((host, place) => [host, place]));
    madeAtMs = nowMs;
    joined = false;
  }

  return {
    note(host, network, address, nowMs) {
      let member = members.get(host);
      if (member === undefined) {
        members.set(host, (member = { addresses: new Map(), heardAtMs: nowMs }));
        joined = true;
      }
      member.heardAtMs = nowMs;
      member.addresses.set(network, address);
    },
    peersOf(host, nowMs) {
      if (nowMs - madeAtMs > (joined ? joinedForMs : madeAnewEveryMs)) make(nowMs);
      const place = places.get(host);
      const own = members.get(host);
      if (place === undefined || own === undefined) return [];
      const peers: RingPeer[] = [];
      for (let step = 1; step <= Math.min(peersPerHost, order.length - 1); step += 1) {
        const peer = order[(place + step) % order.length];
        const addresses = peer === undefined ? undefined : members.get(peer)?.addresses;
        if (peer === undefined || addresses === undefined) continue;
        peers.push(...addressesOn(peer, addresses, own.addresses));
      }
      return peers;
    },
  };
}

/** Where a host can be pinged on the networks that another one reports by, too. */
function addressesOn(
  host: HostName,
  addresses: ReadonlyMap<NetworkName, string>,
  shared: ReadonlyMap<NetworkName, string>,
): readonly RingPeer[] {
  return networkNames.flatMap((network) => {
    const address = network === "unknown" ? undefined : addresses.get(network);
    if (network === "unknown" || address === undefined || !shared.has(network)) return [];
    return [{ host, network, address }];
  });
}
