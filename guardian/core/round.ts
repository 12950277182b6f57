/** What is the same for every host in one round, worked out once before hosts are judged. */
import type { NetworkName } from "../../shared/telemetry.ts";
import type { GateResult } from "./assessment.ts";
import { commonEyes, type EyePart } from "./eyes.ts";
import { countFreshPaths, FreshPaths } from "./freshness.ts";
import { noRecords, recordsOf, type Records } from "./nova-record.ts";
import { seenNetworks } from "./reverse-ping.ts";
import { stateWith, type CollectorTrack, type GuardianState } from "./state.ts";

export interface Round {
  /** Collectors that may say that a host is silent. */
  readonly voting: readonly CollectorTrack[];
  /** The parts of our eyes that concern every host alike; those that do not pass are doubts. */
  readonly parts: readonly EyePart[];
  readonly doubts: readonly GateResult[];
  /** Networks on which one of our anchors answers. */
  readonly seen: readonly NetworkName[];
  readonly freshPaths: FreshPaths;
  readonly records: Records;
}

export const noRound: Round = {
  voting: [],
  parts: [],
  doubts: [],
  seen: [],
  freshPaths: new FreshPaths(),
  records: noRecords,
};

/**
 * Works the round out. What its parts keep to describe themselves later is a state without a round: each would
 * keep the one before it otherwise, and no round would ever be forgotten.
 */
export function foldRound(before: GuardianState, voting: readonly CollectorTrack[]): GuardianState {
  const state = stateWith(before, { round: noRound });
  const seen = seenNetworks(state);
  const parts = commonEyes(state, voting, seen);
  const failing = parts.filter((part) => !part.pass);
  const doubts = failing.length === 0 ? none : failing.map((part) => part.describe());
  return stateWith(state, {
    round: {
      voting,
      parts,
      doubts,
      seen,
      freshPaths: countFreshPaths(state, voting),
      records: recordsOf(state),
    },
  });
}

const none: readonly GateResult[] = [];
