/** Invariants 9, 22, 24 and 29 as bounds: nothing is parked in silence, nothing is forgotten. */
import { maintenanceOf } from "../../guardian/core/maintenance.ts";
import { isRehearsing } from "../../guardian/core/rehearsals.ts";
import { noticeOf } from "../../guardian/core/self-checks.ts";
import { unverifiedBecause } from "../../guardian/core/verification.ts";
import type { AlertMessage } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import type { WorldHost } from "../support/world-host.ts";
import type { Invariant } from "./invariant.ts";
import type { Witness } from "./witness.ts";

/** Told after 120 s of silence; the silence is known after 8 s, grace and probation are in it. */
const unattendedMs = 120_000 + 30_000;
/** A dead host with nothing in the way: its device may have been on probation for a minute. */
const cleanDeadMsMax = 150_000;
/** Rounds between two looks at what needs no quicker one. */
const everyRounds = 8;

export const livenessInvariants: readonly Invariant[] = [
  {
    number: 9,
    says: "a host that cannot be fenced is told within a bound",
    atEnd: (witness) => serversDown(witness),
  },
  {
    number: 22,
    says: "a host silent for 120 s with no move under way has a page that says so",
    atTick: (witness) => {
      if (witness.ticks % everyRounds !== 0) return undefined;
      if (witness.eyes.goodForMs() < unattendedMs) return undefined;
      for (const host of witness.world.hosts.values()) {
        const since = Math.max(witness.of(host.name).reportAt, host.mendedAt, host.onAt);
        if (witness.now - since < unattendedMs || isExcused(witness, host)) continue;
        if (!isTold(witness, host.name)) {
          return `${host.name} has been silent for more than 150 s, and nobody was told`;
        }
      }
      return undefined;
    },
    atEnd: (witness) => movesWaiting(witness),
  },
  {
    number: 24,
    says: "a fenced host that comes on while its servers move is switched off again",
    atTick: (witness) => {
      if (witness.ticks % everyRounds !== 0 || witness.eyes.goodForMs() < 60_000) return undefined;
      for (const host of witness.world.hosts.values()) {
        const device = witness.world.bmcs.get(host.name);
        const phase = witness.world.state.memory.incidents.get(host.name)?.phase.kind;
        if (!host.power || phase !== "evacuating" || device?.mode !== "normal") continue;
        if (device.gone) continue;
        const longOn = host.onAt > 0 && witness.now - host.onAt > 120_000;
        if (longOn && device.chassis === host.name && witness.world.nova.isMovingOff(host.name)) {
          return `${host.name} has been on for 120 s while its servers move`;
        }
      }
      return undefined;
    },
  },
  {
    number: 29,
    says: "a dead host with nothing in its way is fenced in time, whatever ails other hosts' devices",
    atTick: (witness) => {
      for (const host of witness.world.hosts.values()) {
        const truth = witness.of(host.name);
        if (host.power || !isClean(witness, host)) {
          truth.cleanDeadMs = 0;
          continue;
        }
        truth.cleanDeadMs += witness.roundMs;
        if (truth.cleanDeadMs > cleanDeadMsMax) {
          return `${host.name} is dead, nothing holds, and it was not fenced in 150 s`;
        }
      }
      return undefined;
    },
  },
];

/** Nothing stands between this dead host and its fence, and it was not fenced yet. */
function isClean(witness: Witness, host: WorldHost): boolean {
  const { world } = witness;
  const { settings, state } = world;
  if (witness.eyes.goodForMs() < 130_000 || settings.mode !== "act") return false;
  const phase = state.memory.incidents.get(host.name)?.phase.kind;
  if (phase === "evacuating" || phase === "ended") return false;
  // What nobody confirmed might be life.
  if (witness.now - host.playedAt < witness.limits.now.silentAfterMs + 5000) return false;
  if (state.memory.disarmed !== undefined || world.disarmedFile) return false;
  if (Object.keys(state.memory.storms).length > 0) return false;
  if (state.memory.released.includes(host.name)) return false;
  // A planned power cycle of a host on which nothing runs: told after two minutes, ended after fifteen.
  const isEmpty = ![...world.nova.servers.values()].some((server) => server.host === host.name);
  if (isEmpty && isRehearsing(state, host.name)) return false;
  if (mayBeSwitchedOn(witness, host)) return false;
  const answer = state.memory.incidents.get(host.name)?.answer?.kind;
  if (answer === "held" || answer === "dismissed") return false;
  if (maintenanceOf(state, host.name) !== undefined) return false;
  if ((settings.hosts.get(host.name)?.devices ?? []).length === 0) return false;
  const service = world.nova.services.get(host.name);
  if (service?.status !== "enabled" || service.forcedDown) return false;
  const newest = state.hosts.get(host.name)?.newest;
  if (newest === undefined || newest.checks.notice !== "none") return false;
  if (state.census.trouble.length > state.census.limit || state.census.fit === 0) return false;
  if (state.census.suspects.length > 0) return false;
  const recent = new Set(state.memory.fences.map((fence) => fence.host));
  recent.delete(host.name);
  const { fencesPerHour, fencesPerHourInDomain } = witness.limits.now;
  if (recent.size >= Math.min(fencesPerHour, fencesPerHourInDomain)) return false;
  if (world.nova.schedulers?.up === 0) return false;
  return isSound(witness, host) && !isLeftToPeople(witness, host);
}

