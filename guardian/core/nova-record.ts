/**
 * Nova's record of a nova-compute as a witness: it advances while the service lives. Its time
 * stamps are compared for change only; when it moved is measured on our own clock, by the answers.
 */
import type { HostName } from "../../shared/names.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import type { ComputeService } from "../ports.ts";
import type { Signals } from "./assessment.ts";
import type { Services } from "./events.ts";
import type { Limits } from "./settings.ts";
import {
  hostOf,
  type GuardianState,
  type HostState,
  type ServiceTrack,
  hostWith,
  stateWith,
  withEyes,
} from "./state.ts";

/** Takes in one answer of Nova's service list. */
export function foldServices(state: GuardianState, event: Services): GuardianState {
  const listedHosts = new Map<HostName, HostState>();
  for (const service of event.services) {
    const host = hostOf(state, service.host);
    const track = foldService(host.service, service, event.askedAt, event.at);
    if (track !== host.service) listedHosts.set(service.host, hostWith(host, { service: track }));
  }
  const listed = new Set([...event.services.map(({ host }) => host), ...event.unreadable]);
  const hosts = state.hosts.withAll(listedHosts).map((host) => {
    if (host.service === undefined || listed.has(host.host)) return host;
    const phase = state.memory.incidents.get(host.host)?.phase.kind;
    const acting = phase === "fencing" || phase === "evacuating";
    // A short list (a cell is down) must not hide a host that has just gone silent. Deleted from
    // Nova, it is nobody's host any more; one that we are moving off stays ours.
    const listedMs = event.at - host.service.answeredAt;
    const kept = acting || host.suspectSince !== undefined || listedMs < unlistedMs;
    return kept ? host : hostWith(host, { service: undefined });
  });
  const moved = [...listedHosts.values()].some(
    ({ service }) => service?.advances.at(-1)?.askedAt === event.askedAt,
  );
  const movement = moved ? movementOf(state, event.at) : {};
  const told = { servicesAt: event.at, novaReason: "", ...movement };
  return withEyes(stateWith(state, { hosts }), told);
}

/** Since when records move without a break, now that one has moved: that none moves for so long is Nova's own trouble. */
function movementOf(
  { eyes, settings }: GuardianState,
  at: MonoMs,
): { readonly recordsMovedAt: MonoMs; readonly recordsFrom: MonoMs } {
  const { recordsMovedAt, recordsFrom } = eyes;
  const breakMs = quietMs(settings.limits) + lookEveryMs;
  const goesOn = recordsMovedAt !== undefined && at - recordsMovedAt <= breakMs;
  return { recordsMovedAt: at, recordsFrom: goesOn ? (recordsFrom ?? at) : at };
}

/** In peace Nova is asked so often: a record is seen to move that much late. */
const lookEveryMs = 5000;

/** Enabled, up and not forced down: Nova may put servers on it. */
export function isInUse(host: HostState): boolean {
  const service = host.service?.service;
  return service?.status === "enabled" && service.state === "up" && !service.forcedDown;
}

/**
 * Taken into use again while it is silent, by Nova's word asked for after its evacuation ended: an
 * older record is from before we disabled it.
 */
export function isBackInUse(host: HostState): boolean {
  const { assessment, service } = host;
  if (assessment?.row !== "3a" || service === undefined) return false;
  return isInUse(host) && service.askedAt > assessment.since;
}

function foldService(
  before: ServiceTrack | undefined,
  service: ComputeService,
  askedAt: MonoMs,
  answeredAt: MonoMs,
): ServiceTrack {
  if (before === undefined) {
    return { service, askedAt, answeredAt, advancedAt: answeredAt, advances: [] };
  }
  // Two requests under way at once may be answered out of order: the older one says nothing new.
  if (askedAt <= before.askedAt) return before;
  const moved = service.updatedAt !== before.service.updatedAt;
  if (!moved) return { ...before, service, askedAt, answeredAt };
  const touched =
    service.status !== before.service.status ||
    service.forcedDown !== before.service.forcedDown ||
    service.disabledReason !== before.service.disabledReason;
  // A change that came with a new status or reason is an API call, ours or another's: no life. It
  // may hide a report of the same moment, so that the stillness begins anew.
  if (touched) {
    const { advances } = before;
    return { service, askedAt, answeredAt, advancedAt: answeredAt, advances };
  }
  const advances = [...before.advances, { askedAt, previousAskedAt: before.askedAt }].slice(-2);
  return { service, askedAt, answeredAt, advancedAt: answeredAt, advances };
}

/** A host that Nova lists no more is kept this long: one short list is no farewell. */
const unlistedMs = 300_000;

/** How long without an advance counts as quiet. */
export function quietMs(limits: Limits): number {
  return Math.max(limits.novaQuietMsMin, 1.5 * limits.novaCadenceMs);
}

/**
 * Since when it has stood still, as far as that says anything of the host: a record that had stood still for long while the
 * host reported (its nova-compute is dead, or has not begun after a boot) is counted from its last report on.
 */
