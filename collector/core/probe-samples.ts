/**
 * Samples and sightings of the probes, on their way to the store, in Ceilometer's shape. The same datagram comes by every
 * path of a host: the first one that comes counts. Bulk: nothing is decided by them, and they may be shed.
 */
import type { HostName } from "../../shared/names.ts";
import type { Received } from "../../shared/wire-auth.ts";
import type { WireSample, WireSighting } from "../../shared/wire-samples.ts";
import type { CeilometerSample } from "./ceilometer-sample.ts";
import { ownSource } from "./own-meters.ts";

export interface ProbeSamples {
  /** What a datagram brought that was not brought by another path before. */
  take(received: Received, wallMs: number): readonly CeilometerSample[];
}

interface Heard {
  readonly life: string;
  readonly sequence: number;
}

/** Whether there is anything to take: most reports have none, and what might be a recording says nothing. */
export function hasSamples(
  received: Received,
): received is Extract<Received, { readonly kind: "accepted" }> {
  if (received.kind === "refused" || !received.life.confirmed) return false;
  const { liveness, more } = received.report;
  return more.length > 0 || liveness?.lateMs !== undefined;
}

export function createProbeSamples(): ProbeSamples {
  const heard = new Map<HostName, Heard>();
  const sightedMs = new Map<HostName, number>();
  return {
    take(received, wallMs) {
      if (!hasSamples(received)) return [];
      const { header, liveness, more } = received.report;
      const lateMs = liveness?.lateMs ?? 0;
      const life = `${header.bootId}-${header.probeEpoch}`;
      const last = heard.get(header.host);
      if (last?.life === life && header.sequence <= last.sequence) return [];
      heard.set(header.host, { life, sequence: header.sequence });
      const { host } = header;
      const found = more.flatMap((record) => {
        if (record.kind === "samples") {
          const resourceId = resourceOf(host, record.resource);
          return record.samples.map((sample) => ({ ...sample, resourceId }));
        }
        // They come every two seconds, for verdicts; the store gets a fifth of them.
        const sinceMs = wallMs - (sightedMs.get(host) ?? Number.NEGATIVE_INFINITY);
        if (sinceMs >= sightingsStoredEveryMs) sightedMs.set(host, wallMs);
        else if (sinceMs > sightingsTogetherMs) return [];
        return record.sightings.flatMap((sighting) => samplesOfSighting(host, sighting));
      });
      const late = lateMs === 0 ? [] : [{ ...lateSample, volume: lateMs, resourceId: host }];
      return [...late, ...found].map((sample) => ({
        ...sample,
        projectId: "",
        source: ownSource,
        wallMs,
      }));
    },
  };
}

const sightingsStoredEveryMs = 10_000;
/** A long list of peers comes in several datagrams. */
const sightingsTogetherMs = 500;
const lateSample = { name: "compute.node.report.late", type: "gauge", unit: "ms" } as const;

const isUuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:\/|$)/;

/** A server's own id stands for itself, as Ceilometer has it; all else belongs to its host. */
function resourceOf(host: HostName, resource: string): string {
  if (resource === "") return host;
  return isUuid.test(resource) ? resource : `${host}/${resource}`;
}

/** Under the name of the host that was pinged: who asks "who sees this host" finds it there. */
function samplesOfSighting(
  by: HostName,
  { host, network, echoes, sent, anchorAnswered }: WireSighting,
): readonly (WireSample & { readonly resourceId: string })[] {
  const resourceId = `${host}/${network}/seen-by/${by}`;
  const of = (name: string, unit: string, volume: number) => {
    return { name: `compute.node.peer.${name}`, type: "gauge" as const, unit, volume, resourceId };
  };
  return [
    of("echoes", "packet", echoes),
    of("pings", "packet", sent),
    of("anchor.answered", "bool", anchorAnswered ? 1 : 0),
  ];
}
