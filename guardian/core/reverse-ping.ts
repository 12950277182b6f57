/**
 * Reverse ping: the guardian asks back. A network *answers* if one of the last four pings was
 * answered and *fails* otherwise; it is *seen* only while one of its anchors answers us.
 */
import type { NetworkName } from "../../shared/telemetry.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { Signals } from "./assessment.ts";
import type { Effect } from "./effects.ts";
import type { AnchorPinged, Pinged } from "./events.ts";
import { peerViews } from "./peers.ts";
import { hostSettings, type Limits } from "./settings.ts";
import {
  hostOf,
  withHost,
  type AnchorTrack,
  type GuardianState,
  type HostState,
  type PingRecord,
  hostWith,
  stateWith,
} from "./state.ts";

const recordsMax = 8;
/** Longer than a leg is away that somebody replugs. */
const shakyMs = 20_000;

export function foldPing(state: GuardianState, event: Pinged): GuardianState {
  const host = hostOf(state, event.host);
  const pings = new Map(host.pings);
  const record: PingRecord = { sentAt: event.sentAt, at: event.at, result: event.result };
  pings.set(event.network, [...(pings.get(event.network) ?? []), record].slice(-recordsMax));
  const echoAt = event.result.kind === "echo" ? event.at : host.echoAt;
  return withHost(state, hostWith(host, { pings, echoAt }));
}

export function foldAnchor(state: GuardianState, event: AnchorPinged): GuardianState {
  const anchors = state.anchors.map((anchor) => {
    if (anchor.network !== event.network || anchor.address !== event.address) return anchor;
    return foldAnchorAnswer(anchor, event, state.settings.limits);
  });
  return stateWith(state, { anchors });
}

function foldAnchorAnswer(anchor: AnchorTrack, event: AnchorPinged, limits: Limits): AnchorTrack {
  if (event.result.kind !== "echo") {
    return { ...anchor, steadyFrom: undefined, shakySince: anchor.shakySince ?? event.at };
  }
  const { anchorMs, pingsToFail, pingEveryMs } = limits;
  const { steadyTo } = anchor;
  const unbroken = steadyTo !== undefined && event.sentAt - steadyTo <= anchorMs;
  const steadyFrom = unbroken ? (anchor.steadyFrom ?? event.sentAt) : event.sentAt;
  const isSteady = event.sentAt - steadyFrom >= pingsToFail * pingEveryMs;
  const shakySince = isSteady ? undefined : anchor.shakySince;
  return { ...anchor, echoAt: event.at, steadyFrom, steadyTo: event.sentAt, shakySince };
}

/**
 * Whether an anchor has answered now and then for so long that no ping without an echo could be told from a lost one:
 * a router that limits its answers. What is measured beside it tells nothing.
 */
function isShaky({ shakySince }: AnchorTrack, now: MonoMs): boolean {
  return shakySince !== undefined && now - shakySince >= shakyMs;
}

/** Networks with a leg of ours and an anchor that answered within its limit, and does so without breaks. */
export function seenNetworks(state: GuardianState): readonly NetworkName[] {
  const { anchorMs } = state.settings.limits;
  const seen = new Set<NetworkName>();
  for (const anchor of state.anchors) {
    if (isShaky(anchor, state.now)) continue;
    if (anchor.echoAt !== undefined && state.now - anchor.echoAt <= anchorMs) {
      seen.add(anchor.network);
    }
  }
  return [...seen].sort();
}

/** Networks on which this host can be judged: seen by us, and it has an address there. */
export function seenNetworksOf(
  state: GuardianState,
  host: HostState,
  seen = seenNetworks(state),
): readonly NetworkName[] {
  const { addresses } = hostSettings(state.settings, host.host);
  // Nearly always all of them: then no list is made.
  if (seen.every((network) => addresses[network] !== undefined)) return seen;
  return seen.filter((network) => addresses[network] !== undefined);
}

/** Pings since suspicion whose result says something about the host. */
function telling(
  state: GuardianState,
  host: HostState,
  network: NetworkName,
): readonly PingRecord[] {
  const since = host.suspectSince;
  return (host.pings.get(network) ?? []).filter(
    (ping) => since !== undefined && ping.sentAt >= since && isTelling(state, network, ping),
  );
}

