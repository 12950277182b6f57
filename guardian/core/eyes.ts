/**
 * Our own eyes: no verdict on a silent host, and no new action, while we may be the one who is
 * deaf. Each part is a question with its own numbers (invariant 11).
 */
import type { LivenessRow, NetworkName } from "../../shared/telemetry.ts";
import type { GateResult } from "./assessment.ts";
import type { Tick } from "./events.ts";
import { rowAge } from "./freshness.ts";
import { seenNetworksOf } from "./reverse-ping.ts";
import {
  stateWith,
  withEyes,
  type CollectorTrack,
  type GuardianState,
  type HostState,
} from "./state.ts";

/** Notices a pause of our own loop and a step of the wall clock against the monotonic one. */
export function foldTick(state: GuardianState, event: Tick): GuardianState {
  const { limits } = state.settings;
  const { tickAt, tickWall } = state.eyes;
  let { shakenAt, shakenBy } = state.eyes;
  if (tickAt !== undefined && tickWall !== undefined) {
    const gapMs = event.at - tickAt;
    const stepMs = Math.abs(event.wall - tickWall - gapMs);
    if (gapMs > limits.loopGapMsMax) {
      shakenAt = event.at;
      shakenBy = `our loop paused ${(gapMs / 1000).toFixed(1)} s`;
    } else if (stepMs > limits.loopGapMsMax) {
      shakenAt = event.at;
      shakenBy = `our wall clock stepped ${(stepMs / 1000).toFixed(1)} s`;
    }
  }
  const seen = withEyes(state, {
    tickAt: event.at,
    previousTickAt: tickAt,
    tickWall: event.wall,
    shakenAt,
    shakenBy,
  });
  return stateWith(seen, { now: event.at, wall: event.wall, disarmedFile: event.disarmed });
}

/** One part of our eyes: whether it is good, and its numbers for whoever asks. */
export interface EyePart {
  readonly pass: boolean;
  readonly describe: () => GateResult;
}

/** The parts that concern every host alike. */
export function commonEyes(
  state: GuardianState,
  voting: readonly CollectorTrack[],
  seen: readonly NetworkName[],
): readonly EyePart[] {
  return [
    collectorsPart(state, voting),
    ...voting.map((track) => ledgerPart(state, track)),
    ...voting.map((track) => lagPart(state, track)),
    networksPart(state, seen),
    steadyPart(state),
    journalPart(state),
  ];
}

function collectorsPart(state: GuardianState, voting: readonly CollectorTrack[]): EyePart {
  const pass = voting.length > 0;
  const describe = (): GateResult => ({
    gate: "eyes, collectors",
    pass,
    value: `${voting.length} with a watermark younger than ${state.settings.limits.voteMs / 1000} s`,
    operator: ">=",
    limit: "1",
  });
  return { pass, describe };
}

function networksPart(state: GuardianState, seen: readonly NetworkName[]): EyePart {
  const pass = seen.length > 0;
  const describe = (): GateResult => ({
    gate: "eyes, networks",
    pass,
    value: pass ? `anchors answer on ${seen.join(", ")}` : "no anchor answers",
    operator: ">=",
    limit: `1 network whose anchor answered within ${state.settings.limits.anchorMs / 1000} s`,
  });
  return { pass, describe };
}

function steadyPart(state: GuardianState): EyePart {
  const { shakenAt, shakenBy } = state.eyes;
  const { doubtMs } = state.settings.limits;
  const shakenMs = shakenAt === undefined ? undefined : state.now - shakenAt;
  const pass = shakenMs === undefined || shakenMs > doubtMs;
  const describe = (): GateResult => ({
    gate: "eyes, own loop and clock",
    pass,
    value: pass ? "steady" : `${shakenBy}, ${(shakenMs / 1000).toFixed(0)} s ago`,
    operator: "steady for",
    limit: `${doubtMs / 1000} s`,
  });
  return { pass, describe };
}

