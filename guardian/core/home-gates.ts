/** What keeps a fenced host from its way home: for good, or until it passes. */
import { unverifiedBecause } from "./verification.ts";
import type { GateResult } from "./assessment.ts";
import { novaGate } from "./destination-gates.ts";
import { drainHolds } from "./drains.ts";
import type { HomeLook, Homecoming } from "./home-memory.ts";
import { incidentOf } from "./incidents.ts";
import { isMarkOfAnyEpoch, ourMark } from "./marks.ts";
import type { Move } from "./move.ts";
import type { Phase } from "./memory.ts";
import { groupsOf } from "./modes.ts";
import { armedGate, holdGate, maintenanceGate, modeGate, rehearsalGates } from "./policy-gates.ts";
import { deviceTrack } from "./power.ts";
import { hostSettings, type ComeHome } from "./settings.ts";
import { stormGates } from "./storm-gates.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";
import type { MonoMs } from "../../shared/time.ts";

export type Ended = Extract<Phase, { kind: "ended" }>;

/** A host that failed again so soon after it was switched on by policy is left off. */
const againMs = 86_400_000;

/** What happens to a fenced host when its moves have ended. Of several groups the careful word counts. */
export function comeHomeOf(state: GuardianState, host: HostState["host"]): ComeHome {
  const said = groupsOf(state, host).flatMap(
    (name) => state.settings.groups.get(name)?.comeHome ?? [],
  );
  if (said.includes("leave-off")) return "leave-off";
  return said[0] ?? state.settings.comeHome ?? "leave-off";
}

/** Servers of other hosts that Nova was moving to this one, as far as anybody knows. */
function movesTo({ memory }: GuardianState, to: HostState["host"]): readonly string[] {
  return [...memory.incidents.values()].flatMap(({ phase }) => {
    const moves = "moves" in phase ? Object.values(phase.moves ?? {}) : [];
    const here = moves.filter((move) => move.to === to && isOpenStill(move.state.kind));
    return here.map(({ name }) => name);
  });
}

function isOpenStill(kind: Move["state"]["kind"]): boolean {
  return kind === "ordered" || kind === "running" || kind === "failed";
}

/** What only a person can judge: nothing of it is switched on by us. */
export function homeProblem(
  state: GuardianState,
  host: HostState,
  phase: Ended,
  home: Homecoming,
): Words | undefined {
  const moves = Object.values(phase.moves);
  const failed = moves.filter((move) => mayRunElsewhere(state, host, move)).map(({ name }) => name);
  // Whether the guest of a move that failed was started elsewhere, Nova does not tell.
  if (failed.length > 0) return words("home.failed", { servers: failed });
  if ((phase.unlisted ?? 0) > 0) return words("home.unlisted", { count: phase.unlisted ?? 0 });
  const awaiting = movesTo(state, host.host);
  // Its nova-compute would take them up, and whoever was told of them has started them elsewhere by now.
  if (awaiting.length > 0) return words("home.destination", { servers: awaiting });
  const lastWall = state.memory.homecomings[host.host];
  const again = lastWall !== undefined && state.wall - lastWall < againMs;
  if (!home.byPerson && home.ordered !== true && again) return words("home.again");
  return undefined;
}

/** Left where they were, these run nowhere else. */
const leftInPeace: readonly string[] = [
  "left.undone",
  "left.local-disk",
  "left.state",
  "left.shelved",
  "move.deleted",
];

/** A move that failed, or was left because something was done with its server when its host died. */
function mayRunElsewhere(state: GuardianState, { host }: HostState, move: Move): boolean {
  if (drainHolds(state, host, move.server) !== "none") return true;
  if (move.state.kind !== "left") return move.state.kind === "failed";
  const { reason, byPolicy } = move.state;
  if (byPolicy === true) return false;
  return typeof reason === "string" || !leftInPeace.includes(reason.key);
}

/** Asked before each order of the way home. */
export function gatesToComeHome(
  state: GuardianState,
  host: HostState,
  home: Homecoming,
): readonly GateResult[] {
  return [
    armedGate(state),
    ...(home.byPerson ? [] : [modeGate(state, host)]),
    holdGate(state, host),
    maintenanceGate(state, host),
    ...rehearsalGates(state, host),
    novaGate(state),
    ...stormGates(state, host),
  ];
}

