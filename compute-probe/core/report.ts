/**
 * From what the checks last found to the datagrams of one report. The liveness record is always
 * first and alone in its datagram: it must arrive even where long ones are lost.
 */
import type { HostName } from "../../shared/names.ts";
import type {
  DirectoryState,
  HostChecks,
  LibvirtState,
  NetworkState,
  NoticeKind,
  StartGuardState,
} from "../../shared/telemetry.ts";
import { recordBytesMax, serversPerDatagram } from "../../shared/wire.ts";
import {
  recordHeaderBytes,
  type LinkStatus,
  type WireRecord,
  type WireServer,
} from "../../shared/wire-records.ts";
import {
  encodeSightings,
  samplesBytes,
  type SamplesRecord,
  type WireSighting,
} from "../../shared/wire-samples.ts";
import type { ResourceSample } from "./standing.ts";

/** A check's newest result; `undefined` until there is one. */
export interface Finding<State> {
  readonly state: State;
  readonly atMs: number;
}

/** Everything the checks last found. */
export interface ProbeFacts {
  readonly storage: Finding<NetworkState> | undefined;
  readonly business: Finding<NetworkState> | undefined;
  readonly directory: (Finding<DirectoryState> & { readonly latencyMs: number }) | undefined;
  readonly libvirt: Finding<LibvirtState> | undefined;
  readonly servers: readonly WireServer[];
  readonly notice: NoticeKind;
  /** 32 hex digits, "" until it could be read. */
  readonly hardwareUuid: string;
  /** 32 hex digits, "" where nobody has read it. */
  readonly bmcGuid: string;
}

/** The checks as a report says them: a check without a result is unknown, never down. */
export function describeChecks(facts: ProbeFacts, nowMs: number): HostChecks {
  const age = (finding: { readonly atMs: number } | undefined): number =>
    finding === undefined ? 0 : Math.max(0, Math.round(nowMs - finding.atMs));
  return {
    storage: facts.storage?.state ?? "unknown",
    storageAgeMs: age(facts.storage),
    business: facts.business?.state ?? "unknown",
    businessAgeMs: age(facts.business),
    directory: facts.directory?.state ?? "unknown",
    directoryAgeMs: age(facts.directory),
    directoryLatencyMs: Math.round(facts.directory?.latencyMs ?? 0),
    libvirt: facts.libvirt?.state ?? "unknown",
    libvirtAgeMs: age(facts.libvirt),
    serversTotal: facts.servers.length,
    serversRunning: facts.servers.filter(isRunning).length,
    notice: facts.notice,
    hardwareUuid: facts.hardwareUuid,
    bmcGuid: facts.bmcGuid,
  };
}

/** libvirt says "blocked" of a running server that waits for a resource. */
function isRunning({ state }: WireServer): boolean {
  return state === "running" || state === "blocked";
}

/** The records of each datagram of a report; the first has sequence `sequence`, and so on. */
export function planReport(options: {
  readonly host: HostName;
  readonly sequence: number;
  readonly checks: HostChecks;
  /** What the probe hears from its collectors. */
  readonly link: LinkStatus;
  /** The list of servers, when this report carries it. */
  readonly servers: readonly WireServer[] | undefined;
  readonly more?: ReportExtras;
}): readonly (readonly WireRecord[])[] {
  const { lateMs = 0, startGuard = "none", samples = [], sightings = [] } = options.more ?? {};
  const liveness: WireRecord = {
    kind: "liveness",
    checks: options.checks,
    link: options.link,
    ...(lateMs === 0 ? {} : { lateMs }),
    ...(startGuard === "none" ? {} : { startGuard }),
  };
  const servers = options.servers ?? [];
  const perPart = serversPerDatagram(options.host);
  const parts = Math.ceil(servers.length / perPart);
  const rest = Array.from({ length: parts }, (_, part): readonly WireRecord[] => [
    {
      kind: "servers",
      reportSequence: options.sequence,
      part,
      parts,
      servers: servers.slice(part * perPart, (part + 1) * perPart),
    },
  ]);
  return [
    [liveness],
    ...rest,
    ...packSamples(options.host, samples),
    ...packSightings(options.host, sightings),
  ];
}

/** What goes beside the states: no verdict rests on it. Samples and sightings may be lost. */
export interface ReportExtras {
  readonly lateMs?: number;
  readonly startGuard?: StartGuardState;
  readonly samples?: readonly ResourceSample[];
  readonly sightings?: readonly WireSighting[];
}

/** A record for each resource, as many in a datagram as fit. */
export function packSamples(
  host: HostName,
  samples: readonly ResourceSample[],
): readonly (readonly SamplesRecord[])[] {
  const room = recordBytesMax(host);
  const datagrams: SamplesRecord[][] = [];
  let left = 0;
  for (const { resource, ...sample } of samples) {
    const last = datagrams.at(-1)?.at(-1);
    const isSame = last?.resource === resource;
    const alone = { resource, samples: [sample] };
    const empty = samplesBytes({ resource, samples: [] });
    const bytes = samplesBytes(alone) - (isSame ? empty : 0) + (isSame ? 0 : recordHeaderBytes);
    if (isSame && bytes <= left) {
      datagrams.at(-1)?.splice(-1, 1, { ...last, samples: [...last.samples, sample] });
    } else if (bytes <= left) {
      datagrams.at(-1)?.push({ kind: "samples", ...alone });
    } else {
      datagrams.push([{ kind: "samples", ...alone }]);
      left = room - recordHeaderBytes - samplesBytes(alone);
      continue;
    }
    left -= bytes;
  }
  return datagrams;
}

/** Some dozens at most: 3 peers on 3 networks. */
function packSightings(
  host: HostName,
  sightings: readonly WireSighting[],
): readonly (readonly WireRecord[])[] {
  if (sightings.length === 0) return [];
  const record = { kind: "sightings", sightings } as const;
  if (recordHeaderBytes + encodeSightings(record).length <= recordBytesMax(host)) return [[record]];
  const half = Math.ceil(sightings.length / 2);
  return [
    ...packSightings(host, sightings.slice(0, half)),
    ...packSightings(host, sightings.slice(half)),
  ];
}

/** Whether the list of servers must go out now: it changed, or it was last sent too long ago. */
export function serversDue(options: {
  readonly current: readonly WireServer[];
  readonly lastSent: { readonly servers: readonly WireServer[]; readonly atMs: number } | undefined;
  readonly nowMs: number;
  readonly everyMs: number;
}): boolean {
  const { current, lastSent } = options;
  if (lastSent === undefined || options.nowMs - lastSent.atMs >= options.everyMs) return true;
  if (current.length !== lastSent.servers.length) return true;
  const former = new Map(lastSent.servers.map(({ server, state }) => [server, state]));
  return current.some(({ server, state }) => former.get(server) !== state);
}
