/**
 * Before the first move of a fenced host: a reserve host is enabled where the others have no room, and
 * people are told what fits where, and by name which servers will find no place. A warning, no gate: its
 * servers are down already, and Nova decides.
 */
import { isFit } from "./census.ts";
import type { Effect } from "./effects.ts";
import {
  forecast,
  forecastWords,
  roomOf,
  roomsBut,
  unplacedWords,
  type Forecast,
  type Room,
} from "./forecast.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { capacityUnknownWords } from "./inventory.ts";
import type { Move } from "./move.ts";
import { orderReserve, readyReserves, reservesOf } from "./reserves.ts";
import { phaseOf, type Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** Once for each list that shows servers which were not planned yet. */
export function tellRoom(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  if (phase?.moves === undefined || phase.forecast !== undefined) return state;
  const wanted = Object.values(phase.moves).filter((move) => move.state.kind === "planned");
  const sized = wanted.some(({ size }) => size !== undefined);
  const expected = sized ? forecast(state, host.host, wanted, roomsFor(state, host)) : undefined;
  const next = withPhase(state, host.host, { ...phase, forecast: expected ?? "unknown" });
  // A Nova that shows no sizes, and an empty list, have nothing to be told of.
  if (!sized) return next;
  const line = { host: host.host, event: "room" } as const;
  if (expected === undefined) {
    const text = words("room.unknown", { reason: capacityUnknownWords(state) });
    return say(next, out, { ...line, level: "warn", text });
  }
  const short = expected.unplaced.length > 0;
  const lacking = expected.unplaced.map((one) => unplacedWords(expected, one));
  const said = forecastWords(expected);
  const text = short ? words("room.short", { forecast: said, servers: lacking }) : said;
  return say(next, out, { ...line, level: short ? "warn" : "info", text });
}

/** A reserve host is waited for so long; its order is answered in a moment, or Nova is in trouble. */
const reserveWaitMs = 10_000;
/** Of one incident; whoever needs more has more trouble than a forecast can tell. */
const reservesMax = 3;

export interface Brought {
  readonly state: GuardianState;
  /** The first move waits for Nova's answer. */
  readonly waits: boolean;
}

/** Enables a reserve host where the others have no room, or always, before the first move; later without a wait. */
export function bringReserve(state: GuardianState, host: HostState, out: Effect[]): Brought {
  const { reserve } = state.settings;
  const phase = phaseOf(state, host);
  const incident = incidentOf(state, host.host);
  if (reserve === undefined || phase?.moves === undefined || incident === undefined) {
    return { state, waits: false };
  }
  const first = phase.forecast === undefined;
  if (!first && openForecast(phase) === undefined) return { state, waits: false };
  const ours = reservesOf(state, incident.id).map(([, use]) => use.order);
  const asked = ours.find((order) => order.kind === "asked");
  if (asked !== undefined) return { state, waits: first && state.now - asked.at < reserveWaitMs };
  const wanted = Object.values(phase.moves).filter((move) => move.state.kind === "planned");
  const tried = ours.filter(({ kind }) => kind !== "due").length;
  if (wanted.length === 0 || tried >= reservesMax) return { state, waits: false };
  const always = reserve.use === "always" && !ours.some(({ kind }) => kind === "done");
  const chosen = chooseReserve(state, host, wanted, always);
  if (chosen === undefined) return { state, waits: false };
  return { state: orderReserve(state, host.host, chosen, out), waits: first };
}

/** The first that is ready and helps; where nothing else takes servers, or by policy, the first that is ready. */
function chooseReserve(
  state: GuardianState,
  host: HostState,
  wanted: readonly Move[],
  always: boolean,
): HostState | undefined {
  const ready = readyReserves(state, host);
  const rooms = roomsFor(state, host);
  if (ready.length === 0 || always || !hasDestination(state, host)) return ready[0];
  const without = forecast(state, host.host, wanted, rooms)?.unplaced.length ?? 0;
  return ready.find((one) => {
    const room = roomOf(state, one.host);
    const more = room === undefined ? rooms : [...rooms, room];
    return (forecast(state, host.host, wanted, more)?.unplaced.length ?? 0) < without;
  });
}

/** Another host takes servers, or one that we have enabled for this will in a moment. */
function hasDestination(state: GuardianState, host: HostState): boolean {
  const others = state.census.fit - (isFit(state, host) ? 1 : 0);
  const incident = incidentOf(state, host.host)?.id ?? "";
  return others > 0 || reservesOf(state, incident).some(([, { order }]) => order.kind === "done");
}

/** What others have left, with reserves that were enabled for it and that Nova does not list as enabled yet. */
function roomsFor(state: GuardianState, host: HostState): readonly Room[] {
  const rooms = roomsBut(state, host.host);
  const incident = incidentOf(state, host.host)?.id ?? "";
  const enabled = reservesOf(state, incident).flatMap(([name, { order }]) => {
    const isNew = order.kind === "done" && !rooms.some((room) => room.host === name);
    return isNew ? (roomOf(state, name) ?? []) : [];
  });
  return [...rooms, ...enabled];
}

/** The forecast that still holds: of the servers without a place those that did not find one after all. */
export function openForecast({ forecast: expected, moves }: Evacuating): Forecast | undefined {
  if (expected === undefined || expected === "unknown") return undefined;
  const unplaced = expected.unplaced.filter(({ server }) => {
    const kind = moves?.[server]?.state.kind;
    return kind !== undefined && kind !== "finished" && kind !== "left";
  });
  return unplaced.length === 0 ? undefined : { ...expected, unplaced };
}
