/** Invariants 10 to 15: blaming the right thing. Checked before the first off order of a fence. */
import type { Order } from "../../guardian/core/effects.ts";
import { quietMs } from "../../guardian/core/nova-record.ts";
import type { HostName } from "../../shared/names.ts";
import { fencedAliveProblem } from "./fenced-alive.ts";
import type { Invariant } from "./invariant.ts";
import { incidentOf, type Witness } from "./witness.ts";

/** A host that was mended a moment ago may not have been heard yet. */
const heardAgainMs = 6000;
const graceUnseenMs = 120_000;
/** Nova's records of a suspect are asked for every two seconds, and answered within a half. */
const readEveryMs = 2500;

export const blameInvariants: readonly Invariant[] = [
  {
    number: 10,
    says: "dead needs silence, failed pings on every network seen, and a third witness",
    atOrder: (witness, order) => {
      if (!isFirstOff(witness, order)) return undefined;
      const host = witness.world.host(order.host);
      const { now, world } = witness;
      if (now - host.mendedAt <= heardAgainMs || isApproved(witness, order)) return undefined;
      const truth = witness.of(order.host);
      if (witness.isLiving(host)) return fencedAliveProblem(witness, host, order);
      // Out of our reach, or gone a moment ago: what it says of itself is witness enough.
      const ails = truth.ailingSince !== undefined;
      if (ails && fencedAliveProblem(witness, host, order) === undefined) return undefined;
      const reports = now - truth.reportAt < 2000 && now - truth.reportsSince > heardAgainMs;
      if (reports && witness.eyes.goodForMs() > 12_000) {
        return `${order.host} reports, and was ordered off`;
      }
      const service = world.nova.services.get(order.host);
      const quietForMs = service === undefined ? 0 : now - service.reportedAt;
      // What its nova-compute sent in vain it did send.
      const isMute = service !== undefined && now - service.sentAt > world.nova.reportEveryMs;
      const limitMs = quietMs(world.settings.limits);
      const quiet = isMute && quietForMs >= limitMs;
      // It moved on a moment ago, and Nova was not asked since.
      const unread = quietForMs < readEveryMs && (service?.stoodStillMs ?? 0) >= limitMs;
      return quiet || unread || everyDeviceReadOff(witness, order.host)
        ? undefined
        : `${order.host} was ordered off without a third witness`;
    },
  },
  {
    number: 11,
    says: "nothing is begun while the guardian's own eyes are in doubt",
    atOrder: (witness, order) => {
      if (!isFirstOff(witness, order)) return undefined;
      const doubt = doubtOf(witness, order.host);
      return doubt === undefined ? undefined : `${order.host} was ordered off: ${doubt}`;
    },
  },
  {
    number: 12,
    says: "no wall clock makes a host dead: one whose reports arrive is judged fresh",
    atTick: (witness) => {
      if (witness.eyes.goodForMs() < 20_000) return undefined;
      const { now } = witness;
      for (const { host, silentSince } of witness.world.state.hosts.values()) {
        if (silentSince === undefined) continue;
        const truth = witness.of(host);
        const arriving = now - truth.reportAt < 1500 && now - truth.reportsSince > 20_000;
        if (arriving) return `${host} reports, and is called silent`;
      }
      return undefined;
    },
  },
  {
    number: 13,
    says: "after a start, or new epochs of all collectors, grace",
    atOrder: (witness, order) => {
      if (!isFirstOff(witness, order)) return undefined;
      const truth = witness.of(order.host);
      // Work of an open incident goes on at once.
      if (truth.resumed || truth.orderedIn === incidentOf(order)) return undefined;
      const from = watchingFrom(witness);
      const watchedMs = witness.now - from;
      return truth.steadyAt >= from || watchedMs >= graceUnseenMs
        ? undefined
        : `${order.host} was ordered off within the grace after a start`;
    },
  },
  {
    number: 14,
    says: "only newer reports count: no boot that ended comes back",
    atTick: (witness) => {
      for (const host of witness.world.state.hosts.values()) {
        if (host.newest === undefined) continue;
        const truth = witness.of(host.host);
        if (host.newest.bootId === truth.newestBootId) continue;
        truth.newestBootId = host.newest.bootId;
        const boot = Number.parseInt(host.newest.bootId.slice(8), 16);
        if (boot < truth.newestBoot) return `${host.host}: boot ${boot} came back`;
        truth.newestBoot = boot;
      }
      return undefined;
    },
  },
  {
    number: 15,
    says: "what was lost or doubled on the way changes nothing for long",
    atEnd: (witness) => {
      if (witness.eyes.goodForMs() < 60_000) return undefined;
      for (const host of witness.world.state.hosts.values()) {
        const truth = witness.of(host.host);
        const steady = witness.now - truth.reportsSince > 60_000;
        if (!steady || witness.now - truth.reportAt > 1500) continue;
        if (host.freshSince === undefined) return `${host.host} reports, and is not fresh`;
      }
      return undefined;
    },
  },
];

