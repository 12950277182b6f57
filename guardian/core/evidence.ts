/** What a verdict rests on, for people: made when somebody asks, not in every round. */
import type { Assessment } from "./assessment.ts";
import { doubtsAbout } from "./eyes.ts";
import { hostAge, missingPaths } from "./freshness.ts";
import { powerLines } from "./power.ts";
import { pingLines } from "./reverse-ping.ts";
import { checkLines } from "./self-checks.ts";
import type { GuardianState, HostState } from "./state.ts";

/** One line per kind of evidence, with its age. */
export function evidenceLines(
  state: GuardianState,
  host: HostState,
  { signals }: Assessment,
): readonly string[] {
  return [
    ...reportLines(state, host, signals.reports),
    ...(host.suspectSince === undefined ? [] : pingLines(state, host)),
    ...powerLines(state, host),
    novaLine(state, host, signals.nova),
    ...(signals.reports === "silent" ? [] : checkLines(state, host)),
    ...doubtsAbout(state, host).map((gate) => `${gate.gate}: ${gate.value}`),
  ];
}

function reportLines(
  state: GuardianState,
  host: HostState,
  signal: Assessment["signals"]["reports"],
): readonly string[] {
  const { voting, freshPaths } = state.round;
  if (voting.length === 0) return ["reports: no collector has a vote"];
  const { ageMs } = hostAge(state, host, voting);
  const age = Number.isFinite(ageMs) ? `${(ageMs / 1000).toFixed(1)} s ago` : "never in this epoch";
  const lines = [`reports: last ${age}, ${voting.length} collector(s) with a vote`];
  if (signal !== "partial") return lines;
  const missing = missingPaths(state, host, voting, freshPaths);
  return [...lines, `reports missing on: ${missing.join(", ")}`];
}

function novaLine(
  state: GuardianState,
  host: HostState,
  signal: Assessment["signals"]["nova"],
): string {
  const track = host.service;
  if (track === undefined) return "Nova's record: none";
  const stillMs = Math.max(0, state.now - track.advancedAt);
  return `Nova's record: ${signal}, last advance seen ${(stillMs / 1000).toFixed(1)} s ago`;
}
