/** Invariants 20 to 26 and 30: exactly once, and through crashes. */
import type { Order } from "../../guardian/core/effects.ts";
import type { Incident, Memory } from "../../guardian/core/memory.ts";
import { badDirectories } from "../../guardian/core/self-checks.ts";
import { maintenanceOf } from "../../guardian/core/maintenance.ts";
import type { HostName } from "../../shared/names.ts";
import type { Invariant } from "./invariant.ts";
import type { Witness } from "./witness.ts";

/** An order that Nova shows no record of for this long was not taken. */
const recordDueMs = 55_000;
const restartsWithinMs = 600_000;

export const onceInvariants: readonly Invariant[] = [
  {
    number: 20,
    says: "each mark carries the epoch of the process that made it",
    atOrder: (witness, order) => {
      if (order.kind !== "disable") return undefined;
      const { epoch } = witness.world.guardian;
      const { guardianId } = witness.world.settings;
      return order.reason.startsWith(`guardian ${guardianId} epoch ${epoch} `)
        ? undefined
        : `${order.host} was marked "${order.reason}" in epoch ${epoch}`;
    },
  },
  {
    number: 21,
    says: "an intent is journaled before its call",
    atOrder: (witness, order) =>
      isJournaled(witness.world.guardian.journaled, order)
        ? undefined
        : `${order.kind} of ${order.host} is not in the journal`,
  },
  {
    number: 22,
    says: "three starts in ten minutes: disarmed until a person arms it",
    atOrder: (witness, order) => {
      if (order.kind !== "evacuate" && order.kind !== "power-off") return undefined;
      if (witness.isFenced(order) && order.kind === "power-off") return undefined;
      const { starts, startedAt } = witness.world.guardian;
      const last = starts.at(-1) ?? 0;
      const recent = starts.filter((wall) => last - wall < restartsWithinMs).length;
      if (recent < 3 || witness.armedByPersonAt > startedAt) return undefined;
      return `${order.kind} of ${order.host} after ${recent} starts in ten minutes`;
    },
  },
  {
    number: 23,
    says: "an evacuate call is never repeated blindly; recovered is what Nova shows elsewhere",
    atOrder: (witness, order) => {
      if (order.kind === "live-migrate") return migratedLive(witness, order);
      if (order.kind !== "evacuate") return undefined;
      if (witness.world.nova.live.isUnderWay(order.server)) {
        return `evacuate of ${order.server} while it is migrated live`;
      }
      const call = witness.calls.get(`${order.host} ${order.server}`);
      if (call === undefined) return undefined;
      const ageMs = witness.now - call.at;
      // Not blindly: what became of the earlier call was heard, and it is over.
      if (!call.settled && ageMs < recordDueMs) {
        return `evacuate of ${order.server} was repeated after ${ageMs} ms`;
      }
      const taken = witness.world.nova.migrations.some(
        ({ server, source, status }) =>
          server === order.server && source === order.host && status === "accepted",
      );
      return taken ? `evacuate of ${order.server} was repeated while it moves` : undefined;
    },
    atTick: (witness) => {
      for (const incident of witness.world.state.memory.incidents.values()) {
        const broken = falselyEnded(witness, incident);
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
  },
  {
    number: 24,
    says: "the source stays forced down, and off, while its servers move",
    atOrder: (witness, order) => {
      if (order.kind === "power-on") return switchedOn(witness, order.host);
      if (order.kind !== "evacuate") return undefined;
      const service = witness.world.nova.services.get(order.host);
      return service?.forcedDown === true
        ? undefined
        : `a move of ${order.host} began while it is not forced down`;
    },
  },
  {
    number: 26,
    says: "only servers whose disk can be reached elsewhere are moved",
    atOrder: (witness, order) => {
      if (order.kind !== "evacuate" || witness.world.settings.instancesShared) return undefined;
      const server = witness.world.nova.servers.get(order.server);
      return server?.volumeBacked === true
        ? undefined
        : `evacuate of ${order.server}, whose disk is on the dead host`;
    },
  },
  {
    number: 25,
    says: "only what we disabled ourselves, and nobody changed since, is enabled again",
    atOrder: (witness, order) => {
      const { host } = order;
      const fenced = witness.world.state.memory.incidents.get(host)?.phase.kind;
      if (order.kind === "disable" && order.onlyIfEnabled) {
        return fenced === "evacuating" ? `${host} is marked as degraded while fenced` : undefined;
      }
      if (order.kind === "force-up") return takenUp(witness, order);
      if (order.kind !== "enable") return undefined;
      const { guardianId } = witness.world.settings;
      if (order.mark === `guardian ${guardianId} reserve`) return broughtIn(witness, order);
      const ours = order.mark.startsWith(`guardian ${guardianId} `);
      if (ours && fenced === "ended") return acceptedBack(witness, order);
      if (!ours || !order.mark.endsWith(" degraded")) return `enable by the mark ${order.mark}`;
      return fenced === "evacuating" ? `${host} is enabled by us after it was fenced` : undefined;
    },
  },
  {
    number: 30,
    says: "no host's state breaks a promise of the design",
    atTick: (witness) => {
      for (const [host, reason] of witness.world.state.memory.quarantined) {
        return `${host} is in quarantine: ${reason}`;
      }
      return undefined;
    },
  },
];

/** Only a host that nobody fences and nothing is moved off is ordered on. */
function switchedOn(witness: Witness, host: HostName): string | undefined {
  const { world } = witness;
  const phase = world.state.memory.incidents.get(host)?.phase ?? { kind: "watching" };
  if (phase.kind === "ended") return comesHome(witness, host);
  if (phase.kind !== "watching") return `${host} is ordered on while it is ${phase.kind}`;
  return world.nova.isMovingOff(host) ? `${host} is ordered on while its servers move` : undefined;
}

/** Only where the policy or a person wants it, and no server of it may start here a second time. */
function comesHome({ world, undone }: Witness, host: HostName): string | undefined {
  const { comeHome = "leave-off", mode } = world.settings;
  if (!undone.has(host) && (comeHome !== "power-on" || mode !== "act")) {
    return `${host} is ordered on, and nobody wants it`;
  }
  if (maintenanceOf(world.state, host) !== undefined) return `${host} is ordered on in maintenance`;
  if (world.nova.isMovingOff(host)) return `${host} is ordered on while its servers move`;
  for (const server of world.nova.servers.values()) {
    const elsewhere = [...world.hosts.values()].some(
      (other) => other.name !== host && other.running.has(server.id),
    );
    if (server.host === host && elsewhere)
      return `${host} is ordered on, ${server.id} runs elsewhere`;
  }
  return undefined;
}

/** A reserve host: one that the configuration names, sound in truth, and for an evacuation that is under way. */
function broughtIn(witness: Witness, { host: name }: Order): string | undefined {
  const { world } = witness;
  const { reserve } = world.settings;
  const { memory } = world.state;
  if (reserve?.hosts.includes(name) !== true) return `${name} is enabled, and it is no reserve`;
  const needed = [...memory.incidents.values()].some(({ phase }) => phase.kind === "evacuating");
  if (!needed) return `${name} is enabled, and nothing is evacuated`;
  if (maintenanceOf(world.state, name) !== undefined) return `${name} is enabled in maintenance`;
  if (witness.now - witness.of(name).reportAt >= unseenMs) return `${name} is enabled, and silent`;
  const told = world.state.hosts.get(name)?.newest?.checks;
  const said = told?.storage === "down" || badDirectories.some((bad) => bad === told?.directory);
  return said ? `${name} is enabled, and says that it has no disks` : undefined;
}

/** A report is overdue after three seconds, and the guardian looks once a second. */
const unseenMs = 4500;
/** From a change in Nova to the round that knows of it. */
const markReadMs = 7000;

/** Nova has cleaned it up, and what runs there Nova puts there. */
function takenUp(witness: Witness, order: Order): string | undefined {
  const { world } = witness;
  const host = world.host(order.host);
  for (const id of host.running) {
    if (world.nova.servers.get(id)?.host !== order.host) {
      return `${order.host} is taken up while ${id} runs there, which Nova has elsewhere`;
    }
  }
  // A host that reported a moment ago may have died since: then it is found dead as any other.
  const isFresh = witness.now - witness.of(order.host).reportAt < unseenMs;
  return host.power || isFresh ? undefined : `${order.host} is taken up, and it is off`;
}

function acceptedBack(witness: Witness, order: Order): string | undefined {
  const service = witness.world.nova.services.get(order.host);
  // Nova's list is read every few seconds; and a host that is forced down takes no server, enabled or not.
  const isRead = witness.now - (service?.changedAt ?? 0) > markReadMs;
  if (service?.forcedDown === true && isRead) {
    return `${order.host} is enabled while it is forced down`;
  }
  return takenUp(witness, order);
}

/** Of a living host that nobody fences, never twice, and never what is evacuated. */
function migratedLive(
  { world, migrated }: Witness,
  { host, server }: Extract<Order, { kind: "live-migrate" }>,
): string | undefined {
  const phase = world.state.memory.incidents.get(host)?.phase.kind;
  if (phase !== "watching") return `${server} is migrated live from ${host}, which is ${phase}`;
  if (world.settings.drain !== true) return `${server} is migrated live, and no policy says so`;
  if (world.nova.servers.get(server)?.moving === true) {
    return `${server} is migrated live while it is evacuated`;
  }
  const incident = world.state.memory.incidents.get(host)?.id ?? "";
  return migrated.has(`${incident} ${server}`) ? `${server} is migrated live again` : undefined;
}

function isJournaled(memory: Memory, order: Order): boolean {
  const phase = memory.incidents.get(order.host)?.phase;
  switch (order.kind) {
    case "power-off":
      if (order.ifEmpty === true && phase?.kind === "ended") return phase.home?.step.kind === "off";
      if (order.ifEmpty === true) return memory.rehearsals.get(order.host)?.step.kind === "off";
      // In the very round that ends its incident a host that came on is ordered off once more.
      if (phase?.kind === "ended") return true;
      if (phase?.kind !== "fencing" && phase?.kind !== "evacuating") return false;
      return phase.commands[order.device] !== undefined;
    case "power-on":
      if (phase?.kind === "ended") return phase.home?.step.kind === "on";
      return memory.rehearsals.get(order.host)?.step.kind === "on";
    case "force-up":
      return phase?.kind === "ended" && phase.home?.step.kind === "up";
    case "force-down":
      return phase?.kind === "evacuating" && phase.forcedDown.kind === "asked";
    case "disable":
      if (order.onlyIfEnabled) return memory.degraded.get(order.host)?.disabled.kind === "asked";
      return phase?.kind === "evacuating" && phase.disabled.kind === "asked";
    case "enable":
      if (memory.reserves.get(order.host)?.order.kind === "asked") return true;
      if (phase?.kind === "ended") return phase.home?.step.kind === "enabling";
      return memory.degraded.get(order.host)?.enabled.kind === "asked";
    case "live-migrate":
      return memory.drains.get(order.host)?.moves?.[order.server]?.state.kind === "ordered";
    case "reset":
      return (
        phase?.kind === "evacuating" && phase.moves?.[order.server]?.state.kind === "resetting"
      );
    case "evacuate":
      return phase?.kind === "evacuating" && phase.moves?.[order.server]?.state.kind === "ordered";
    default:
      return order satisfies never;
  }
}

/** An incident that ended with a move called finished, and Nova has the server where it was. */
function falselyEnded(witness: Witness, incident: Incident): string | undefined {
  const { phase, id, host } = incident;
  if (phase.kind !== "ended" || witness.ended.has(id)) return undefined;
  witness.ended.add(id);
  for (const move of Object.values(phase.moves)) {
    const server = witness.world.nova.servers.get(move.server);
    const { state } = move;
    if (state.kind === "finished" && server?.host === host) {
      return `${move.name} is called recovered, and is on ${host}`;
    }
    if (state.kind === "planned" || state.kind === "ordered" || state.kind === "running") {
      return `the work on ${host} ended with ${move.name} ${state.kind}`;
    }
  }
  return undefined;
}
