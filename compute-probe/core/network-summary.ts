/** A network's state with what it rests on: who answers, what is lost, how long echoes take, the links under it. */
import { codeOf, networkStates, type NetworkState } from "../../shared/telemetry.ts";
import type { RingPeer } from "../../shared/wire-ack.ts";
import { levelOfLink, type Link } from "./link-state.ts";
import { levelOfNetwork } from "./network-result.ts";
import { gauge, worstLevel, type ResourceSample, type Summary } from "./standing.ts";
import { lossOf, medianRttMs, reachOf, type TargetWindow } from "./target-window.ts";

export interface NetworkSeen {
  readonly name: string;
  readonly finding: { readonly state: NetworkState; readonly atMs: number };
  readonly windows: ReadonlyMap<string, TargetWindow>;
  readonly icmp: readonly string[];
  readonly tcp: readonly string[];
  readonly links: readonly Link[];
  /** A fault of this host itself; "": none is known. */
  readonly ownFault: string;
  readonly quorum: number;
  readonly anchor: string | undefined;
  readonly peers: readonly RingPeer[];
  readonly nowMs: number;
  readonly validForMs: number;
}

export function summarizeNetwork(seen: NetworkSeen): Summary {
  const { name, finding, windows, links, nowMs, validForMs } = seen;
  const targets = [...seen.icmp, ...seen.tcp];
  const windowOf = (target: string): TargetWindow => windows.get(target) ?? [];
  const isReached = (target: string): boolean =>
    reachOf(windowOf(target), nowMs, validForMs) === "reached";
  const reached = targets.filter(isReached);
  const outcomes = targets.flatMap((target) => windowOf(target));
  const [loss, rttMs] = [lossOf(outcomes), medianRttMs(outcomes)];
  const lost = targets.filter((target) => !isReached(target));
  const parts = [
    `${reached.length} of ${targets.length} targets (${seen.quorum} needed)`,
    `loss ${(100 * loss).toFixed(0)} %`,
    rttMs === undefined ? "" : `${rttMs.toFixed(2)} ms`,
    lost.length === 0 ? "" : `no answer: ${lost.join(", ")}`,
    ...links.filter(({ state }) => state !== "up").map((link) => `${link.name}: ${link.text}`),
    seen.ownFault === "" ? "" : `our own fault: ${seen.ownFault}`,
    ...wordsOfPeers(seen, isReached),
  ];
  const linkLevels = links.map(({ state }) => levelOfLink(state));
  return {
    state: finding.state,
    level: worstLevel([levelOfNetwork(finding.state), ...linkLevels]),
    atMs: finding.atMs,
    text: parts.filter((part) => part !== "").join("; "),
    samples: [
      gauge("network.state", "state", codeOf(networkStates, finding.state), name),
      gauge("network.targets.reached", "target", reached.length, name),
      gauge("network.targets", "target", targets.length, name),
      ...targets.flatMap((target) => samplesOfTarget(name, target, windowOf(target))),
      ...links.map(({ name: link, state }) => {
        return gauge(
          "link.level",
          "level",
          state === "up" ? 0 : state === "degraded" ? 1 : 2,
          link,
        );
      }),
    ],
  };
}

function wordsOfPeers(
  { peers, anchor }: NetworkSeen,
  isReached: (target: string) => boolean,
): readonly string[] {
  const seen = peers.filter(({ address }) => isReached(address)).length;
  const words = peers.length === 0 ? [] : [`sees ${seen} of ${peers.length} peers`];
  if (anchor === undefined) return words;
  return [...words, isReached(anchor) ? "anchor answers" : "anchor does not answer"];
}

function samplesOfTarget(
  name: string,
  target: string,
  window: TargetWindow,
): readonly ResourceSample[] {
  if (window.length === 0) return [];
  const rttMs = medianRttMs(window);
  const resource = `${name}/${target}`;
  return [
    gauge("network.loss", "ratio", lossOf(window), resource),
    ...(rttMs === undefined ? [] : [gauge("network.rtt", "ms", rttMs, resource)]),
  ];
}
