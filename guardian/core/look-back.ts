/**
 * A fenced host that people took back is looked at once more when it reports: its libvirt may start only
 * then what was moved away (`libvirt-guests`, autostart). More running domains than Nova has servers on
 * it, for a while, is a page: one of them may run elsewhere, too. Nothing is switched off.
 */
import type { HostName } from "../../shared/names.ts";
import { monoMs, type MonoMs } from "../../shared/time.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import type { ServersSeen } from "./events.ts";
import { incidentOf, say } from "./incidents.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";
import { words } from "./words.ts";

/** One host that was fenced, and that is people's again. */
export interface LookBack {
  /** Since when it reports again; undefined until it does. */
  readonly since: MonoMs | undefined;
  readonly askedAt: MonoMs | undefined;
  /** How many servers Nova has on it. */
  readonly seen: { readonly at: MonoMs; readonly servers: number } | undefined;
  /** Since when libvirt has run more. */
  readonly overSince: MonoMs | undefined;
}

const everyMs = 10_000;
/** A guest that starts so much later was started by somebody who knows of it. */
const lastsMs = 900_000;
/** Nova's list and a report are not of one moment: a server that arrives or leaves is counted in one of them first. */
export const overMs = 30_000;
/** An older list is no list. */
const listAgeMsMax = 60_000;

const nothingSeen = { askedAt: undefined, seen: undefined } as const;
const fromTheBeginning: LookBack = { since: undefined, ...nothingSeen, overSince: undefined };

/**
 * Called when an incident is closed because people took the host back. Nothing may have been moved in it: what an
 * earlier one moved lies there, too.
 */
export function beginLookBack(state: GuardianState, host: HostName): GuardianState {
  if (incidentOf(state, host)?.phase.kind !== "ended") return state;
  return withLookBack(state, host, fromTheBeginning);
}

/** One round of one host. */
export function advanceLookBack(
  state: GuardianState,
  host: HostState,
  out: Effect[],
): GuardianState {
  const known = state.memory.lookBacks.get(host.host);
  if (known === undefined) return state;
  const phase = incidentOf(state, host.host)?.phase.kind;
  // Evacuated anew: what comes after that looks for itself.
  if (phase === "ended") return withLookBack(state, host.host, undefined);
  // Its evacuation may be given up before a move: then it is looked at from its beginning.
  if (phase === "evacuating") {
    return known === fromTheBeginning ? state : withLookBack(state, host.host, fromTheBeginning);
  }
  if (host.freshSince === undefined) return state;
  const since = known.since ?? state.now;
  const overSince = isOver(state, host, known) ? (known.overSince ?? state.now) : undefined;
  if (overSince === undefined && state.now - since > lastsMs) {
    return withLookBack(state, host.host, undefined);
  }
  const told = sayOver(state, host, known, overSince, out);
  const { askedAt } = known;
  const due = askedAt === undefined || state.now - askedAt >= everyMs;
  if (due) out.push({ kind: "list-servers", host: host.host });
  const next = { ...known, since, overSince, askedAt: due ? state.now : askedAt };
  const same = !due && since === known.since && overSince === known.overSince;
  return same ? told : withLookBack(told, host.host, next);
}

/** More domains run than Nova has servers there; while nobody can say, it stays as it was. */
function isOver({ now }: GuardianState, { newest }: HostState, look: LookBack): boolean {
  const { seen, overSince } = look;
  const checks = newest?.checks;
  const known = seen !== undefined && now - seen.at <= listAgeMsMax && checks?.libvirt === "up";
  if (!known) return overSince !== undefined;
  return checks.serversRunning > seen.servers;
}

function sayOver(
  state: GuardianState,
  { host, newest }: HostState,
  { seen, overSince: before }: LookBack,
  overSince: MonoMs | undefined,
  out: Effect[],
): GuardianState {
  if (before !== undefined || overSince === undefined) return state;
  const running = newest?.checks.serversRunning ?? 0;
  const text = words("log.runs-more", { running, servers: seen?.servers ?? 0 });
  return say(state, out, { level: "warn", host, event: "runs-more", text });
}

/** A list of its servers, whoever asked for it. */
export function foldLookBack(state: GuardianState, event: ServersSeen): GuardianState {
  const look = state.memory.lookBacks.get(event.host);
  if (look?.askedAt === undefined || event.askedAt < look.askedAt) return state;
  const seen = { at: event.askedAt, servers: event.servers.length };
  return withLookBack(state, event.host, { ...look, seen });
}

/** Whether a host that people took back has run more than Nova has there for long enough. */
export function runsMore({ memory, now }: GuardianState, host: HostName): boolean {
  const overSince = memory.lookBacks.get(host)?.overSince;
  return overSince !== undefined && now - overSince >= overMs;
}

/** What it runs is looked at anew; what was paged stays paged until it is known to be over. */
export function rememberedLookBacks(
  lookBacks: ReadonlyMap<HostName, LookBack>,
  now: MonoMs,
): ReadonlyMap<HostName, LookBack> {
  const result = new Map<HostName, LookBack>();
  for (const [host, { since, overSince }] of lookBacks) {
    result.set(host, {
      since: since === undefined ? undefined : now,
      ...nothingSeen,
      overSince: overSince === undefined ? undefined : monoMs(now - overMs),
    });
  }
  return result;
}

function withLookBack(
  state: GuardianState,
  host: HostName,
  look: LookBack | undefined,
): GuardianState {
  const before = state.memory.lookBacks;
  const lookBacks = look === undefined ? mapWithout(before, host) : mapWith(before, host, look);
  return stateWith(state, { memory: { ...state.memory, lookBacks } });
}
