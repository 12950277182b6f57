/**
 * The whole guardian: `step(state, event)`. Events fold what was seen into the state; only a tick
 * decides, from current state alone, so a lost or repeated event changes nothing for long. The
 * same function runs in production, in scenarios, in the simulation, in replay and in the demo.
 */
import type { MonoMs, WallMs } from "../../shared/time.ts";
import { foldAlerts } from "./alerting.ts";
import { foldAcknowledged, foldAnswer } from "./approvals.ts";
import { foldArming, foldArmingTold } from "./arming.ts";
import { foldCensus, noCensus } from "./census.ts";
import { foldKeptLimits, foldLimitsSet } from "./changed-limits.ts";
import { foldConfirmed } from "./confirmations.ts";
import { foldPowerOn } from "./power-on.ts";
import { foldRehearsalAsked, foldRehearsalOff } from "./rehearsal.ts";
import { isComingHome } from "./home-gates.ts";
import { isRehearsing } from "./rehearsals.ts";
import { foldTick } from "./eyes.ts";
import type { Effect } from "./effects.ts";
import type { GuardianEvent, Started, Tick } from "./events.ts";
import { foldFreshness, voters } from "./freshness.ts";
import { withPlaces } from "./device-places.ts";
import { foldDomains } from "./domains.ts";
import { dueInventory, foldInventory, foldSchedulers, noInventory } from "./inventory.ts";
import { foldList, foldServiceAnswer } from "./answers-to-many.ts";
import { foldLiveMigrated, foldMigrations } from "./drain-answers.ts";
import { foldHomeOff } from "./home-answers.ts";
import { foldReleased } from "./release.ts";
import { foldUndoAsked } from "./undo.ts";
import { HostTable } from "./host-table.ts";
import { foldPowerOff } from "./fence-orders.ts";
import { advanceOrQuarantine } from "./quarantine.ts";
import { disarm } from "./disarm.ts";
import { incidentOf, say } from "./incidents.ts";
import { foldMaintenance, foldMaintenanceCleared, foldMaintenanceSet } from "./maintenance.ts";
import { emptyMemory } from "./memory.ts";
import { remembered } from "./remembered.ts";
import { foldEvacuateAnswer, foldMoves } from "./moves.ts";
import { foldServices, isBackInUse } from "./nova-record.ts";
import { foldPace } from "./pace.ts";
import { foldTelemetry } from "./reports.ts";
import { foldSightings } from "./peers.ts";
import { dueReadings, foldPower, foldVouched } from "./power.ts";
import { dueAnchorPings, duePings, foldAnchor, foldPing } from "./reverse-ping.ts";
import { foldChecks } from "./self-checks.ts";
import { foldResetAnswer } from "./resets.ts";
import type { Settings } from "./settings.ts";
import { foldRound, noRound } from "./round.ts";
import { assess } from "./signals.ts";
import { newHostState, type GuardianState, type HostState, stateWith, withEyes } from "./state.ts";
import { foldStorms, foldSuspectHolds } from "./storm.ts";
import { foldVerification, noVerification } from "./verification.ts";
import { foldVerifiedShare } from "./verified-share.ts";
import { words } from "./words.ts";
import { hostsThatAsk } from "./wrong-chassis.ts";

export interface Step {
  readonly state: GuardianState;
  readonly effects: readonly Effect[];
  /** The transitions and refusals of this step, for the log: the lines among the effects. */
  readonly why: readonly string[];
}

/** Hosts whose power is read in one round while they are not in trouble. */
const peaceReadingsMax = 50;
const servicesEveryMs = 5000;
const servicesSuspectMs = 2000;
const restartsToDisarm = 3;
const restartsWithinMs = 600_000;

/** The state before the first event. */
export function initialState(settings: Settings, now: MonoMs, wall: WallMs): GuardianState {
  const anchors = settings.networks.flatMap((network) =>
    network.anchors.map((address) => ({
      network: network.name,
      address,
      echoAt: undefined,
      steadyFrom: undefined,
      steadyTo: undefined,
      shakySince: undefined,
      askedAt: undefined,
    })),
  );
  return {
    settings,
    epoch: 0,
    startedAt: now,
    startedWall: wall,
    now,
    wall,
    eyes: {
      tickAt: undefined,
      previousTickAt: undefined,
      tickWall: undefined,
      shakenAt: undefined,
      shakenBy: "",
      journalWritable: true,
      journalReason: "",
      servicesAskedAt: undefined,
      servicesAt: undefined,
      recordsMovedAt: undefined,
      recordsFrom: undefined,
      novaReason: "",
      graceFrom: now,
      goodMs: 0,
      doubtSince: undefined,
    },
    disarmedFile: false,
    collectors: new Map(),
    anchors,
    hosts: HostTable.of([...settings.hosts.keys()].map(newHostState)),
    inventory: noInventory,
    pace: undefined,
    suspectHolds: new Map(),
    round: noRound,
    census: noCensus,
    sharedAt: {},
    verification: noVerification,
    memory: emptyMemory,
  };
}

