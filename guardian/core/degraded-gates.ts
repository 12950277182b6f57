/**
 * What is asked of a degraded host that lives and says itself what has failed: whether it is its own trouble, whether
 * it was emptied first, and whether anything is left on it. They stand where a dead host has its two witnesses.
 */
import type { Assessment, GateResult } from "./assessment.ts";
import type { HostName } from "../../shared/names.ts";
import { drainsHost, isOpen } from "./drains.ts";
import { failings, type Failing } from "./failings.ts";
import { incidentOf } from "./incidents.ts";
import { modeOf } from "./modes.ts";
import type { GuardianState, HostState } from "./state.ts";
import { inScope } from "./storm.ts";
import { durationWords, words, type Words } from "./words.ts";

/** A drain that has not begun so long after it was due is not waited for. */
const drainBeginsMs = 300_000;

const sharedByRow: Readonly<Record<string, keyof Failing>> = {
  "4": "storage",
  "5": "business",
  "5a": "path",
};

/** Rows that a host passes through which reported when it was ordered off, while nothing speaks for another cause. */
const fallingStill: readonly string[] = ["9b", "11", "11a", "12", "13", "16", "19"];

/**
 * A host that a policy has fenced although it reports (its storage or its directory has failed), until it is dead by the table:
 * a chassis may take a while to go off, its networks fall still one by one.
 */
export function isFencedAlive(
  state: GuardianState,
  host: HostName,
  { row, action }: Assessment,
): boolean {
  // An approval of a living host covers no fence: nobody is asked for it, in other modes it is not meant.
  if (row === "4") return action === "fence" && modeOf(state, host).mode === "act";
  const phase = incidentOf(state, host)?.phase;
  return phase?.kind === "fencing" && phase.alive === true && fallingStill.includes(row);
}

const awaited: readonly string[] = ["mode", "others alike", "own word", "drain", "servers on it"];

/** What a living host's fence waits for, or is not meant for: nobody need be woken. Empty when something else holds. */
export function gatesAwaited({ row, action, gates }: Assessment): readonly string[] {
  if (row !== "4" || action !== "fence") return [];
  const held = gates.filter(({ pass }) => !pass).map(({ gate }) => gate);
  return held.filter((gate) => awaited.includes(gate));
}

/** In place of the two witnesses of a death: it speaks for itself. */
export function gatesOfDegraded(state: GuardianState, host: HostState): readonly GateResult[] {
  const others = othersAlikeGate(state, host);
  // Once it is ordered off, what its last report counted says nothing any more.
  const begun = incidentOf(state, host.host)?.phase.kind === "fencing";
  if (begun) return [others];
  return [others, ownWordGate(state, host), ...drainGates(state, host), serversGate(host)];
}

/** Other hosts with the same trouble, even if it has just begun: then it is not this host's own. */
export function othersAlikeGate(state: GuardianState, host: HostState): GateResult {
  const shared = sharedByRow[host.assessment?.row ?? ""];
  const counted = shared === undefined ? 0 : state.census.failing[shared];
  const own = shared !== undefined && inScope(state, host) && failings(host).includes(shared);
  const others = counted - (own ? 1 : 0);
  const sharedAt = shared === undefined ? undefined : state.sharedAt[shared];
  const limitMs = state.settings.limits.checkDownMs;
  // What they share comes back to one of them last: that one is not to blame, either.
  const lately = sharedAt !== undefined && state.now - sharedAt < limitMs;
  return {
    gate: "others alike",
    pass: others === 0 && !lately,
    value: alikeWords(others, lately ? state.now - sharedAt : undefined),
    operator: "=",
    limit: words("limit.alike", { limit: durationWords(limitMs) }),
  };
}

function alikeWords(others: number, latelyMs: number | undefined): Words {
  if (others === 1) return words("value.alike-one", { count: others });
  if (others > 1 || latelyMs === undefined) return words("value.alike", { count: others });
  return words("value.alike-lately", { age: durationWords(latelyMs) });
}

/** A host that was silent in between may have been mended, or hung: its word counts anew from when it speaks again. */
function ownWordGate({ now, settings }: GuardianState, { freshSince }: HostState): GateResult {
  const freshMs = freshSince === undefined ? 0 : now - freshSince;
  const limitMs = settings.limits.checkDownMs;
  return {
    gate: "own word",
    pass: freshMs >= limitMs,
    value: words("value.heard-for", { age: durationWords(freshMs) }),
    operator: ">=",
    limit: durationWords(limitMs),
  };
}

/** Printed only where the policy empties degraded hosts: its power is not taken from under a live migration. */
function drainGates(state: GuardianState, host: HostState): readonly GateResult[] {
  const incident = incidentOf(state, host.host);
  if (!drainsHost(state, host.host) || incident === undefined) return [];
  const drain = state.memory.drains.get(host.host);
  const begun = drain?.incident === incident.id;
  const moves = Object.values(drain?.moves ?? {});
  const done = moves.filter(({ state: { kind } }) => kind === "finished").length;
  const lateMs = state.settings.limits.disableDegradedAfterMs + drainBeginsMs;
  const late = !begun && state.now - (host.assessment?.since ?? state.now) >= lateMs;
  // Of an earlier incident, too.
  const open = moves.some(isOpen);
  const counts = { done, count: moves.length };
  return [
    {
      gate: "drain",
      pass: !open && (begun ? drain.ended : late),
      value: begun
        ? words(drain.ended ? "value.drain-ended" : "value.draining", counts)
        : words("value.drain-not-begun"),
      operator: "=",
      limit: words("limit.drain", { limit: durationWords(lateMs) }),
    },
  ];
}

/** A host on which nothing is left gains nothing by being switched off. A libvirt that is not heard says nothing. */
function serversGate({ newest }: HostState): GateResult {
  const checks = newest?.checks;
  const known = checks !== undefined && checks.libvirt === "up";
  return {
    gate: "servers on it",
    pass: !known || checks.serversTotal >= 1,
    value: known
      ? words("value.servers-on", { count: checks.serversTotal })
      : words("value.servers-not-known"),
    operator: ">=",
    limit: words("value.number", { count: 1 }),
  };
}
