/** Invariants 16 to 19: the blast radius. Checked before first off orders and first moves. */
import { maintenanceOf } from "../../guardian/core/maintenance.ts";
import type { Order } from "../../guardian/core/effects.ts";
import type { HostName } from "../../shared/names.ts";
import { usedBy } from "../support/world-nova-records.ts";
import type { WorldHost } from "../support/world-host.ts";
import type { Invariant } from "./invariant.ts";
import { isApproved, isFirstOff } from "./invariants-blame.ts";
import { isInScope, isOurs } from "./scope.ts";
import { incidentOf, type Witness } from "./witness.ts";

/** One that died a moment ago cannot be known yet. */
const knownMs = 9000;
const markReadMs = 7000;
/** What Nova shows of its hosts' memory is read once a minute. */
const readAgainMs = 70_000;
const hourMs = 3_600_000;

export const blastInvariants: readonly Invariant[] = [
  {
    number: 16,
    says: "in a storm nothing is begun, and the last host is never fenced",
    atOrder: (witness, order) => {
      if (!isFirst(witness, order) || isApproved(witness, order)) return undefined;
      const { hosts, nova } = witness.world;
      const marked = Math.max(...[...nova.services.values()].map(({ changedAt }) => changedAt));
      const read = witness.now - marked > markReadMs && witness.eyes.goodForMs() > 12_000;
      for (const group of read ? groupsOf(witness, order.host) : []) {
        const down = group.filter((host) => isKnownDown(witness, host)).length;
        const limit = stormLimit(witness, group);
        if (down > limit) {
          return `${order.kind} of ${order.host} while ${down} hosts are down, limit ${limit}`;
        }
      }
      const other = [...hosts.values()].some(
        (host) => host.name !== order.host && witness.now - witness.of(host.name).reportAt < 6500,
      );
      return other ? undefined : `${order.kind} of ${order.host}, the last host`;
    },
  },
  {
    number: 17,
    says: "no more hosts an hour than allowed",
    atOrder: (witness, order) => {
      if (!isFirstOff(witness, order) || isApproved(witness, order)) return undefined;
      // Its hour is the wall clock's: a step forward makes room that nobody promised away.
      if (witness.eyes.steppedAt > 0) return undefined;
      const { fencesPerHour, fencesPerHourInDomain } = witness.limits.now;
      const [all = [], rack] = groupsOf(witness, order.host);
      const inAll = fencedIn(witness, all, order.host);
      if (inAll >= fencesPerHour) return `${order.host} was ordered off after ${inAll} others`;
      const inRack = rack === undefined ? 0 : fencedIn(witness, rack, order.host);
      return inRack >= fencesPerHourInDomain
        ? `${order.host} was ordered off after ${inRack} others of its rack`
        : undefined;
    },
  },
  {
    number: 18,
    says: "a living host is fenced only if its servers fit elsewhere",
    atOrder: (witness, order) => {
      if (!isFirstOff(witness, order)) return undefined;
      const own = witness.world.host(order.host);
      if (!witness.isLiving(own) || witness.now - own.mendedAt < readAgainMs) return undefined;
      const { memoryMb, servers } = witness.world.nova;
      const usedMb = (host: WorldHost): number =>
        usedBy([...host.running].flatMap((id) => servers.get(id) ?? [])).memoryMb;
      let freeMb = 0;
      let mostMb = 0;
      for (const host of witness.world.hosts.values()) {
        if (host === own || isLongDown(witness, host)) continue;
        const left = Math.max(0, memoryMb - usedMb(host));
        freeMb += left;
        mostMb = Math.max(mostMb, left);
      }
      for (const id of own.running) {
        const needs = servers.get(id)?.size.memoryMb ?? 0;
        if (needs > mostMb)
          return `${order.host} lives and was ordered off, and ${id} fits nowhere`;
      }
      return usedMb(own) > freeMb
        ? `${order.host} lives and was ordered off, and its servers do not fit elsewhere`
        : undefined;
    },
  },
  {
    number: 19,
    says: "hands off in maintenance, in mode observe, disarmed, or when others have disabled it",
    atOrder: (witness, order) => {
      const { settings, state } = witness.world;
      const { host: name, kind } = order;
      const held = state.memory.incidents.get(name)?.answer?.kind === "held";
      if (held && (kind === "power-off" || kind === "evacuate")) {
        return `${kind} of ${name}, which a person holds`;
      }
      if (!isFirst(witness, order)) return undefined;
      if (settings.mode !== "act") return `${kind} of ${name} in mode ${settings.mode}`;
      if (maintenanceOf(state, name) !== undefined) {
        return `${kind} of ${name}, which is in maintenance`;
      }
      const { disarmedFileSince } = witness.eyes;
      const present = witness.world.disarmedFile && disarmedFileSince !== undefined;
      if (present && witness.now - disarmedFileSince > 2100) {
        return `${kind} of ${name} while disarmed`;
      }
      const service = witness.world.nova.services.get(name);
      const others = service?.status === "disabled" && !isOurs(witness, service.reason);
      if (!others || witness.now - service.changedAt < markReadMs) return undefined;
      if (witness.eyes.goodForMs() < markReadMs + 5000) return undefined;
      if (witness.now - witness.eyes.unreadableAt < markReadMs) return undefined;
      return `${kind} of ${name}, which another disabled: ${service.reason ?? ""}`;
    },
  },
];

