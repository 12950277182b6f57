/** The gates that ask whether the servers have somewhere to go, and somebody to send them there. */
import type { HostName } from "../../shared/names.ts";
import type { MonoMs } from "../../shared/time.ts";
import type { GateResult } from "./assessment.ts";
import { isFit } from "./census.ts";
import { forecast, toPlaceFirst, unplacedWords } from "./forecast.ts";
import { incidentOf } from "./incidents.ts";
import {
  capacityOf,
  capacityUnknownWords,
  freeMbOf,
  leftMbOf,
  unsizedPlaced,
} from "./inventory.ts";
import { readyReserves, reservesOf } from "./reserves.ts";
import { serversAlive } from "./servers-on.ts";
import type { GuardianState, HostState } from "./state.ts";
import { seconds, words, type Words } from "./words.ts";

export function novaGate(state: GuardianState): GateResult {
  const { novaAnsweredMs } = state.settings.limits;
  const { servicesAt } = state.eyes;
  const ageMs = servicesAt === undefined ? undefined : state.now - servicesAt;
  return {
    gate: "Nova answers",
    pass: ageMs !== undefined && ageMs <= novaAnsweredMs,
    value:
      ageMs === undefined ? words("value.never") : words("value.answered", { age: seconds(ageMs) }),
    operator: "<=",
    limit: words("value.seconds", { limit: novaAnsweredMs / 1000 }),
  };
}

/**
 * Groups, domains and tags may come from Nova's host aggregates: while those are not known since our
 * start, nobody can say which mode, window or storm a host belongs to, or whether its servers go.
 */
export function inventoryGate({ settings, inventory }: GuardianState): GateResult {
  const tagged = settings.evacuation.servers === "tagged";
  const needed = tagged || settings.groups.size > 0 || settings.domainAggregates.length > 0;
  const known = inventory.readAt !== undefined;
  return {
    gate: "host aggregates",
    pass: known || !needed,
    value: aggregatesWords(inventory, needed),
    operator: "=",
    limit: words("limit.aggregates"),
  };
}

function aggregatesWords({ readAt, reason }: GuardianState["inventory"], needed: boolean): Words {
  if (readAt !== undefined) return words("value.aggregates-read");
  if (!needed) return words("value.aggregates-not-needed");
  return reason === ""
    ? words("value.aggregates-unread")
    : words("value.aggregates-failed", { reason });
}

/** A Nova that lists no scheduler at all hides them from us (a policy): that holds nothing. */
export function schedulerGate(state: GuardianState): GateResult {
  const { schedulers } = state.inventory;
  const unseen = schedulers === undefined || schedulers.total === 0;
  return {
    gate: "scheduler",
    pass: unseen || schedulers.up > 0,
    value: unseen
      ? words("value.no-scheduler-shown")
      : words("value.schedulers", { ...schedulers }),
    operator: ">=",
    limit: words("value.number", { count: 1 }),
  };
}

export function destinationGate(state: GuardianState, host: HostState): GateResult {
  const others = state.census.fit - (isFit(state, host) ? 1 : 0);
  const reserves = state.settings.reserve === undefined ? 0 : countReserves(state, host);
  const value = words("value.destinations", { count: others });
  return {
    gate: "destination",
    pass: others + reserves >= 1,
    value: reserves === 0 ? value : words("value.reserves", { value, count: reserves }),
    operator: ">=",
    limit: words("value.number", { count: 1 }),
  };
}

/** Those that may be enabled for it, and one that was and is not shown enabled yet. */
function countReserves(state: GuardianState, host: HostState): number {
  const incident = incidentOf(state, host.host)?.id ?? "";
  const enabled = reservesOf(state, incident).filter(([name, { order }]) => {
    const reserve = state.hosts.get(name);
    return order.kind === "done" && reserve !== undefined && !isFit(state, reserve);
  });
  const coming = enabled.filter(
    ([, { order }]) => order.kind === "done" && isRecent(state, order.at),
  );
  return readyReserves(state, host).length + coming.length;
}

/** Nova's list is read every few seconds. */
function isRecent({ now }: GuardianState, at: MonoMs): boolean {
  return now - at < 15_000;
}

/**
 * Whether its servers fit elsewhere: asked strictly of a living host, whose servers still run; of a
 * dead one it is a warning, since its servers are down either way. By memory in sum, as Nova counts
 * it; and of a living host whose servers are listed, each of them must find its place.
 */
export function capacityGate(state: GuardianState, host: HostState, living: boolean): GateResult {
  const sum = capacityInSum(state, host, living);
  const servers = living && sum.pass ? serversAlive(state, host) : undefined;
  const expected = servers === undefined ? undefined : forecast(state, host.host, servers);
  const unplaced = expected?.unplaced.slice(0, namesMax) ?? [];
  if (expected === undefined || unplaced.length === 0) return sum;
  const lacking = unplaced.map((one) => unplacedWords(expected, one));
  const value = words("value.room", { count: expected.unplaced.length, servers: lacking });
  return { ...sum, pass: false, value, operator: "=", limit: words("limit.room") };
}

/** In a line of a gate. */
const namesMax = 3;

/** What others that are not placed yet will take. */
function toPlaceFirstMb(state: GuardianState, source: HostName): number {
  let sumMb = 0;
  for (const { size } of toPlaceFirst(state, source)) sumMb += size?.memoryMb ?? 0;
  return sumMb;
}

/** What was counted is not what is left, and nobody knows by how much. */
function uncountedGate(to: HostName): GateResult {
  return {
    gate: "capacity",
    pass: false,
    value: words("value.capacity-uncounted", { host: to }),
    operator: "=",
    limit: words("limit.capacity-counted"),
  };
}

function capacityInSum(state: GuardianState, host: HostState, living: boolean): GateResult {
  const own = capacityOf(state, host.host);
  const unsized = living ? unsizedPlaced(state, host.host) : undefined;
  if (own !== undefined && unsized !== undefined) return uncountedGate(unsized.to);
  const ownFreeMb = own !== undefined && isFit(state, host) ? freeMbOf(state, own) : 0;
  const firstMb = living ? toPlaceFirstMb(state, host.host) : 0;
  const freeMb = Math.max(0, state.census.freeMb - ownFreeMb - firstMb);
  const usedMb = own === undefined ? undefined : own.memoryUsedMb - leftMbOf(state, host.host);
  const fits = usedMb !== undefined && freeMb >= usedMb;
  const capacity =
    own !== undefined ? words("value.free", { free: freeMb }) : capacityUnknownWords(state);
  return {
    gate: "capacity",
    pass: fits || !living,
    value: fits || living ? capacity : words("value.capacity-warning", { capacity }),
    operator: ">=",
    limit:
      usedMb === undefined
        ? words("limit.capacity-unknown")
        : words("limit.capacity", { used: usedMb }),
  };
}
