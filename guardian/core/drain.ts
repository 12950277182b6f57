/**
 * A degraded host that lives is emptied by live migration, where the policy says so: a few servers at once, each
 * called once and followed to its end by Nova's records. It begins once the host is disabled by us, and stops when the
 * host is well again or cannot be heard. What does not go is told; a living host is not fenced for it by us.
 */
import type { Assessment, GateResult } from "./assessment.ts";
import { gatesToDisable, isDisabledByUs } from "./degraded.ts";
import { capacityGate, schedulerGate } from "./destination-gates.ts";
import type { Drain, DrainMove } from "./drain-memory.ts";
import { drainsHost, drainsUnderWay, isOpen, withDrain } from "./drains.ts";
import type { Effect } from "./effects.ts";
import { sayHold } from "./holds.ts";
import { incidentOf, say } from "./incidents.ts";
import { rehearsalGates } from "./policy-gates.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** Rows of a host that lives and whose servers cannot work as they should. */
const drainRows: readonly string[] = ["4", "5"];
/** Live migrations at once in the whole cloud: each copies a server's memory over the network. */
const drainsAtOnce = 2;
const lookEveryMs = 2000;
const listEveryMs = 5000;
/** How often it is asked whether a live migration that failed in the dark was undone. */
const endEveryMs = 30_000;

/** All gates before each live migration, in order. */
export function gatesToDrain(state: GuardianState, host: HostState): readonly GateResult[] {
  return [
    ...gatesToDisable(state, host),
    ...rehearsalGates(state, host),
    schedulerGate(state),
    capacityGate(state, host, true),
  ];
}

/** One round of one host. */
export function advanceDrain(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  out: Effect[],
): GuardianState {
  const drain = state.memory.drains.get(host.host);
  const incident = incidentOf(state, host.host);
  const wanted = isDrainWanted(state, host, assessment);
  if (drain === undefined) {
    if (!wanted || incident === undefined) return state;
    return begin(state, host, incident.id, out);
  }
  const moves = Object.values(drain.moves ?? {});
  const next = follow(state, host, drain, wanted, out);
  if (moves.some(isOpen)) return wanted ? orderFurther(next, host, out) : next;
  // Another trouble, or none: a drain is of one incident. A guest that may run at either end is not forgotten with it.
  if (incident?.id !== drain.incident) {
    return moves.some(mayGoOn)
      ? lookForEnd(next, host, drain, out)
      : withDrain(next, host.host, undefined);
  }
  if (drain.ended) return next;
  if (!wanted) return next;
  return finish(orderFurther(next, host, out), host, out);
}

/** Degraded, heard, disabled by us, nobody fences it, and the policy says so. */
export function isDrainWanted(state: GuardianState, host: HostState, { row }: Assessment): boolean {
  const watching = incidentOf(state, host.host)?.phase.kind === "watching";
  const heard = host.freshSince !== undefined && drainRows.includes(row);
  return watching && heard && drainsHost(state, host.host) && isDisabledByUs(state, host.host);
}

function begin(
  state: GuardianState,
  host: HostState,
  incident: string,
  out: Effect[],
): GuardianState {
  const held = gatesToDrain(state, host).filter(({ pass }) => !pass);
  if (held.length > 0) return sayHold(state, host, held, out, "drain");
  const drain: Drain = {
    incident,
    askedAt: undefined,
    lookedAt: undefined,
    listedAt: undefined,
    moves: undefined,
    settledAt: undefined,
    ended: false,
  };
  return say(withDrain(state, host.host, drain), out, {
    level: "warn",
    host: host.host,
    event: "drain-began",
    text: words("log.drain-began"),
  });
}

/** Looks at what is open, and lists the servers while there may be further ones. */
function follow(
  state: GuardianState,
  host: HostState,
  drain: Drain,
  wanted: boolean,
  out: Effect[],
): GuardianState {
  const { now } = state;
  const moves = Object.values(drain.moves ?? {});
  const servers = moves
    .filter((move) => isOpen(move) || isUnseen(move))
    .map(({ server }) => server);
  const looks = drain.lookedAt === undefined || now - drain.lookedAt >= lookEveryMs;
  if (servers.length > 0 && looks) {
    out.push({ kind: "read-migrations", host: host.host, servers });
    return withDrain(state, host.host, { ...drain, lookedAt: now });
  }
  const lists = drain.askedAt === undefined || now - drain.askedAt >= listEveryMs;
  // Fenced meanwhile, or not heard: nothing further would be called.
  if (drain.ended || !wanted || !lists) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withDrain(state, host.host, { ...drain, askedAt: now });
}

/** Nova shows it running on this host, and does nothing with it: its live migration was undone. */
function lookForEnd(
  state: GuardianState,
  host: HostState,
  drain: Drain,
  out: Effect[],
): GuardianState {
  if (drain.askedAt !== undefined && state.now - drain.askedAt < endEveryMs) return state;
  out.push({ kind: "list-servers", host: host.host });
  return withDrain(state, host.host, { ...drain, ended: true, askedAt: state.now });
}

function mayGoOn({ state }: DrainMove): boolean {
  return state.kind === "failed" && state.open;
}

function isUnseen({ state }: DrainMove): boolean {
  return state.kind === "planned" && state.latestRecord === undefined;
}

/** The next ones, while every gate is open. */
function orderFurther(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const drain = state.memory.drains.get(host.host);
  if (drain?.moves === undefined) return state;
  const waiting = Object.values(drain.moves).filter((move) => move.state.kind === "planned");
  const planned = waiting.filter((move) => !isUnseen(move));
  const free = drainsAtOnce - drainsUnderWay(state);
  if (planned.length === 0 || free <= 0) return state;
  const held = gatesToDrain(state, host).filter(({ pass }) => !pass);
  if (held.length > 0) return sayHold(state, host, held, out, "drain");
  const moves: Record<string, DrainMove> = { ...drain.moves };
  for (const move of planned.slice(0, free)) {
    if (move.state.kind !== "planned" || move.state.latestRecord === undefined) continue;
    const { server } = move;
    const id = `${drain.incident}/${host.host}/drain-${server}`;
    out.push({ kind: "live-migrate", id, host: host.host, server });
    const { latestRecord } = move.state;
    moves[server] = { ...move, state: { kind: "ordered", at: state.now, latestRecord } };
  }
  const count = Math.min(free, planned.length);
  return say(withDrain(state, host.host, { ...drain, moves, settledAt: undefined }), out, {
    level: "info",
    host: host.host,
    event: "drain-ordered",
    text: words("log.drain-ordered", { count }),
  });
}

/** Nothing is planned or open, and a list asked for later has shown no further server: it is over. */
function finish(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const drain = state.memory.drains.get(host.host);
  const moves = Object.values(drain?.moves ?? {});
  if (drain?.moves === undefined || moves.some((move) => isOpen(move))) return state;
  if (moves.some((move) => move.state.kind === "planned")) return state;
  if (drain.settledAt === undefined) {
    return withDrain(state, host.host, { ...drain, settledAt: state.now, askedAt: undefined });
  }
  if (drain.listedAt === undefined || drain.listedAt < drain.settledAt) return state;
  const done = moves.filter((move) => move.state.kind === "finished").length;
  return say(withDrain(state, host.host, { ...drain, ended: true }), out, {
    level: done === moves.length ? "info" : "error",
    host: host.host,
    event: "drain-ended",
    text: words("log.drain-ended", { done, count: moves.length }),
  });
}