/**
 * It died while another host was rehearsed, and what that switched off is in doubt: what is switched on again may be
 * its chassis. People are told, and it lasts until the rehearsal's end.
 */
function mayBeSwitchedOn(witness: Witness, host: WorldHost): boolean {
  const { memory, settings } = witness.world.state;
  for (const [other, { step }] of memory.rehearsals) {
    if (other === host.name || step.kind !== "on" || step.failed === undefined) continue;
    if (host.aliveAt < witness.clock(step.since) + settings.limits.othersReportMs) return true;
  }
  return false;
}

/** Row 19: on one network, and with a device that does not say off, a person must look. */
function isLeftToPeople(witness: Witness, host: WorldHost): boolean {
  const { settings } = witness.world;
  if (settings.networks.length > 1 || settings.oneNetworkIsEnough) return false;
  const read = [...witness.of(host.name).readings.values()];
  return read.some((readings) => readings.at(-1)?.power !== "off");
}

/**
 * Its devices work, are its own, and nobody has a reason to distrust them; where it has a second level and its
 * BMC is gone for good, those of that level.
 */
export function isSound(witness: Witness, host: WorldHost): boolean {
  const { world } = witness;
  const { devices: all = [], levels } = world.settings.hosts.get(host.name) ?? {};
  const instead = world.bmcs.get(host.name)?.gone === true ? levels?.[1]?.devices : undefined;
  const devices = instead ?? all;
  const sound = devices.every((name) => {
    const device = world.device(host.name, name);
    if (device === undefined || device.gone || device.diesWithHost) return false;
    return device.latencyMs < 2000 && device.mode === "normal" && device.chassis === host.name;
  });
  const verified = devices.every(
    (device) => unverifiedBecause(world.state, host.name, device) === undefined,
  );
  return sound && verified;
}

function isExcused(witness: Witness, host: WorldHost): boolean {
  const { world } = witness;
  const { state } = world;
  const known = state.hosts.get(host.name);
  // Never seen by a probe, or not in Nova: a ticket says so, and nothing is guarded.
  if (known?.newest === undefined || known.service === undefined) return true;
  if (state.memory.released.includes(host.name)) return true;
  const phase = state.memory.incidents.get(host.name)?.phase;
  if (phase?.kind === "ended") return true;
  return isAnnounced(witness, host.name) || world.nova.isMovingOff(host.name);
}

/** Whether its last words still explain its silence, or did a moment ago. */
function isAnnounced(witness: Witness, host: HostName): boolean {
  const { state } = witness.world;
  const known = state.hosts.get(host);
  // Of a report that no store shows any more its journal tells.
  if (known === undefined || noticeOf(state, known) === "none") return false;
  const silentForMs = witness.now - witness.of(host).reportAt;
  return silentForMs < state.settings.limits.noticeMs + unattendedMs;
}

/** Whether somebody was told about a host, by name or as one of a storm. */
function isTold(witness: Witness, host: HostName): boolean {
  for (const message of witness.world.firing.values()) {
    if (message.class !== "log" && isAbout(message, host)) return true;
  }
  return false;
}

function isAbout(message: AlertMessage, host: HostName): boolean {
  return message.host === host || message.why.some((line) => line.includes(host));
}

/** At the end every server runs, or somebody was told that it does not. */
function serversDown(witness: Witness): string | undefined {
  const { world } = witness;
  if (!world.guardian.up) return "the guardian does not run at the end";
  for (const server of world.nova.servers.values()) {
    const host = world.host(server.host);
    const runs = server.vmState === "stopped" || host.running.has(server.id);
    if (runs && host.power && !host.hung && server.status !== "ERROR") continue;
    // Its host came back: starting it again is Nova's and its owner's business.
    if (host.power && !host.hung && host.boot > 1 && server.status !== "ERROR") continue;
    const sources = world.nova.migrations
      .filter((migration) => migration.server === server.id)
      .map((migration) => migration.source);
    const told = [server.host, ...sources].some((name) => isTold(witness, name));
    const named = [...world.firing.values()].some((message) =>
      message.why.some((line) => line.includes(server.name)),
    );
    const inHand = witness.takenBack.has(server.host);
    if (!told && !named && !inHand && !isAnnounced(witness, server.host)) {
      return `${server.name} on ${server.host} is down, and nobody was told`;
    }
  }
  return undefined;
}

function movesWaiting(witness: Witness): string | undefined {
  for (const { phase, host } of witness.world.state.memory.incidents.values()) {
    if (phase.kind !== "evacuating" || phase.moves === undefined) continue;
    const waiting = Object.values(phase.moves).some(({ state }) => state.kind === "planned");
    if (waiting && !isTold(witness, host)) return `moves of ${host} wait, and nobody was told`;
  }
  return undefined;
}