/**
 * An echo always tells. A ping without one tells only if an anchor answered before and after it
 * without a break: otherwise it may have been our own leg, which is back by the time we judge.
 */
function isTelling(state: GuardianState, network: NetworkName, ping: PingRecord): boolean {
  if (ping.result.kind !== "no-echo") return ping.result.kind === "echo";
  return state.anchors.some(
    ({ network: on, steadyFrom, steadyTo }) =>
      on === network &&
      steadyFrom !== undefined &&
      steadyTo !== undefined &&
      steadyFrom <= ping.sentAt &&
      ping.sentAt <= steadyTo,
  );
}

export interface PingView {
  readonly signal: Signals["ping"];
  readonly enough: boolean;
}

/** The pings of a host since it turned suspect, over the networks on which it can be judged. */
export function viewPings(
  state: GuardianState,
  host: HostState,
  seen: readonly NetworkName[],
): PingView {
  if (seen.length === 0) return { signal: "unseen", enough: false };
  if (host.suspectSince === undefined) return { signal: "none", enough: false };
  let answering = 0;
  let enough = true;
  const peers = peerViews(state, host, seen);
  for (const view of peers) if (view.answering > 0) answering += 1;
  for (const network of seen) {
    const { echoes, sent } = pingCount(state, host, network);
    if (sent < state.settings.limits.pingsToFail) enough = false;
    if (echoes > 0) answering += 1;
  }
  if (answering === seen.length + peers.length) return { signal: "all", enough };
  const isSilent = answering === 0 && echoesElsewhere(state, host, seen).length === 0;
  return { signal: isSilent ? "none" : "some", enough };
}

/**
 * Networks that answer although we do not see them, by their anchors: its pings without an echo tell nothing there, an
 * echo is life all the same.
 */
export function echoesElsewhere(
  state: GuardianState,
  host: HostState,
  seen: readonly NetworkName[],
): readonly NetworkName[] {
  const names = state.settings.networks.map(({ name }) => name);
  return names.filter((name) => !seen.includes(name) && pingCount(state, host, name).echoes > 0);
}

/** How many of the last pings since suspicion were answered on a network, of how many. */
export function pingCount(
  state: GuardianState,
  host: HostState,
  network: NetworkName,
): { readonly echoes: number; readonly sent: number } {
  const last = telling(state, host, network).slice(-state.settings.limits.pingsToFail);
  const echoes = last.filter((ping) => ping.result.kind === "echo").length;
  return { echoes, sent: last.length };
}

/** Echo requests due now: anchors always, hosts while they are suspect or being evacuated. */
export function duePings(
  state: GuardianState,
  host: HostState,
  out: Effect[],
  watched: boolean,
): HostState {
  const { limits, networks } = state.settings;
  if (host.suspectSince === undefined && !watched) return host;
  if (host.pingedAt !== undefined && state.now - host.pingedAt < limits.pingEveryMs) return host;
  const { addresses } = hostSettings(state.settings, host.host);
  for (const { name: network } of networks) {
    const address = addresses[network];
    if (address === undefined) continue;
    const { pingTimeoutMs: timeoutMs } = limits;
    out.push({ kind: "ping", host: host.host, network, address, timeoutMs });
  }
  return hostWith(host, { pingedAt: state.now });
}

/** One ping to each anchor a second: the networks must be known to work before they are needed. */
export function dueAnchorPings(state: GuardianState, out: Effect[]): GuardianState {
  const { pingTimeoutMs: timeoutMs } = state.settings.limits;
  const anchors = state.anchors.map((anchor) => {
    if (!isDue(anchor.askedAt, state.now, 1000)) return anchor;
    out.push({ kind: "ping-anchor", network: anchor.network, address: anchor.address, timeoutMs });
    return { ...anchor, askedAt: state.now };
  });
  return stateWith(state, { anchors });
}

function isDue(last: MonoMs | undefined, now: MonoMs, everyMs: number): boolean {
  return last === undefined || now - last >= everyMs;
}
