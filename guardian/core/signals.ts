/** Folds everything known of a host into the signals that the verdict table asks for. */
import { invariant } from "../../shared/invariant.ts";
import { signalNames, type GateResult, type Signals } from "./assessment.ts";
import { doubtsAbout, seesOthersLike } from "./eyes.ts";
import { isUnconfirmed, missingPaths } from "./freshness.ts";
import { novaSignal, withCalled } from "./nova-record.ts";
import { peerViews } from "./peers.ts";
import { tableOf } from "./policy-table.ts";
import { viewPower } from "./power-view.ts";
import { seenNetworksOf, viewPings } from "./reverse-ping.ts";
import { checksSignal, noticeSignal } from "./self-checks.ts";
import { hostWith, type GuardianState, type HostState } from "./state.ts";
import { matchRow } from "./match-row.ts";

/** The host with its assessment, without the gates of an action; the same host when unchanged. */
export function assess(state: GuardianState, before: HostState): HostState {
  const signals = signalsOf(state, before);
  return judged(state, withCalled(before, signals.nova), signals);
}

function judged(state: GuardianState, host: HostState, signals: Signals): HostState {
  const before = host.assessment;
  const judging = signals.eyes === "doubt" && host.freshSince === undefined;
  const same = before !== undefined && !judging && sameSignals(before.signals, signals);
  // Tables change only where an operator gave rows other actions, and a group may change hands.
  if (same && state.settings.rows.size === 0 && !state.settings.groupsHaveRows) return host;
  const row = matchRow(tableOf(state, host.host), signals);
  if (same && row?.row === before.row && row.action === before.action) return host;
  invariant(row !== undefined, `no verdict row for ${host.host}: ${JSON.stringify(signals)}`);
  const { verdict, action, says } = row;
  const since = before?.row === row.row ? before.since : state.now;
  const gates = judging ? doubtsAbout(state, host) : noGates;
  return hostWith(host, {
    assessment: { signals, row: row.row, since, verdict, action, says, gates },
  });
}

const noGates: readonly GateResult[] = [];

function sameSignals(left: Signals, right: Signals): boolean {
  for (const name of signalNames) if (left[name] !== right[name]) return false;
  return true;
}

/** Each kind of evidence about one host, reduced to one word. */
export function signalsOf(state: GuardianState, host: HostState): Signals {
  const networks = seenNetworksOf(state, host, state.round.seen);
  const pings = viewPings(state, host, networks);
  const power = viewPower(state, host);
  const sees = networks.length > 0 && seesOthersLike(state, host);
  const witnessed = networks.length + peerViews(state, host, networks).length;
  const many = state.settings.oneNetworkIsEnough || witnessed >= 2;
  return {
    reports: reportsSignal(state, host),
    eyes: sees && state.round.doubts.length === 0 ? "good" : "doubt",
    known: host.service !== undefined && hasReported(state, host) ? "yes" : "no",
    recovered: isRecovered(state, host) ? "yes" : "no",
    notice: noticeSignal(state, host),
    measured: pings.enough && power.answered ? "yes" : "no",
    ping: pings.signal,
    checks: checksSignal(state, host),
    power: power.signal,
    nova: novaSignal(state, host),
    networks: many ? "many" : "one",
  };
}

/** Now, or before our start: the journal knows hosts that died while nobody looked. */
function hasReported(state: GuardianState, host: HostState): boolean {
  return host.newest !== undefined || state.memory.known[host.host] !== undefined;
}

/** Its servers are elsewhere: fenced by us and its moves ended, or released and not back yet. */
function isRecovered(state: GuardianState, host: HostState): boolean {
  const { incidents, released } = state.memory;
  if (incidents.get(host.host)?.phase.kind === "ended") return true;
  return released.length > 0 && released.includes(host.host);
}

function reportsSignal(state: GuardianState, host: HostState): Signals["reports"] {
  const { voting, freshPaths } = state.round;
  if (voting.length === 0) return "unseen";
  if (host.freshSince === undefined && isUnconfirmed(state, host)) return "unconfirmed";
  if (host.silentSince !== undefined) return "silent";
  if (host.freshSince === undefined) return "overdue";
  return missingPaths(state, host, voting, freshPaths).length === 0 ? "fresh" : "partial";
}
