/**
 * Signs and sends reports: each datagram once per path to every collector of that path, under the
 * same sequence everywhere, so that loss of the same datagram can be compared between networks. What
 * the collectors answer comes back on the same sockets.
 */
import { isIP } from "node:net";
import type { Clock } from "../../shared/clock.ts";
import type { HmacKey } from "../../shared/hmac.ts";
import type { Logger } from "../../shared/log.ts";
import type { HostName } from "../../shared/names.ts";
import { codeOf, networkNames, type HostChecks, type NetworkName } from "../../shared/telemetry.ts";
import type { Acknowledgement, ProbeSettings, RingPeer } from "../../shared/wire-ack.ts";
import { openAcknowledgement, signDatagram } from "../../shared/wire-auth.ts";
import type { WireServer } from "../../shared/wire-records.ts";
import { createCollectorLink, type CollectorLink } from "../core/collector-link.ts";
import { planReport, type ReportExtras } from "../core/report.ts";
import { CollectorEndpoint, type CollectorAddress } from "./collector-endpoint.ts";

export interface SenderIdentity {
  readonly host: HostName;
  readonly keyId: number;
  readonly key: HmacKey;
  readonly bootId: string;
  readonly probeEpoch: number;
}

export interface ReportSender {
  /** Hands one report to the kernel. Never waits, never throws for what the network does. */
  send(checks: HostChecks, servers: readonly WireServer[] | undefined, more?: ReportExtras): void;
  /** What the collectors set; undefined until one does. */
  settings(): ProbeSettings | undefined;
  /** Hosts that the collectors would have us ping. */
  peers(): readonly RingPeer[];
  /** Collectors, once for each path, that have answered since we began. */
  answered(): number;
  /** No collector is heard on any path: nobody knows what we measure. */
  isAlone(): boolean;
  close(): void;
}

interface PathState {
  readonly path: NetworkName;
  readonly endpoints: readonly CollectorEndpoint[];
  sent: number;
  sendErrors: number;
}

export function createReportSender(options: {
  readonly identity: SenderIdentity;
  readonly collectors: readonly CollectorAddress[];
  /** Of the configuration: what the collectors set goes before it. */
  readonly reportEveryMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}): ReportSender {
  const { identity, clock, collectors } = options;
  const link: CollectorLink = createCollectorLink({
    paths: collectors.map(({ path }) => path),
    nowMs: clock.monoMs(),
    reportEveryMs: () => link.settings()?.reportEveryMs || (options.reportEveryMs ?? 1000),
  });
  let sequence = 0;
  const onMessage = (endpoint: number, bytes: Uint8Array): void => {
    const ack = openAcknowledgement(identity.key, bytes);
    if (ack === undefined || !isForUs(ack, identity) || ack.sequence > sequence) return;
    // They become arguments of fping: a name would have it ask a name service, a dash be an option of it.
    const peers = ack.peers.filter(({ address }) => isIP(address) !== 0);
    if (!link.take(endpoint, { ...ack, peers }, clock.monoMs())) return;
    const fields = { event: "settings", ...link.settings(), collector: ack.collector };
    options.log.info(fields, "going by the collectors' settings");
  };
  const paths = createPaths(collectors, onMessage, options.log);

  return {
    send(checks, servers, more = {}) {
      sayChanges(link.changes(clock.monoMs()), collectors, options.log);
      const first = sequence + 1;
      const status = link.status(clock.monoMs());
      const report = { host: identity.host, sequence: first, checks, link: status, servers, more };
      for (const records of planReport(report)) {
        sequence += 1;
        for (const state of paths) {
          state.sent += 1;
          const header = {
            ...identity,
            path: state.path,
            sequence,
            sentWallMs: clock.wallMs(),
            sentMonoMs: clock.monoMs(),
            sent: state.sent,
            sendErrors: state.sendErrors,
          };
          const datagram = signDatagram(identity.key, header, records);
          for (const endpoint of state.endpoints) endpoint.send(datagram);
        }
      }
    },
    settings: () => link.settings(),
    peers: () => link.peers(),
    answered: () => link.answered(),
    isAlone() {
      const { cutOff } = link.status(clock.monoMs());
      return paths.every(({ path }) => (cutOff & (1 << codeOf(networkNames, path))) !== 0);
    },
    close() {
      for (const { endpoints } of paths) for (const endpoint of endpoints) endpoint.close();
    },
  };
}

function createPaths(
  collectors: readonly CollectorAddress[],
  onMessage: (endpoint: number, bytes: Uint8Array) => void,
  log: Logger,
): readonly PathState[] {
  return groupByPath(collectors).map(([path, ofPath]): PathState => {
    const state: PathState = {
      path,
      endpoints: ofPath.map((target) => {
        const index = collectors.indexOf(target);
        const onError = (): void => void (state.sendErrors += 1);
        return new CollectorEndpoint({
          target,
          onError,
          onMessage: (bytes) => onMessage(index, bytes),
          log,
        });
      }),
      sent: 0,
      sendErrors: 0,
    };
    return state;
  });
}

/** Of this key, this boot, this run: an answer to a former life says nothing of this one. */
function isForUs(
  ack: Acknowledgement,
  { host, keyId, bootId, probeEpoch }: SenderIdentity,
): boolean {
  const isOurHost = ack.host === host && ack.keyId === keyId;
  return isOurHost && ack.bootId === bootId && ack.probeEpoch === probeEpoch;
}

function sayChanges(
  changes: ReturnType<CollectorLink["changes"]>,
  collectors: readonly CollectorAddress[],
  log: Logger,
): void {
  for (const { endpoint, heard } of changes) {
    const { path, address, port } = collectors[endpoint] ?? {};
    const fields = { event: heard ? "collector-heard" : "collector-silent", path, address, port };
    if (heard) log.info(fields, "the collector answers again");
    else log.warn(fields, "cut off: the collector acknowledges nothing");
  }
}

function groupByPath(
  collectors: readonly CollectorAddress[],
): readonly (readonly [NetworkName, readonly CollectorAddress[]])[] {
  const names = [...new Set(collectors.map(({ path }) => path))];
  return names.map((name) => [name, collectors.filter(({ path }) => path === name)] as const);
}
