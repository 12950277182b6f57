/**
 * What probes say of other hosts, newest word of each about each on each network: witnesses for the guardian where it
 * has no leg. Only of lives that are confirmed, and only for as long as a verdict may rest on it.
 */
import type { CollectorId, HostName } from "../../shared/names.ts";
import type { PeerSighting } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Received } from "../../shared/wire-auth.ts";

export interface Sightings {
  take(received: Received, arrivalMs: MonoMs): void;
  /** Those of the last seconds about hosts that are quiet: nobody asks about the others. */
  about(isQuiet: (host: HostName) => boolean, nowMs: MonoMs): readonly PeerSighting[];
}

/** The guardian takes none that is older than 3 s; so much longer for its reading. */
const newForMs = 5000;
/** Of one host: each of a few peers on each of three networks. More say no more. */
const perHostMax = 24;
/** Of those that no collector ever had a report of a few can be pinged, by a list of peers. */
export const sightedHostsMax = 20_000;

export function createSightings(options: {
  readonly collector: CollectorId;
  readonly epoch: number;
}): Sightings {
  const { collector, epoch } = options;
  const byHost = new Map<HostName, readonly PeerSighting[]>();
  let droppedMs = Number.NEGATIVE_INFINITY;

  /** Names that a probe made up must not keep real ones out for longer than they are new. */
  function dropOld(nowMs: MonoMs): void {
    if (nowMs - droppedMs < newForMs) return;
    droppedMs = nowMs;
    for (const [host, sightings] of byHost) {
      if (!sightings.some(({ arrivalMs }) => nowMs - arrivalMs <= newForMs)) byHost.delete(host);
    }
  }

  return {
    take(received, arrivalMs) {
      if (received.kind === "refused" || !received.life.confirmed) return;
      dropOld(arrivalMs);
      const { header, more } = received.report;
      for (const record of more) {
        if (record.kind !== "sightings") continue;
        for (const seen of record.sightings) {
          const before = byHost.get(seen.host) ?? [];
          if (before.length === 0 && byHost.size >= sightedHostsMax) continue;
          const others = before.filter(
            ({ by, network, arrivalMs: at }) =>
              (by !== header.host || network !== seen.network) && arrivalMs - at <= newForMs,
          );
          const by = header.host;
          const sighting = { ...seen, by, arrivalMs, collector, collectorEpoch: epoch };
          byHost.set(seen.host, [...others, sighting].slice(-perHostMax));
        }
      }
    },
    about(isQuiet, nowMs) {
      const found: PeerSighting[] = [];
      for (const [host, sightings] of byHost) {
        if (!isQuiet(host)) continue;
        found.push(...sightings.filter(({ arrivalMs }) => nowMs - arrivalMs <= newForMs));
      }
      return found;
    },
  };
}
