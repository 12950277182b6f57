/**
 * Storms: when many hosts are in trouble at once the cause is rarely the hosts. Then no new fence
 * and no first move, until they recover and stay well, or a person decides. Never by time alone.
 */
import type { HostName } from "../../shared/names.ts";
import { isDismissed } from "./approvals.ts";
import { maintenanceOf } from "./maintenance.ts";
import { disabledBy, isReserveMark } from "./marks.ts";
import type { Storm } from "./memory.ts";
import { noticeInForce } from "./self-checks.ts";
import type { Limits } from "./settings.ts";
import {
  hostOf,
  stateWith,
  type GuardianState,
  type HostState,
  type SuspectHold,
} from "./state.ts";

const endedCountsMs = 86_400_000;

/**
 * Hosts that the guardian is responsible for now: guarded, in service, not under a notice. One that a
 * person called no failure counts on neither side, as in maintenance.
 */
export function inScope(state: GuardianState, host: HostState): boolean {
  const known = host.newest !== undefined || state.memory.known[host.host] !== undefined;
  if (host.service === undefined || !known) return false;
  if (maintenanceOf(state, host.host) !== undefined) return false;
  if (disabledBy(state, host).kind === "others" && !isInReserve(state, host)) return false;
  if (state.memory.released.includes(host.host)) return false;
  if (isDismissed(state, host.host)) return false;
  return !noticeInForce(state, host);
}

/** People keep it free for us: nothing runs there, and that it falls silent says as much as of any other. */
function isInReserve(state: GuardianState, { service }: HostState): boolean {
  return isReserveMark(state, service?.service.disabledReason) && !service?.service.forcedDown;
}

/** Silent, hung, or degraded in its storage. */
export function isIll(host: HostState): boolean {
  const { assessment, silentSince } = host;
  return silentSince !== undefined || assessment?.verdict === "hung" || assessment?.row === "4";
}

/** Being fenced, or fenced and not released: it counts for a day, whatever it says. */
export function isFenced(state: GuardianState, host: HostState): boolean {
  const phase = state.memory.incidents.get(host.host)?.phase;
  return (
    phase?.kind === "fencing" ||
    phase?.kind === "evacuating" ||
    (phase?.kind === "ended" &&
      state.wall - phase.wall < endedCountsMs &&
      maintenanceOf(state, host.host) === undefined)
  );
}

/** A suspect that may still hold others back: for a bounded time, so a flapper blocks nobody. */
export function holdsOthers(state: GuardianState, host: HostState): boolean {
  if (host.suspectSince === undefined || host.silentSince !== undefined) return false;
  const heldMs = state.suspectHolds.get(host.host)?.heldMs ?? 0;
  return heldMs < suspectHoldMsOf(state.settings.limits);
}

/**
 * For how long in a window a suspect may hold others, ms: never less than it takes to know better of it, twice, and
 * never longer than half of the window, or a flapper would hold them for ever.
 */
export function suspectHoldMsOf(limits: Limits): number {
  const { suspectHoldMs, suspectHoldWindowMs, suspectAfterMs, silentAfterMs } = limits;
  const twiceMs = 2 * (silentAfterMs - suspectAfterMs);
  return Math.max(suspectHoldMs, Math.min(twiceMs, suspectHoldWindowMs / 2));
}

/**
 * Books the time that suspects hold others back, `sinceTickMs` at a time: none while our eyes are in doubt, which holds
 * everybody by itself.
 */
export function foldSuspectHolds(state: GuardianState, sinceTickMs: number): GuardianState {
  const { suspectHoldWindowMs } = state.settings.limits;
  const holds = new Map<HostName, SuspectHold>();
  for (const [name, hold] of state.suspectHolds) {
    if (state.now - hold.windowFrom <= suspectHoldWindowMs) holds.set(name, hold);
  }
  const isDoubtful = state.round.doubts.length > 0;
  for (const host of isDoubtful ? [] : state.hosts.values()) {
    if (host.suspectSince === undefined || host.silentSince !== undefined) continue;
    const hold = holds.get(host.host) ?? { windowFrom: state.now, heldMs: 0 };
    holds.set(host.host, { ...hold, heldMs: hold.heldMs + sinceTickMs });
  }
  return stateWith(state, { suspectHolds: holds });
}

/** The scope of a storm that is not confined to a failure domain; a domain is always "kind name". */
export const wholeCloud = "cloud";

/** Enters a storm above a limit, in all or in a domain; leaves it only after the cooldown. */
export function foldStorms(state: GuardianState): GuardianState {
  const { census, memory } = state;
  const { storms } = memory;
  const scopes = new Set([wholeCloud, ...census.domains.keys(), ...Object.keys(storms)]);
  const next: Record<string, Storm> = {};
  // Before Nova and a collector were heard once, no host is in scope, and any limit is too low.
  const heard = state.eyes.servicesAt !== undefined && state.round.voting.length > 0;
  let changed = false;
  for (const scope of scopes) {
    const count = scope === wholeCloud ? census : census.domains.get(scope);
    const counted = heard || storms[scope] !== undefined;
    const above = counted && count !== undefined && count.trouble.length > count.limit;
    // Hosts that we cannot see now have not recovered.
    const blind = storms[scope] !== undefined && state.round.doubts.length > 0;
    const entered = nextStorm(storms[scope], above || blind, state);
    const storm = entered && withLived(state, entered, count?.trouble ?? []);
    if (storm !== undefined) next[scope] = storm;
    changed ||= storm !== storms[scope];
  }
  return changed ? stateWith(state, { memory: { ...memory, storms: next } }) : state;
}

/** Rows of a silent host that answers pings, or reports to Nova. */
const livingRows: readonly string[] = ["11", "12", "16"];
const livedMs = 60_000;

function withLived(state: GuardianState, storm: Storm, trouble: readonly HostName[]): Storm {
  const { lived = [] } = storm;
  const seen = trouble.filter((name) => {
    const { assessment, freshSince } = hostOf(state, name);
    if (assessment === undefined || state.now - assessment.since < livedMs) return false;
    const lives = freshSince !== undefined || livingRows.includes(assessment.row);
    return lives && !lived.includes(name);
  });
  return seen.length === 0 ? storm : { ...storm, lived: [...lived, ...seen].sort() };
}

function nextStorm(
  storm: Storm | undefined,
  above: boolean,
  state: GuardianState,
): Storm | undefined {
  if (storm === undefined) return above ? { since: state.now, belowSince: undefined } : undefined;
  if (above) return storm.belowSince === undefined ? storm : { ...storm, belowSince: undefined };
  if (storm.belowSince === undefined) return { ...storm, belowSince: state.now };
  const calm = state.now - storm.belowSince >= state.settings.limits.stormCooldownMs;
  return calm ? undefined : storm;
}

/** Whether a storm, in the cloud or in one of its domains, has a host among those it counts. */
export function isInStorm(state: GuardianState, host: HostState): boolean {
  const { storms } = state.memory;
  if (storms[wholeCloud] !== undefined) return state.census.trouble.includes(host.host);
  return host.domains.some(
    (domain) =>
      storms[domain] !== undefined &&
      (state.census.domains.get(domain)?.trouble.includes(host.host) ?? false),
  );
}