export function stillSince(
  track: ServiceTrack,
  lifeAt: MonoMs | undefined,
  limits: Limits,
): MonoMs {
  return isMute(track, lifeAt, limits) ? lifeAt : track.advancedAt;
}

function isMute(
  { advancedAt }: ServiceTrack,
  lifeAt: MonoMs | undefined,
  limits: Limits,
): lifeAt is MonoMs {
  return lifeAt !== undefined && lifeAt - advancedAt >= quietMs(limits);
}

/** How Nova's records of all hosts move: what stands still with all the others says nothing of one host. */
export interface Records {
  /** Whose record was seen to move last, and when; and when the last one of any other host was. */
  readonly lastMoved: HostName | undefined;
  readonly lastMovedAt: number;
  readonly othersMovedAt: number;
  /** So many records of hosts that report, and that Nova calls up, stand still, that its records tell nothing. */
  readonly stuck: boolean;
}

export const noRecords: Records = {
  lastMoved: undefined,
  lastMovedAt: 0,
  othersMovedAt: 0,
  stuck: false,
};

/** Of the time between two reports of a nova-compute: after more than that the next one is late. */
const overdueShare = 1.2;
const stuckMin = 2;
const stuckShare = 0.01;

/** Counted once a round. */
export function recordsOf({ hosts, settings }: GuardianState): Records {
  const { limits } = settings;
  let lastMoved: HostName | undefined;
  let [lastMovedAt, othersMovedAt, still, fresh] = [0, 0, 0, 0];
  for (const { host, service: track, freshSince } of hosts.values()) {
    if (track === undefined) continue;
    const { advancedAt, askedAt, service } = track;
    const movedAt = track.advances.at(-1)?.askedAt ?? 0;
    if (movedAt > lastMovedAt) {
      othersMovedAt = lastMovedAt;
      lastMovedAt = movedAt;
      lastMoved = host;
    } else if (movedAt > othersMovedAt) othersMovedAt = movedAt;
    if (freshSince === undefined || service.state !== "up") continue;
    fresh += 1;
    if (askedAt - advancedAt >= overdueShare * limits.novaCadenceMs) still += 1;
  }
  const stuck = still > 0 && still >= Math.max(Math.min(stuckMin, fresh), stuckShare * fresh);
  return { lastMoved, lastMovedAt, othersMovedAt, stuck };
}

/**
 * Until when its stillness counts: while the others' records moved on. Where messages to Nova's conductors are lost,
 * all stand still at once. An alive one's next report may come that much after theirs.
 */
function countedUntil(
  host: HostName,
  { askedAt }: ServiceTrack,
  { lastMoved, lastMovedAt, othersMovedAt }: Records,
  limits: Limits,
): number {
  const movedAt = lastMoved === host ? othersMovedAt : lastMovedAt;
  return Math.min(askedAt, movedAt + reportSlack * limits.novaCadenceMs);
}

const reportSlack = 0.3;

/** What Nova's record says of a host that has been suspect since `suspectSince`, and reported last at `lifeAt`. */
export function novaSignal(
  { settings, now, round, eyes }: GuardianState,
  { host, service: track, suspectSince, lifeAt, freshSince }: HostState,
): Signals["nova"] {
  const { limits } = settings;
  const { recordsFrom = now } = eyes;
  if (track === undefined || now - track.answeredAt > limits.novaAnsweredMs) return "unseen";
  // Only what was asked for and answered counts: our own waiting proves nothing.
  const since = Math.max(stillSince(track, lifeAt, limits), recordsFrom);
  const stillMs = countedUntil(host, track, round.records, limits) - since;
  const isQuiet = stillMs >= quietMs(limits) && !round.records.stuck;
  const called = freshSince === undefined ? track.called : undefined;
  if (isQuiet) return stillMs >= limits.novaHungMs ? "quiet-long" : (called ?? "quiet");
  if (called !== undefined) return called;
  if (isMute(track, lifeAt, limits)) return "unsure";
  return advancedAfter(track, suspectSince ?? monoMs(0)) ? "alive" : "unsure";
}

/** Keeps what its record is called. */
export function withCalled(host: HostState, nova: Signals["nova"]): HostState {
  const { service: track, freshSince } = host;
  if (track === undefined) return host;
  const isQuiet = nova === "quiet" || nova === "quiet-long";
  const called = freshSince === undefined ? (isQuiet ? nova : track.called) : undefined;
  if (called === track.called) return host;
  const { called: _before, ...rest } = track;
  return hostWith(host, { service: called === undefined ? rest : { ...rest, called } });
}

/** Whether it advanced between two answers that were both asked for after `from`. */
export function advancedAfter(track: ServiceTrack | undefined, from: MonoMs): boolean {
  const last = track?.advances.at(-1);
  return last !== undefined && last.previousAskedAt > from;
}

/** Whether it advanced twice so: one report may have been queued when the host died. */
export function advancedTwiceAfter(track: ServiceTrack | undefined, from: MonoMs): boolean {
  const { advances } = track ?? { advances: [] };
  return advances.length === 2 && advances.every((advance) => advance.previousAskedAt > from);
}