/** Takes in one event. Pure: no clock, no I/O; throws InvariantError when a promise is broken. */
export function step(state: GuardianState, event: GuardianEvent): Step {
  const effects: Effect[] = [];
  const folded = fold(state, event, effects);
  // Compares every device with every other: what came in between rounds waits for the next one.
  const next = isDecided(event) ? foldVerification(folded) : folded;
  const why = effects.flatMap((effect) => (effect.kind === "line" ? [effect.text] : []));
  return { state: next, effects, why };
}

function isDecided(event: GuardianEvent): boolean {
  return event.kind === "tick" || event.kind === "vouched" || event.kind === "started";
}

function fold(state: GuardianState, event: GuardianEvent, out: Effect[]): GuardianState {
  switch (event.kind) {
    case "started":
      return foldStarted(state, event, out);
    case "tick":
      return decide(state, event, out);
    case "telemetry":
      return foldSightings(foldTelemetry(state, event), event);
    case "telemetry-failed":
      // Nothing to take in: watermarks that do not advance say it all.
      return state;
    case "services":
      return foldDomains(foldSchedulers(foldServices(state, event), event));
    case "inventory":
      return foldInventory(state, event);
    case "nova-failed":
      return withEyes(state, { novaReason: event.reason });
    case "pinged":
      return foldPing(state, event);
    case "anchor-pinged":
      return foldAnchor(state, event);
    case "power-read":
      return foldPower(state, event);
    case "power-off-answered":
      return foldHomeOff(foldRehearsalOff(foldPowerOff(state, event), event), event, out);
    case "power-on-answered":
      return foldPowerOn(state, event, out);
    case "service-order-answered":
      return foldServiceAnswer(state, event, out);
    case "servers-seen":
      return foldList(state, event, out);
    case "moves-seen":
      return foldMoves(state, event, out);
    case "look-failed":
      // Looked again next round; that Nova does not answer shows in its own gate.
      return state;
    case "evacuate-answered":
      return foldEvacuateAnswer(state, event, out);
    case "live-migrate-answered":
      return foldLiveMigrated(state, event, out);
    case "migrations-seen":
      return foldMigrations(state, event, out);
    case "reset-answered":
      return foldResetAnswer(state, event, out);
    case "journal":
      return foldJournal(state, event.writable, event.reason);
    case "vouched":
      return foldVouched(state, event, out);
    case "rehearsal-asked":
      return foldRehearsalAsked(state, event, out);
    case "confirmed":
      return foldConfirmed(state, event, out);
    case "released":
      return foldReleased(state, event, out);
    case "undo-asked":
      return foldUndoAsked(state, event, out);
    case "arming":
      return foldArming(state, event, out);
    case "incident-answered":
      return foldAnswer(state, event, out);
    case "acknowledged":
      return foldAcknowledged(state, event, out);
    case "maintenance-set":
      return foldMaintenanceSet(state, event, out);
    case "maintenance-cleared":
      return foldMaintenanceCleared(state, event, out);
    case "limits-set":
      return foldLimitsSet(state, event, out);
    default:
      return event satisfies never;
  }
}

function foldStarted(state: GuardianState, event: Started, out: Effect[]): GuardianState {
  const memory = event.memory === undefined ? emptyMemory : remembered(event.memory, event.at);
  const started: GuardianState = stateWith(state, {
    epoch: event.epoch,
    startedAt: event.at,
    startedWall: event.wall,
    now: event.at,
    wall: event.wall,
    eyes: { ...state.eyes, graceFrom: event.at, goodMs: 0 },
    memory,
  });
  const told = say(withPlaces(started), out, {
    level: "info",
    host: undefined,
    event: "started",
    text: words("log.started", {
      epoch: event.epoch,
      mode: state.settings.mode,
      count: memory.incidents.size,
    }),
  });
  const limited = foldKeptLimits(told, out);
  const recent = event.starts.filter((wall) => event.wall - wall < restartsWithinMs).length;
  if (recent < restartsToDisarm) return limited;
  return disarm(limited, out, words("arming.restarts", { count: recent }));
}

/**
 * A released host that reports again is guarded again; and one that people enabled in Nova, whose
 * nova-compute is up: servers may come to it, with or without a probe.
 */
function foldReturned(state: GuardianState): GuardianState {
  const { released } = state.memory;
  const still = released.filter((name) => {
    const host = state.hosts.get(name);
    return host === undefined || (host.freshSince === undefined && !isBackInUse(host));
  });
  if (still.length === released.length) return state;
  return stateWith(state, { memory: { ...state.memory, released: still } });
}