/** A person has said that it may be fenced: the storm, the rate and the witnesses are theirs to judge. */
export function isApproved(witness: Witness, { host }: Order): boolean {
  const answer = witness.world.state.memory.incidents.get(host)?.answer;
  return answer?.kind === "approved" && !answer.byDefault;
}

/** Whether an order begins a fence, rather than repeating one that was found true. */
export function isFirstOff(witness: Witness, order: Order): boolean {
  return order.kind === "power-off" && order.ifEmpty !== true && !witness.isFenced(order);
}

/** Of one level at least. */
function everyDeviceReadOff(witness: Witness, host: HostName): boolean {
  const { devices = [], levels = [{ devices }] } = witness.world.settings.hosts.get(host) ?? {};
  const { readings } = witness.of(host);
  return levels.some((level) =>
    level.devices.every((device) => readings.get(device)?.at(-1)?.power === "off"),
  );
}

/** What was truly wrong with the guardian's eyes for long enough that it must have known. */
function doubtOf(witness: Witness, fenced: HostName): string | undefined {
  const { now, eyes, world } = witness;
  if (!world.guardian.journalWritable) return "the journal cannot be written";
  // A watermark has a vote for three seconds; two more for the way it takes.
  if (now - eyes.collectorRanAt() > 5500) return "no collector runs";
  if (eyes.legsGoneSince !== undefined && now - eyes.legsGoneSince > 5000) return "no leg works";
  if (eyes.novaGoneSince !== undefined && now - eyes.novaGoneSince > 17_000) {
    return "Nova does not answer";
  }
  if (now - eyes.resumedAt < 14_000) return "right after a pause";
  if (now - eyes.stepSeenAt < 14_000) return "right after a step of the clock";
  const droppedMs = now - eyes.droppedAt;
  if (droppedMs > 3000 && droppedMs < 13_000 && eyes.goodForMs() > 15_000) {
    return "datagrams were lost a moment ago";
  }
  const others = [...witness.truths].filter(([name]) => name !== fenced);
  const heard = others.some(([, truth]) => now - truth.reportAt < 6500);
  return heard ? undefined : "no other host is heard";
}

/** Telemetry is read once a second, and an answer takes a moment. */
const heardMs = 2000;

/** A watermark has a vote for three seconds; its last one may be a second older. */
const votesMs = 4500;

/** Since when the guardian, and some collector, have been watching without a break. */
function watchingFrom(witness: Witness): number {
  const { guardian, collectors } = witness.world;
  // That a collector is a new one the guardian hears with its first answer; one that died a moment ago votes still.
  const since = collectors.all
    .filter(({ up, ranAt }) => up || witness.now - ranAt <= votesMs)
    .filter((collector) => witness.now - collector.since > heardMs)
    .map((collector) => collector.since);
  return since.length === 0 ? guardian.startedAt : Math.max(guardian.startedAt, Math.min(...since));
}