/** All hosts, and those of its rack where the guardian knows of racks and there are several. */
function groupsOf(witness: Witness, name: HostName): readonly (readonly WorldHost[])[] {
  const all = [...witness.world.hosts.values()];
  const { rack } = witness.world.host(name);
  const domains = witness.world.settings.hosts.get(name)?.domains ?? {};
  const inRack = all.filter((host) => host.rack === rack);
  return domains["rack"] === undefined || inRack.length === all.length ? [all] : [all, inRack];
}

function stormLimit(witness: Witness, group: readonly WorldHost[]): number {
  const scope = group.filter((host) => isInScope(witness, host)).length;
  return Math.max(1, Math.floor(witness.limits.now.stormShare * scope));
}

/** How many others of a group were fenced within the hour. */
function fencedIn(witness: Witness, group: readonly WorldHost[], except: HostName): number {
  const { fences } = witness.world.state.memory;
  const approved = new Set(fences.flatMap((fence) => (fence.approved ? [fence.host] : [])));
  const recent = witness.fences.filter(
    ({ host, at }) =>
      host !== except &&
      !approved.has(host) &&
      witness.now - at < hourMs &&
      group.some((other) => other.name === host),
  );
  return new Set(recent.map(({ host }) => host)).size;
}

/** The first off order of a fence, or the first move of an evacuation. */
function isFirst(witness: Witness, order: Order): boolean {
  if (order.kind === "power-off") return isFirstOff(witness, order);
  if (order.kind !== "evacuate") return false;
  return !witness.begun.has(incidentOf(order)) && !witness.of(order.host).resumed;
}

/** For longer than it takes to know of it: one that died a moment ago still counts as room. */
function isLongDown(witness: Witness, host: WorldHost): boolean {
  if (host.power && !witness.isDown(host)) return false;
  const heardAt = Math.max(host.answeredAt, witness.of(host.name).reportAt);
  return witness.now - heardAt > knownMs;
}

function isKnownDown(witness: Witness, host: WorldHost): boolean {
  if (!witness.isDown(host) || !isInScope(witness, host)) return false;
  const truth = witness.of(host.name);
  const since = Math.max(host.answeredAt, truth.reportAt);
  return witness.now - since > knownMs && isDead(witness, host.name);
}

/** What has been a while in its state counts; one that nobody can have missed. */
function isDead(witness: Witness, name: HostName): boolean {
  return witness.now - witness.world.host(name).aliveAt > knownMs;
}
