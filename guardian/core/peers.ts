/**
 * What other hosts' probes say of a host: on a network where the guardian has no leg, two peers that
 * ping it there see for us. A peer counts while it is fresh itself and its own anchor answers it there.
 * They come by the collectors' live views alone; where there are none, nothing is concluded from that.
 */
import type { NetworkName, PeerSighting } from "../../shared/telemetry.ts";
import type { Telemetry } from "./events.ts";
import { rowAge } from "./freshness.ts";
import { type GuardianState, type HostState, hostWith, stateWith } from "./state.ts";

/** Fewer than two may both hang behind the same broken cable. */
const peersMin = 2;

/** Keeps the newest sighting of each host by each peer and network; a peer's word makes no host that nobody knows. */
export function foldSightings(state: GuardianState, event: Telemetry): GuardianState {
  if (event.sightings === undefined || event.sightings.length === 0) return state;
  const changed = new Map<HostState["host"], HostState>();
  for (const sighting of event.sightings) {
    const track = state.collectors.get(sighting.collector);
    if (track?.watermark.epoch !== sighting.collectorEpoch) continue;
    const host = changed.get(sighting.host) ?? state.hosts.get(sighting.host);
    if (host === undefined) continue;
    const same = host.sightings.find(
      (one) => one.by === sighting.by && one.network === sighting.network,
    );
    if (same?.collectorEpoch === sighting.collectorEpoch && same.arrivalMs >= sighting.arrivalMs) {
      continue;
    }
    const sightings = [...host.sightings.filter((one) => one !== same), sighting];
    changed.set(host.host, hostWith(host, { sightings }));
  }
  return stateWith(state, { hosts: state.hosts.withAll(changed) });
}

export interface PeerView {
  readonly network: NetworkName;
  readonly peers: number;
  readonly answering: number;
}

/** Networks on which enough peers see a host, beyond those that we see ourselves. */
export function peerViews(
  state: GuardianState,
  host: HostState,
  seen: readonly NetworkName[],
): readonly PeerView[] {
  if (host.sightings.length === 0) return none;
  const views = new Map<NetworkName, PeerView>();
  for (const sighting of host.sightings) {
    if (seen.includes(sighting.network) || !counts(state, host, sighting)) continue;
    const { network } = sighting;
    const before = views.get(network) ?? { network, peers: 0, answering: 0 };
    const answering = before.answering + (sighting.echoes > 0 ? 1 : 0);
    views.set(network, { network, peers: before.peers + 1, answering });
  }
  return [...views.values()].filter(({ peers }) => peers >= peersMin);
}

const none: readonly PeerView[] = [];

/** Asked since the host turned suspect, by a peer that is fresh and whose own leg works. */
function counts(state: GuardianState, host: HostState, sighting: PeerSighting): boolean {
  const track = state.collectors.get(sighting.collector);
  if (track === undefined || !sighting.anchorAnswered || sighting.sent === 0) return false;
  if (state.hosts.get(sighting.by)?.freshSince === undefined) return false;
  const age = rowAge(state.now, sighting, track);
  if (age === undefined || host.suspectSince === undefined) return false;
  const pingedAt = state.now - age.ageMs - sighting.overMs;
  return age.ageMs <= state.settings.limits.anchorMs && pingedAt >= host.suspectSince;
}
