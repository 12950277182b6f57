/** The gates that ask whether the servers have somewhere to go, and somebody to send them there. */
import type { GateResult } from "./assessment.ts";
import { isFit } from "./census.ts";
import { capacityOf, freeMbOf } from "./inventory.ts";
import type { GuardianState, HostState } from "./state.ts";

export function novaGate(state: GuardianState): GateResult {
  const { novaAnsweredMs } = state.settings.limits;
  const { servicesAt } = state.eyes;
  const ageMs = servicesAt === undefined ? undefined : state.now - servicesAt;
  return {
    gate: "Nova answers",
    pass: ageMs !== undefined && ageMs <= novaAnsweredMs,
    value: ageMs === undefined ? "never answered" : `${(ageMs / 1000).toFixed(1)} s ago`,
    operator: "<=",
    limit: `${novaAnsweredMs / 1000} s`,
  };
}

/**
 * Groups and domains may come from Nova's host aggregates: while those are not known since our
 * start, nobody can say which mode, window or storm a host belongs to.
 */
export function inventoryGate({ settings, inventory }: GuardianState): GateResult {
  const needed = settings.groups.size > 0 || settings.domainAggregates.length > 0;
  const known = inventory.readAt !== undefined;
  const unread = `not read since the start${inventory.reason === "" ? "" : `: ${inventory.reason}`}`;
  return {
    gate: "host aggregates",
    pass: known || !needed,
    value: known ? "read" : needed ? unread : "not needed",
    operator: "=",
    limit: "read, where groups or domains are configured",
  };
}

/** A Nova that lists no scheduler at all hides them from us (a policy): that holds nothing. */
export function schedulerGate(state: GuardianState): GateResult {
  const { schedulers } = state.inventory;
  const unseen = schedulers === undefined || schedulers.total === 0;
  return {
    gate: "scheduler",
    pass: unseen || schedulers.up > 0,
    value: unseen ? "not shown by Nova" : `${schedulers.up} of ${schedulers.total} up`,
    operator: ">=",
    limit: "1",
  };
}

export function destinationGate(state: GuardianState, host: HostState): GateResult {
  const others = state.census.fit - (isFit(state, host) ? 1 : 0);
  return {
    gate: "destination",
    pass: others >= 1,
    value: `${others} other hosts are fresh, enabled, up and sound`,
    operator: ">=",
    limit: "1",
  };
}

/**
 * Whether its servers fit elsewhere: asked strictly of a living host, whose servers still run; of a
 * dead one it is a warning, since its servers are down either way. By memory in sum, as Nova counts
 * it: that it fits in sum does not promise that each server finds its place.
 */
export function capacityGate(state: GuardianState, host: HostState, living: boolean): GateResult {
  const own = capacityOf(state, host.host);
  const ownFreeMb = own !== undefined && isFit(state, host) ? freeMbOf(own) : 0;
  const freeMb = state.census.freeMb - ownFreeMb;
  const fits = own !== undefined && freeMb >= own.memoryUsedMb;
  const warning = fits || living ? "" : " (a warning only: its servers are down already)";
  return {
    gate: "capacity",
    pass: fits || !living,
    value:
      own === undefined
        ? `not known: ${state.inventory.reason || "Nova did not show its hypervisors"}${warning}`
        : `${freeMb} MB free elsewhere${warning}`,
    operator: ">=",
    limit: own === undefined ? "what it uses" : `${own.memoryUsedMb} MB in use on it`,
  };
}