/** What Nova shows of our mark: still ours, nothing to undo any more, another's, or not known since then. */
export function markShown(
  state: GuardianState,
  host: HostState,
  since: MonoMs,
): "ours" | "none" | "others" | "unknown" {
  const track = host.service;
  const incident = incidentOf(state, host.host);
  if (track === undefined || incident === undefined || track.askedAt <= since) return "unknown";
  const { status, forcedDown, disabledReason } = track.service;
  if (status === "disabled") {
    const ours = isMarkOfAnyEpoch(state, ourMark(state, incident.id), disabledReason);
    return ours ? "ours" : "others";
  }
  // Forced down without our mark: who did it is not known.
  return forcedDown ? "others" : "none";
}

/** It reports, and from another boot than the one that was fenced. */
export function isBack(state: GuardianState, host: HostState): boolean {
  const { freshSince, newest } = host;
  return freshSince !== undefined && newest?.bootId !== incidentOf(state, host.host)?.bootId;
}

/** It reports the very boot that was fenced: it was never off, and what was moved may run there, too. */
export function wasNeverOff(state: GuardianState, host: HostState): boolean {
  return host.freshSince !== undefined && !isBack(state, host);
}

/** Devices that are this host's own and whose last reading says so. */
export function devicesThatRead(
  state: GuardianState,
  host: HostState,
  power: "on" | "off",
): readonly string[] {
  return hostSettings(state.settings, host.host).devices.filter((device) => {
    const reading = deviceTrack(host, device).readings.at(-1)?.reading;
    return reading?.power === power && unverifiedBecause(state, host.host, device) === undefined;
  });
}

/** How many more run there than Nova puts on it, by its own probe and a list that is not old. */
export function runningTooMany(
  state: GuardianState,
  host: HostState,
  seen: HomeLook | undefined,
): number {
  const checks = host.newest?.checks;
  if (checks === undefined || seen === undefined || !isBack(state, host)) return 0;
  if (checks.libvirt !== "up" || state.now - seen.askedAt > seenMsMax) return 0;
  return Math.max(0, checks.serversRunning - seen.servers);
}

/** Nova's own cleaning up takes seconds where it works. */
const cleaningMs = 60_000;

/**
 * More domains there than Nova puts on it, a minute after it came back, and some of them run: which, their number
 * does not tell. One that was evacuated may be among them.
 */
export function mayRunTwice(
  state: GuardianState,
  host: HostState,
  { seen, step }: Homecoming,
): boolean {
  const checks = host.newest?.checks;
  if (step.kind !== "cleaning" || state.now - step.since < cleaningMs) return false;
  if (checks === undefined || seen === undefined || !isBack(state, host)) return false;
  return checks.serversRunning > 0 && checks.serversTotal > seen.servers;
}

/** A list older than this is asked for again before anything rests on it. */
export const seenMsMax = 10_000;

/** Steps of the way home that are still missing, for people: empty when it is home. */
export function missingSteps(state: GuardianState, host: HostState): readonly Words[] {
  const missing: Words[] = [];
  const service = host.service?.service;
  const phase = incidentOf(state, host.host)?.phase;
  const seen = phase?.kind === "ended" ? phase.home?.seen : undefined;
  if (!isBack(state, host)) missing.push(words("home.need-boot"));
  else if (host.newest?.checks.libvirt !== "up") missing.push(words("home.need-libvirt"));
  const count = seen?.uncleaned ?? 0;
  if (count > 0) missing.push(words("home.need-clean", { count }));
  if (service?.forcedDown === true) missing.push(words("home.need-up"));
  else if (service?.state !== "up") missing.push(words("home.need-compute"));
  if (host.assessment?.row !== "8") missing.push(words("home.need-well"));
  if (service?.status !== "enabled") missing.push(words("home.need-enabled"));
  return missing;
}

/** Servers that stayed on it and ran, and do not run there now: nobody calls the host accepted back meanwhile. */
export function stoppedOf({ newest }: HostState, { moves }: Ended, { seen }: Homecoming): number {
  const left = Object.values(moves).filter(({ ran, state }) => ran && state.kind === "left");
  // Some may be deleted by now.
  const wanted = Math.min(left.length, seen?.servers ?? 0);
  return Math.max(0, wanted - (newest?.checks.serversRunning ?? 0));
}

/** Whether its way home has begun and has not come to its end. */
export function isComingHome(state: GuardianState, host: HostState["host"]): boolean {
  const phase = incidentOf(state, host)?.phase;
  return phase?.kind === "ended" && phase.home !== undefined && phase.home.step.kind !== "stopped";
}
