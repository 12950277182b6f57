/**
 * Our own eyes: no verdict on a silent host, and no new action, while we may be the one who is
 * deaf. Each part is a question with its own numbers (invariant 11).
 */
import type { LivenessRow, NetworkName } from "../../shared/telemetry.ts";
import type { GateResult } from "./assessment.ts";
import type { Tick } from "./events.ts";
import type { MonoMs } from "../../shared/time.ts";
import { rowAge } from "./freshness.ts";
import { withPhase } from "./incidents.ts";
import { seenNetworksOf } from "./reverse-ping.ts";
import {
  stateWith,
  withEyes,
  type CollectorTrack,
  type GuardianState,
  type HostState,
} from "./state.ts";
import { seconds, words, type Words } from "./words.ts";

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
      shakenBy = words("doubt.paused", { length: seconds(gapMs) });
    } else if (stepMs > limits.loopGapMsMax) {
      shakenAt = event.at;
      shakenBy = words("doubt.stepped", { length: seconds(stepMs) });
    }
  }
  const forwardMs =
    tickAt === undefined || tickWall === undefined
      ? 0
      : event.wall - tickWall - (event.at - tickAt);
  const trusted = forwardMs > limits.loopGapMsMax ? withoutProofs(state, event.at) : state;
  const seen = withEyes(trusted, {
    tickAt: event.at,
    previousTickAt: tickAt,
    tickWall: event.wall,
    shakenAt,
    shakenBy,
  });
  return stateWith(seen, { now: event.at, wall: event.wall, disarmedFile: event.disarmed });
}

/**
 * The machine may have been suspended: its monotonic clock stood, and proofs are older than they look. Two readings
 * mint a new one.
 */
function withoutProofs(state: GuardianState, now: MonoMs): GuardianState {
  let next = state;
  for (const { host, phase } of state.memory.incidents.values()) {
    // A person's word has an age of its own, and no device to ask again.
    if (phase.kind !== "evacuating" || phase.proof?.method !== "power-devices") continue;
    // Its level has its own time once more: what it read was not too little, only too old.
    const run = phase.run && { ...phase.run, since: now };
    const unproven = { ...phase, proof: undefined, lostAt: now, lifeAt: now, run };
    next = withPhase(next, host, unproven);
  }
  return next;
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
    value: words("value.collectors", {
      count: voting.length,
      limit: state.settings.limits.voteMs / 1000,
    }),
    operator: ">=",
    limit: words("value.number", { count: 1 }),
  });
  return { pass, describe };
}

function networksPart(state: GuardianState, seen: readonly NetworkName[]): EyePart {
  const pass = seen.length > 0;
  const describe = (): GateResult => ({
    gate: "eyes, networks",
    pass,
    value: pass ? words("value.anchors", { networks: seen }) : words("value.no-anchor"),
    operator: ">=",
    limit: words("limit.anchors", { limit: state.settings.limits.anchorMs / 1000 }),
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
    value: pass
      ? words("value.steady")
      : words("value.shaken", { doubt: shakenBy, age: Math.round(shakenMs / 1000) }),
    operator: "steady for",
    limit: words("value.seconds", { limit: doubtMs / 1000 }),
  });
  return { pass, describe };
}

function journalPart({ eyes }: GuardianState): EyePart {
  const pass = eyes.journalWritable;
  const describe = (): GateResult => ({
    gate: "eyes, journal",
    pass,
    value: pass
      ? words("value.writable")
      : words("value.unwritable", { reason: eyes.journalReason }),
    operator: "=",
    limit: words("value.writable"),
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
    value: pass
      ? words("value.ledger", { dropped, shed })
      : words("value.ledger-lost", { dropped, shed, age: Math.round(dirtyMs / 1000) }),
    operator: "no loss for",
    limit: words("value.seconds", { limit: doubtMs / 1000 }),
  });
  return { pass, describe };
}

function lagPart(state: GuardianState, track: CollectorTrack): EyePart {
  const { lagMsMax } = state.settings.limits;
  const { storeMs, liveMs, behindMs } = track;
  // With the store gone and the live view fresh we go on, and say so in an alert of its own.
  const shownMs = storeMs === undefined || liveMs === undefined ? 0 : liveMs - storeMs;
  const lagMs = Math.max(shownMs, behindMs);
  const pass = lagMs <= lagMsMax || liveMs === track.watermark.monoMs;
  const describe = (): GateResult => ({
    gate: `eyes, lag of the store behind ${track.id}`,
    pass,
    value: words("value.lag", { lag: seconds(lagMs) }),
    operator: "<=",
    limit: words("limit.lag", { limit: lagMsMax / 1000 }),
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
  const proving: Words[] = [];
  for (const track of state.round.voting) {
    for (const row of host.rows) {
      const others = othersOn(state, row, track);
      if (others > 0) proving.push(words("value.heard-on", { count: others, path: row.path }));
    }
  }
  const pass = seesOthersLike(state, host);
  const networks = seenNetworksOf(state, host, state.round.seen);
  return [
    {
      gate: "eyes, other hosts heard on its paths",
      pass,
      value: pass ? heardWords(proving) : words("value.none"),
      operator: ">=",
      limit: words("limit.heard"),
    },
    {
      gate: "eyes, networks it can be pinged on",
      pass: networks.length > 0,
      value: networks.length === 0 ? words("value.none") : words("value.networks", { networks }),
      operator: ">=",
      limit: words("value.number", { count: 1 }),
    },
  ];
}

function heardWords(paths: readonly Words[]): Words {
  return paths.length === 0 ? words("value.heard-elsewhere") : words("value.heard", { paths });
}