function journalPart({ eyes }: GuardianState): EyePart {
  const pass = eyes.journalWritable;
  const describe = (): GateResult => ({
    gate: "eyes, journal",
    pass,
    value: pass ? "writable" : eyes.journalReason,
    operator: "=",
    limit: "writable",
  });
  return { pass, describe };
}

function ledgerPart(state: GuardianState, track: CollectorTrack): EyePart {
  const { doubtMs } = state.settings.limits;
  const dirtyMs = track.dirtyAt === undefined ? undefined : state.now - track.dirtyAt;
  const pass = dirtyMs === undefined || dirtyMs > doubtMs;
  const { dropped, shed } = track.watermark.ledger;
  const describe = (): GateResult => ({
    gate: `eyes, ledger of ${track.id}`,
    pass,
    value: `${dropped} dropped, ${shed} shed${pass ? "" : `, last ${(dirtyMs / 1000).toFixed(0)} s ago`}`,
    operator: "no loss for",
    limit: `${doubtMs / 1000} s`,
  });
  return { pass, describe };
}

function lagPart(state: GuardianState, track: CollectorTrack): EyePart {
  const { lagMsMax } = state.settings.limits;
  const { storeMs, liveMs } = track;
  // With the store gone and the live view fresh we go on, and say so in an alert of its own.
  const lagMs = storeMs === undefined || liveMs === undefined ? 0 : Math.max(0, liveMs - storeMs);
  const pass = lagMs <= lagMsMax || liveMs === track.watermark.monoMs;
  const describe = (): GateResult => ({
    gate: `eyes, lag of the store behind ${track.id}`,
    pass,
    value: `${(lagMs / 1000).toFixed(1)} s`,
    operator: "<=",
    limit: `${lagMsMax / 1000} s, or a live view`,
  });
  return { pass, describe };
}

/** Whether somebody else is heard where this host used to be heard (anywhere, if it never was). */
export function seesOthersLike(state: GuardianState, host: HostState): boolean {
  const { voting, freshPaths } = state.round;
  let paths = 0;
  for (const track of voting) {
    for (const row of host.rows) {
      if (othersOn(state, row, track) > 0) return true;
      if (row.collector === track.id && row.collectorEpoch === track.watermark.epoch) paths += 1;
    }
  }
  return paths === 0 && freshPaths.most > 0;
}

/** How many other hosts are fresh on the path of a row. */
function othersOn(state: GuardianState, row: LivenessRow, track: CollectorTrack): number {
  const age = rowAge(state.now, row, track);
  if (age === undefined) return 0;
  const self = age.ageMs < state.settings.limits.suspectAfterMs ? 1 : 0;
  return state.round.freshPaths.on(track.id, row.path) - self;
}

/** Everything that speaks against our eyes on one host. */
export function doubtsAbout(state: GuardianState, host: HostState): readonly GateResult[] {
  return [...state.round.doubts, ...eyesOn(state, host).filter((gate) => !gate.pass)];
}

/** The parts that concern one host: somebody else is heard where it used to be heard. */
export function eyesOn(state: GuardianState, host: HostState): readonly GateResult[] {
  const proving: string[] = [];
  for (const track of state.round.voting) {
    for (const row of host.rows) {
      const others = othersOn(state, row, track);
      if (others > 0) proving.push(`${others} on ${row.path}`);
    }
  }
  const pass = seesOthersLike(state, host);
  const networks = seenNetworksOf(state, host, state.round.seen);
  return [
    {
      gate: "eyes, other hosts heard on its paths",
      pass,
      value: pass ? proving.join(", ") || "others are heard" : "none",
      operator: ">=",
      limit: "1 host on one of its paths",
    },
    {
      gate: "eyes, networks it can be pinged on",
      pass: networks.length > 0,
      value: networks.length === 0 ? "none" : networks.join(", "),
      operator: ">=",
      limit: "1",
    },
  ];
}
