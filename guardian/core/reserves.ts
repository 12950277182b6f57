/**
 * Reserve hosts: kept free, disabled in Nova with the mark by which people hand them to us. One that is
 * sound by our own verdict is enabled before the moves of an evacuation when the others have no room.
 * It is not given back by itself: servers run on it then.
 */
import type { HostName } from "../../shared/names.ts";
import { mapWith, mapWithout } from "./copied-map.ts";
import type { Effect } from "./effects.ts";
import type { ServiceOrderAnswered } from "./events.ts";
import { incidentOf, say } from "./incidents.ts";
import { maintenanceOf } from "./maintenance.ts";
import { isReserveMark, reserveMark } from "./marks.ts";
import type { ReserveUse } from "./reserve-memory.ts";
import { isRehearsing } from "./rehearsals.ts";
import { noticeInForce } from "./self-checks.ts";
import { stateWith, type GuardianState, type HostState } from "./state.ts";
import { words } from "./words.ts";

/** Whether a host is configured as a reserve. */
export function isReserve({ settings }: GuardianState, host: HostName): boolean {
  return settings.reserve?.hosts.includes(host) ?? false;
}

/** Reserve hosts that may be enabled for a host's servers now, in their order in the configuration. */
export function readyReserves(state: GuardianState, source: HostState): readonly HostState[] {
  const zone = source.service?.service.zone;
  return (state.settings.reserve?.hosts ?? []).flatMap((name) => {
    const host = name === source.host ? undefined : state.hosts.get(name);
    if (host === undefined || host.service?.service.zone !== zone) return [];
    const use = state.memory.reserves.get(name);
    const free = use === undefined || use.order.kind === "due";
    return free && isReady(state, host) ? [host] : [];
  });
}

/** Well on all counts for a while, up in Nova, and shown with exactly our mark: else it is nobody's reserve. */
function isReady(state: GuardianState, host: HostState): boolean {
  const { service, assessment } = host;
  const shown = service?.service;
  const { graceFreshMs } = state.settings.limits;
  const { memory } = state;
  return (
    shown?.status === "disabled" &&
    isReserveMark(state, shown.disabledReason) &&
    shown.state === "up" &&
    !shown.forcedDown &&
    assessment?.row === "8" &&
    state.now - assessment.since >= graceFreshMs &&
    host.freshSince !== undefined &&
    state.now - host.freshSince >= graceFreshMs &&
    incidentOf(state, host.host) === undefined &&
    maintenanceOf(state, host.host) === undefined &&
    !memory.quarantined.has(host.host) &&
    !memory.released.includes(host.host) &&
    !isRehearsing(state, host.host) &&
    !noticeInForce(state, host)
  );
}

/** Those that an incident has enabled, or is about to. */
export function reservesOf(
  { memory }: GuardianState,
  incident: string,
): readonly (readonly [HostName, ReserveUse])[] {
  return [...memory.reserves].filter(([, use]) => use.incident === incident);
}

/** Takes our mark off a reserve host, so that Nova sends servers to it. */
export function orderReserve(
  state: GuardianState,
  source: HostName,
  reserve: HostState,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, source)?.id;
  const serviceId = reserve.service?.service.serviceId;
  if (incident === undefined || serviceId === undefined) return state;
  const mark = reserveMark(state);
  const { host } = reserve;
  out.push({ kind: "enable", id: `${incident}/${host}/enable-reserve`, host, serviceId, mark });
  const order = { kind: "asked", at: state.now } as const;
  const asked = withUse(state, host, { incident, order });
  const text = words("log.reserve-ordered", { reserve: host });
  return say(asked, out, { level: "warn", host: source, event: "reserve", text });
}

/** Takes in Nova's answer to the order above. */
export function foldReserveOrder(
  state: GuardianState,
  event: ServiceOrderAnswered,
  out: Effect[],
): GuardianState {
  const use = state.memory.reserves.get(event.host);
  if (event.order !== "enable" || use?.order.kind !== "asked") return state;
  const { answer, at } = event;
  const reserve = event.host;
  const done = answer.kind === "accepted";
  const order: ReserveUse["order"] = done
    ? { kind: "done", at }
    : { kind: "failed", at, reason: answer.reason };
  const text = done
    ? words("log.reserve-enabled", { reserve })
    : words("log.reserve-failed", { reserve, reason: answer.reason });
  const host = sourceOf(state, use);
  const level = done ? "info" : "error";
  return say(withUse(state, reserve, { ...use, order }), out, {
    level,
    host,
    event: "reserve",
    text,
  });
}

/** The host whose incident it was enabled for, while that is open. */
export function sourceOf(
  { memory }: GuardianState,
  { incident }: ReserveUse,
): HostName | undefined {
  return [...memory.incidents.values()].find(({ id }) => id === incident)?.host;
}

/** One round of one reserve host: what Nova shows of it says whether it is in use, or a reserve again. */
export function advanceReserve(
  state: GuardianState,
  host: HostState,
  out: Effect[],
): GuardianState {
  const use = state.memory.reserves.get(host.host);
  const track = host.service;
  if (use === undefined || track === undefined) return state;
  const { order } = use;
  const { status, disabledReason } = track.service;
  if (order.kind === "asked") return state;
  const seen = order.kind === "due" || track.askedAt > order.at;
  if (!seen) return state;
  // An answer that was lost, or a person who did it: servers may be on it either way.
  if (status === "enabled" && order.kind !== "done") {
    return withUse(state, host.host, { ...use, order: { kind: "done", at: state.now } });
  }
  const isFree = status === "disabled" && isReserveMark(state, disabledReason);
  if (!isFree || (order.kind !== "done" && sourceOf(state, use) !== undefined)) return state;
  const gone = withUse(state, host.host, undefined);
  if (order.kind !== "done") return gone;
  const text = words("log.reserve-again");
  return say(gone, out, { level: "info", host: host.host, event: "reserve", text });
}

function withUse(state: GuardianState, host: HostName, use: ReserveUse | undefined): GuardianState {
  const before = state.memory.reserves;
  const reserves = use === undefined ? mapWithout(before, host) : mapWith(before, host, use);
  return stateWith(state, { memory: { ...state.memory, reserves } });
}
