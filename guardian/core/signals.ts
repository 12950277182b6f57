/** Folds everything known of a host into the signals that the verdict table asks for. */
import type { Assessment, GateResult, Signals } from "./assessment.ts";
import { hostAge, missingPaths, type freshHostsByPath } from "./freshness.ts";
import { novaSignal } from "./nova-record.ts";
import { viewPower } from "./power.ts";
import { seenNetworksOf, viewPings } from "./reverse-ping.ts";
import { noticeInForce, viewChecks } from "./self-checks.ts";
import type { CollectorTrack, GuardianState, HostState } from "./state.ts";
import { eyesOn } from "./eyes.ts";
import { matchRow, type Row } from "./verdict-table.ts";
import { invariant } from "../../shared/invariant.ts";

/** What is the same for every host in one round. */
export interface Round {
  readonly voting: readonly CollectorTrack[];
  readonly common: readonly GateResult[];
  readonly freshPaths: ReturnType<typeof freshHostsByPath>;
  readonly table: readonly Row[];
}

/** One host's assessment, without the gates of an action. */
export function assess(state: GuardianState, host: HostState, round: Round): Assessment {
  const eyes = [...round.common, ...eyesOn(state, host, round.voting, round.freshPaths)];
  const doubts = eyes.filter((gate) => !gate.pass);
  const pings = viewPings(state, host);
  const power = viewPower(state, host);
  const checks = viewChecks(state, host);
  const reports = reportsSignal(state, host, round);
  const signals: Signals = {
    reports: reports.signal,
    eyes: doubts.length === 0 ? "good" : "doubt",
    known: host.service !== undefined && host.newest !== undefined ? "yes" : "no",
    recovered: isRecovered(state, host) ? "yes" : "no",
    notice: noticeInForce(state, host) ? "in-force" : "none",
    measured: pings.enough && power.answered ? "yes" : "no",
    ping: pings.signal,
    checks: checks.signal,
    power: power.signal,
    nova: novaSignal(host.service, host.suspectSince, state.now, state.settings.limits),
    networks: enoughNetworks(state, host) ? "many" : "one",
  };
  const row = matchRow(round.table, signals);
  invariant(row !== undefined, `no verdict row for ${host.host}: ${JSON.stringify(signals)}`);
  const { verdict, action, says } = row;
  const suspected = host.suspectSince !== undefined ? pings.lines : [];
  const evidence = [
    ...reports.lines,
    ...suspected,
    ...power.lines,
    novaLine(state, host, signals.nova),
    ...(reports.signal === "silent" ? [] : checks.lines),
    ...doubts.map((gate) => `${gate.gate}: ${gate.value}`),
  ];
  const same = host.assessment?.row === row.row;
  const since = same && host.assessment !== undefined ? host.assessment.since : state.now;
  return { signals, row: row.row, since, verdict, action, says, evidence, gates: doubts };
}

/** Its servers are elsewhere: fenced by us and its moves ended, or released and not back yet. */
function isRecovered(state: GuardianState, host: HostState): boolean {
  const ended = state.memory.incidents[host.host]?.phase.kind === "ended";
  return ended || state.memory.released.includes(host.host);
}

function enoughNetworks(state: GuardianState, host: HostState): boolean {
  return state.settings.oneNetworkIsEnough || seenNetworksOf(state, host).length >= 2;
}

function reportsSignal(
  state: GuardianState,
  host: HostState,
  round: Round,
): { readonly signal: Signals["reports"]; readonly lines: readonly string[] } {
  if (round.voting.length === 0) {
    return { signal: "unseen", lines: ["reports: no collector has a vote"] };
  }
  const { ageMs } = hostAge(state, host, round.voting);
  const age = Number.isFinite(ageMs) ? `${(ageMs / 1000).toFixed(1)} s ago` : "never in this epoch";
  const lines = [`reports: last ${age}, ${round.voting.length} collector(s) with a vote`];
  if (host.silentSince !== undefined) return { signal: "silent", lines };
  if (host.freshSince === undefined) return { signal: "overdue", lines };
  const missing = missingPaths(state, host, round.voting, round.freshPaths);
  if (missing.length === 0) return { signal: "fresh", lines };
  return { signal: "partial", lines: [...lines, `reports missing on: ${missing.join(", ")}`] };
}

function novaLine(state: GuardianState, host: HostState, signal: Signals["nova"]): string {
  const track = host.service;
  if (track === undefined) return "Nova's record: none";
  const stillMs = Math.max(0, state.now - track.advancedAt);
  return `Nova's record: ${signal}, last advance seen ${(stillMs / 1000).toFixed(1)} s ago`;
}