function foldJournal(state: GuardianState, writable: boolean, reason: string): GuardianState {
  return withEyes(state, { journalWritable: writable, journalReason: reason });
}

/** One round: see who is fresh, look where it is due, judge each host, act, tell. */
function decide(before: GuardianState, event: Tick, out: Effect[]): GuardianState {
  const sinceTickMs = before.eyes.tickAt === undefined ? 0 : event.at - before.eyes.tickAt;
  let state = foldVerification(foldTick(before, event));
  const voting = voters(state);
  const ticked = state;
  state = eachHost(state, (host) => foldChecks(ticked, foldFreshness(ticked, host, voting)));
  state = foldWatching(foldRound(foldReturned(state), voting), sinceTickMs);
  state = foldMaintenance(state, out);
  state = scheduleLooks(state, out);
  const seen = state;
  state = eachHost(seen, (host) => assess(seen, host));
  state = foldStorms(foldCensus(foldSuspectHolds(state, sinceTickMs)));
  // One whose chassis they switched off is spared before its own turn orders anything.
  const asking = hostsThatAsk(state);
  for (const host of asking) state = advanceOrQuarantine(state, before, host, out);
  for (const { host } of state.hosts.values()) {
    if (!asking.includes(host)) state = advanceOrQuarantine(state, before, host, out);
  }
  state = foldVerifiedShare(state, before, out);
  return foldAlerts(foldArmingTold(foldPace(state), before, out), out);
}

function eachHost(state: GuardianState, change: (host: HostState) => HostState): GuardianState {
  const hosts = state.hosts.map(change);
  return hosts === state.hosts ? state : stateWith(state, { hosts });
}

/** Since when we, or every collector with a vote, have been watching; and how well. */
function foldWatching(state: GuardianState, sinceTickMs: number): GuardianState {
  const { voting, doubts } = state.round;
  const doubt = doubts.length > 0;
  const oldest = Math.min(...voting.map((track) => track.epochSeenAt));
  const { eyes } = state;
  const graceFrom =
    voting.length > 0 && oldest > eyes.graceFrom ? (oldest as MonoMs) : eyes.graceFrom;
  const restarted = graceFrom !== eyes.graceFrom;
  const goodMs = restarted ? 0 : eyes.goodMs + (doubt ? 0 : sinceTickMs);
  const doubtSince = doubt ? (eyes.doubtSince ?? state.now) : undefined;
  return withEyes(state, { graceFrom, goodMs, doubtSince });
}

/** Pings, power readings and Nova's list, where they are due. */
function scheduleLooks(state: GuardianState, out: Effect[]): GuardianState {
  const { limits } = state.settings;
  let suspects = 0;
  let readings = 0;
  const looked = eachHost(state, (host) => {
    const phase = incidentOf(state, host.host)?.phase.kind;
    const cycled = isRehearsing(state, host.host);
    const comes = isComingHome(state, host.host);
    const acting = phase === "fencing" || phase === "evacuating" || cycled || comes;
    if (host.suspectSince !== undefined) suspects += 1;
    const inTrouble = acting || (host.suspectSince !== undefined && phase !== "ended");
    const pinged = duePings(state, host, out, acting);
    // In peace readings are spread out: a start must not ask every device of a cloud at once.
    if (!inTrouble && readings >= peaceReadingsMax) return pinged;
    const everyMs = readingEveryMs(state, host, inTrouble);
    const under = incidentOf(state, host.host)?.phase;
    const commands = under?.kind === "fencing" ? under.commands : undefined;
    const answeredAt = (device: string): MonoMs | undefined => commands?.[device]?.answeredAt;
    const read = dueReadings(state, pinged, out, { everyMs, urgent: acting }, answeredAt);
    if (read !== pinged && !inTrouble) readings += 1;
    return read;
  });
  const anchored = dueInventory(dueAnchorPings(looked, out), out);
  const everyMs = suspects > 0 ? servicesSuspectMs : servicesEveryMs;
  const askedAt = anchored.eyes.servicesAskedAt;
  if (askedAt !== undefined && state.now - askedAt < everyMs) return anchored;
  out.push({ kind: "read-services" });
  return withEyes(anchored, { servicesAskedAt: state.now });

  function readingEveryMs(current: GuardianState, host: HostState, inTrouble: boolean): number {
    if (!inTrouble) return limits.powerRehearsalMs;
    const phase = incidentOf(current, host.host)?.phase;
    const renewing = phase?.kind === "evacuating" && phase.proof !== undefined;
    if (!renewing) return limits.powerEveryMs;
    const early = current.now - phase.since < limits.proofFirstRenewalMs + limits.powerEveryMs;
    return early ? limits.proofFirstRenewalMs : limits.proofRenewalMs;
  }
}
