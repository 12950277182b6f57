/**
 * What the probe hears from its collectors: whether it is heard at all, which nonces to echo, and
 * the settings it is given. Pure; the sender hands in authentic acknowledgements of this life.
 */
import { codeOf, networkNames, type NetworkName } from "../../shared/telemetry.ts";
import type { Acknowledgement, ProbeSettings, RingPeer } from "../../shared/wire-ack.ts";
import type { LinkStatus } from "../../shared/wire-records.ts";

/** A collector that came to be heard, or is heard no more. */
export interface LinkChange {
  readonly endpoint: number;
  readonly heard: boolean;
}

export interface CollectorLink {
  /** One for this life came from an endpoint: true when it changed the settings. */
  take(endpoint: number, ack: Acknowledgement, nowMs: number): boolean;
  /** What the next report says of it. */
  status(nowMs: number): LinkStatus;
  /** What changed since the last look; for the log. */
  changes(nowMs: number): readonly LinkChange[];
  settings(): ProbeSettings | undefined;
  peers(): readonly RingPeer[];
  /** Endpoints that have answered this life at all. */
  answered(): number;
}

interface Endpoint {
  readonly path: NetworkName;
  heardAtMs: number;
  sequence: number;
  nonce: string;
  every: number;
  saidHeard: boolean;
}

/** Until a collector says how often it answers. */
const everyAtFirst = 10;
/** So many answers in a row must be missing. */
const answersMissed = 3;
const silentForMsMin = 10_000;

const bounds = {
  // A host is suspect after 3 s without a report, so no setting may make it wait that long.
  reportEveryMs: [200, 2000],
  serversEveryMs: [1000, 600_000],
  storageEveryMs: [200, 60_000],
  businessEveryMs: [200, 60_000],
  directoryEveryMs: [500, 60_000],
  libvirtEveryMs: [200, 60_000],
} as const;

/** `paths`: of each endpoint, in their order. Until the first silence is over all count as heard. */
export function createCollectorLink(options: {
  readonly paths: readonly NetworkName[];
  readonly nowMs: number;
  readonly reportEveryMs: () => number;
}): CollectorLink {
  const endpoints = options.paths.map((path): Endpoint => ({
    path,
    heardAtMs: options.nowMs,
    sequence: 0,
    nonce: "",
    every: everyAtFirst,
    saidHeard: true,
  }));
  let settings: ProbeSettings | undefined;
  let peers: readonly RingPeer[] = [];

  function isHeard({ heardAtMs, every }: Endpoint, nowMs: number): boolean {
    const limitMs = answersMissed * every * options.reportEveryMs();
    return nowMs - heardAtMs <= Math.max(silentForMsMin, limitMs);
  }

  return {
    take(index, ack, nowMs) {
      const endpoint = endpoints[index];
      if (endpoint === undefined || ack.path !== endpoint.path) return false;
      // An old answer played again asks for an old nonce.
      if (ack.sequence <= endpoint.sequence) return false;
      endpoint.sequence = ack.sequence;
      endpoint.heardAtMs = nowMs;
      endpoint.nonce = ack.nonce;
      endpoint.every = Math.max(1, ack.every);
      peers = ack.peers;
      if (ack.settings === undefined || ack.settings.version <= (settings?.version ?? 0)) {
        return false;
      }
      settings = withinBounds(ack.settings);
      return true;
    },
    status(nowMs) {
      const heard = new Set(endpoints.filter((one) => isHeard(one, nowMs)).map(({ path }) => path));
      let cutOff = 0;
      for (const { path } of endpoints) {
        if (!heard.has(path)) cutOff |= 1 << codeOf(networkNames, path);
      }
      const nonces = endpoints.map(({ nonce }) => nonce).filter((nonce) => nonce !== "");
      return { settingsVersion: settings?.version ?? 0, cutOff, echoes: [...new Set(nonces)] };
    },
    changes(nowMs) {
      return endpoints.flatMap((endpoint, index) => {
        const heard = isHeard(endpoint, nowMs);
        if (heard === endpoint.saidHeard) return [];
        endpoint.saidHeard = heard;
        return [{ endpoint: index, heard }];
      });
    },
    settings: () => settings,
    peers: () => peers,
    answered: () => endpoints.filter(({ sequence }) => sequence > 0).length,
  };
}

/** Every interval within what the guardian can live with; 0 stays 0. */
function withinBounds(given: ProbeSettings): ProbeSettings {
  const bounded = (field: keyof typeof bounds): number => {
    const [lowest, highest] = bounds[field];
    return given[field] === 0 ? 0 : Math.min(highest, Math.max(lowest, given[field]));
  };
  return {
    version: given.version,
    reportEveryMs: bounded("reportEveryMs"),
    serversEveryMs: bounded("serversEveryMs"),
    storageEveryMs: bounded("storageEveryMs"),
    businessEveryMs: bounded("businessEveryMs"),
    directoryEveryMs: bounded("directoryEveryMs"),
    libvirtEveryMs: bounded("libvirtEveryMs"),
  };
}
