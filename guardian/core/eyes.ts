/**
 * Our own eyes: no verdict on a silent host, and no new action, while we may be the one who is
 * deaf. Each part is a question with its own numbers (invariant 11).
 */
import type { LivenessRow } from "../../shared/telemetry.ts";
import type { GateResult } from "./assessment.ts";
import type { Tick } from "./events.ts";
import { rowAge } from "./freshness.ts";
import { seenNetworks, seenNetworksOf } from "./reverse-ping.ts";
import type { CollectorTrack, GuardianState, HostState } from "./state.ts";

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
  const eyes = {
    ...state.eyes,
    tickAt: event.at,
    previousTickAt: tickAt,
    tickWall: event.wall,
    shakenAt,
    shakenBy,
  };
  return { ...state, eyes, now: event.at, wall: event.wall, disarmedFile: event.disarmed };
}

/** The parts that concern every host alike. */
export function commonEyes(
  state: GuardianState,
  voting: readonly CollectorTrack[],
): readonly GateResult[] {
  const { eyes, now } = state;
  const { limits } = state.settings;
  const shakenMs = eyes.shakenAt === undefined ? undefined : now - eyes.shakenAt;
  const steady = shakenMs === undefined || shakenMs > limits.doubtMs;
  const seen = seenNetworks(state);
  return [
    {
      gate: "eyes, collectors",
      pass: voting.length > 0,
      value: `${voting.length} with a watermark younger than ${limits.voteMs / 1000} s`,
      operator: ">=",
      limit: "1",
    },
    ...voting.map((track) => ledgerGate(state, track)),
    ...voting.map((track) => lagGate(state, track)),
    {
      gate: "eyes, networks",
      pass: seen.length > 0,
      value: seen.length === 0 ? "no anchor answers" : `anchors answer on ${seen.join(", ")}`,
      operator: ">=",
      limit: `1 network whose anchor answered within ${limits.anchorMs / 1000} s`,
    },
    {
      gate: "eyes, own loop and clock",
      pass: steady,
      value: steady ? "steady" : `${eyes.shakenBy}, ${((shakenMs ?? 0) / 1000).toFixed(0)} s ago`,
      operator: "steady for",
      limit: `${limits.doubtMs / 1000} s`,
    },
    {
      gate: "eyes, journal",
      pass: eyes.journalWritable,
      value: eyes.journalWritable ? "writable" : eyes.journalReason,
      operator: "=",
      limit: "writable",
    },
  ];
}

function ledgerGate(state: GuardianState, track: CollectorTrack): GateResult {
  const { doubtMs } = state.settings.limits;
  const dirtyMs = track.dirtyAt === undefined ? undefined : state.now - track.dirtyAt;
  const clean = dirtyMs === undefined || dirtyMs > doubtMs;
  const { dropped, shed } = track.watermark.ledger;
  return {
    gate: `eyes, ledger of ${track.id}`,
    pass: clean,
    value: `${dropped} dropped, ${shed} shed${clean ? "" : `, last ${((dirtyMs ?? 0) / 1000).toFixed(0)} s ago`}`,
    operator: "no loss for",
    limit: `${doubtMs / 1000} s`,
  };
}

function lagGate(state: GuardianState, track: CollectorTrack): GateResult {
  const { lagMsMax } = state.settings.limits;
  const { storeMs, liveMs } = track;
  // With the store gone and the live view fresh we go on, and say so in an alert of its own.
  const lagMs = storeMs === undefined || liveMs === undefined ? 0 : Math.max(0, liveMs - storeMs);
  return {
    gate: `eyes, lag of the store behind ${track.id}`,
    pass: lagMs <= lagMsMax || liveMs === track.watermark.monoMs,
    value: `${(lagMs / 1000).toFixed(1)} s`,
    operator: "<=",
    limit: `${lagMsMax / 1000} s, or a live view`,
  };
}

/** Whether somebody else is heard where this host used to be heard (anywhere, if it never was). */
export function seesOthersLike(state: GuardianState, host: HostState): boolean {
  const { voting, freshPaths } = state.round;
  let paths = 0;
  for (const track of voting) {
    for (const row of host.rows.values()) {
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
    for (const row of host.rows.values()) {
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
