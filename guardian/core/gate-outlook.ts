/** What would open a gate that holds, and when. */
import { isLivingFence, type GateResult } from "./assessment.ts";
import type { Outlook } from "./outlook.ts";
import type { GuardianState, HostState } from "./state.ts";
import { suspectHoldMsOf } from "./storm.ts";
import { seconds, words, type Words } from "./words.ts";

const hourMs = 3_600_000;

export function gateOutlook(state: GuardianState, host: HostState, held: GateResult): Outlook {
  const { gate } = held;
  const { limits } = state.settings;
  if (gate.startsWith("eyes")) return waits(words("gate.doubt", { gate }));
  if (gate.startsWith("storm")) {
    const cooldown = limits.stormCooldownMs / 1000;
    return waits(words("gate.storm", { limit: held.limit.with["limit"] ?? "", cooldown }));
  }
  if (gate.startsWith("suspects")) return suspectsOutlook(state);
  if (gate.startsWith("fence rate")) return rateOutlook(state, host, gate);
  switch (gate) {
    case "armed":
      return waits(words("gate.arm"));
    case "mode":
      return waits(words(isLivingFence(host.assessment) ? "gate.mode-act" : "gate.mode"));
    case "hold":
      return waits(words("gate.hold"));
    case "others alike":
      return waits(words("gate.alike"));
    case "own word":
      return ownWordOutlook(state, host);
    case "drain":
      return waits(words("gate.drain"));
    case "servers on it":
      return waits(words("gate.servers"));
    case "host aggregates":
      return waits(words("gate.aggregates"));
    case "maintenance":
      return waits(words("gate.maintenance"));
    case "rehearsal":
      return waits(words("gate.rehearsal"));
    case "disabled by another":
      return waits(words("gate.disabled"));
    case "grace":
      return graceOutlook(state);
    case "third witness":
      return waits(words("gate.witness"));
    case "reverse ping":
      return waits(words("gate.ping", { pings: limits.pingsToFail }));
    case "capacity":
      return capacityOutlook(held);
    case "Nova answers":
      return waits(words("gate.nova"));
    case "scheduler":
      return waits(words("gate.scheduler"));
    default:
      return waits(words("gate.destination"));
  }
}

function waits(said: Words): Outlook {
  return { words: said, inMs: undefined };
}

function ownWordOutlook(
  { now, settings }: GuardianState,
  { freshSince = now }: HostState,
): Outlook {
  const leftMs = Math.max(0, freshSince + settings.limits.checkDownMs - now);
  return { words: words("gate.own-word", { left: seconds(leftMs) }), inMs: leftMs };
}

function graceOutlook(state: GuardianState): Outlook {
  const { graceUnseenMs, graceFreshMs } = state.settings.limits;
  const leftMs = Math.max(0, graceUnseenMs - state.eyes.goodMs);
  const fresh = graceFreshMs / 1000;
  return { words: words("gate.grace", { left: seconds(leftMs), fresh }), inMs: leftMs };
}

/** A suspect is judged, or has used up the time for which it may hold others. */
function suspectsOutlook(state: GuardianState): Outlook {
  const suspectHoldMs = suspectHoldMsOf(state.settings.limits);
  const left = state.census.suspects.map(
    (name) => suspectHoldMs - (state.suspectHolds.get(name)?.heldMs ?? 0),
  );
  const leftMs = Math.max(0, ...left);
  return { words: words("gate.suspects", { left: seconds(leftMs) }), inMs: leftMs };
}

/** When enough of the fences that count are an hour old. */
function rateOutlook(state: GuardianState, host: HostState, gate: string): Outlook {
  const domain = gate.startsWith("fence rate in ")
    ? gate.slice("fence rate in ".length)
    : undefined;
  const { fencesPerHour, fencesPerHourInDomain } = state.settings.limits;
  const latest = new Map<string, number>();
  for (const fence of state.memory.fences) {
    const inDomain =
      domain === undefined || (state.hosts.get(fence.host)?.domains.includes(domain) ?? false);
    const others = fence.host !== host.host && fence.approved !== true;
    const counts = others && state.wall - fence.wall < hourMs && inDomain;
    if (counts) latest.set(fence.host, Math.max(fence.wall, latest.get(fence.host) ?? 0));
  }
  const limit = domain === undefined ? fencesPerHour : fencesPerHourInDomain;
  const walls = [...latest.values()].sort((left, right) => left - right);
  const freeing = walls[walls.length - limit] ?? state.wall;
  const leftMs = Math.max(0, freeing + hourMs - state.wall);
  const said = words("gate.rate", { left: seconds(leftMs), count: latest.size });
  return { words: said, inMs: leftMs };
}

/** By the gate's own figures: from what is free it took off what other moves will take first. */
function capacityOutlook({ value, operator, limit }: GateResult): Outlook {
  if (value.key === "value.capacity-uncounted") return waits(words("gate.capacity-counted"));
  if (operator === "=") return waits(words("gate.room"));
  const { free } = value.with;
  const { used } = limit.with;
  const missing = typeof free === "number" && typeof used === "number" ? used - free : "?";
  return waits(words("gate.capacity", { missing }));
}
