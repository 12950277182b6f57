/** Invariants 1 to 9: fencing before evacuation. */
import type { Order } from "../../guardian/core/effects.ts";
import type { FenceProof } from "../../guardian/core/proof.ts";
import type { HostName } from "../../shared/names.ts";
import type { WorldHost } from "../support/world-host.ts";
import type { Invariant } from "./invariant.ts";
import { isSound } from "./invariants-liveness.ts";
import type { Delivered, Witness } from "./witness.ts";

const proofLifetimeMs = 30_000;
const confirmedLifetimeMs = 1_800_000;
const confirmWithinMs = 600_000;
const readingsApartMs = 1000;
/** From power on to the off order: a reading, its answer, a round or two. */
const switchedOffAgainMs = 20_000;
/** Two clocks, one of them 50 s ahead: their sums round differently. */
const roundingMs = 0.001;
const probationMs = 60_000;
/** An answer of Nova that is older holds everything. */
const markReadMs = 20_000;
/** From a report's arrival to the round that knows of it. */
const readByUsMs = 4500;

export const fencingInvariants: readonly Invariant[] = [
  {
    number: 1,
    says: "no server is evacuated while it may still run on its host",
    atOrder: (witness, order) => {
      if (order.kind !== "evacuate" && order.kind !== "reset") return undefined;
      const host = witness.world.host(order.host);
      if (host.running.has(order.server)) {
        return `${order.kind} of ${order.server} while it runs on ${order.host}`;
      }
      const onSince = host.onAt < witness.clock(order.proof.obtainedAt) - 1000;
      return host.power && onSince
        ? `${order.kind} from ${order.host}, whose chassis is on`
        : undefined;
    },
  },
  {
    number: 2,
    says: "only a reading is off: no timeout, refusal, accepted command or unknown state",
    atProof: (witness, host, proof) => {
      if (proof.method === "confirmed") return confirmedBy(witness, host, proof);
      const devices = restingOn(witness, host);
      if (devices.length === 0) return `${host} is proven off by no level of its devices`;
      for (const device of devices) {
        const last = witness.of(host).readings.get(device)?.at(-1);
        if (last?.power !== "off") return `${host} is proven off, and ${device} does not read off`;
      }
      const obtainedAt = witness.clock(proof.obtainedAt);
      const read = [...witness.of(host).readings.values()].flat();
      const found = read.some((reading) => reading.askedAt === obtainedAt);
      return found ? undefined : `the proof of ${host} rests on a reading that nobody made`;
    },
  },
  {
    number: 3,
    says: "off is read twice, a second apart, from every device, none of which failed lately",
    atProof: (witness, host, proof) => {
      if (proof.method === "confirmed") return undefined;
      for (const device of restingOn(witness, host)) {
        const run = unbrokenOff(witness.of(host).readings.get(device) ?? []);
        const [first] = run;
        const last = run.at(-1);
        if (
          first === undefined ||
          last === undefined ||
          last.at - first.at < readingsApartMs - roundingMs
        ) {
          return `${host} is proven off by less than two readings of ${device} a second apart`;
        }
        const failedAt = witness.of(host).unknownAt.get(device) ?? Number.NEGATIVE_INFINITY;
        const suspectFrom = witness.of(host).reportAt + 8000;
        if (failedAt > suspectFrom && witness.now - failedAt < probationMs - 1000) {
          return `${host} is proven off by ${device}, which failed to answer a moment ago`;
        }
      }
      return undefined;
    },
  },
  {
    number: 4,
    says: "only a device that is the host's own counts, and every other host must live afterwards",
    atProof: (witness, host, proof) => {
      if (witness.vouchedWrongly.has(host) || proof.method === "confirmed") return undefined;
      const resting = restingOn(witness, host);
      // A device may be rewired after the readings that a standing proof rests on.
      const obtainedAt = witness.clock(proof.obtainedAt);
      for (const [device, all] of witness.of(host).readings) {
        if (!resting.includes(device)) continue;
        const readings = all.filter((reading) => reading.askedAt <= obtainedAt);
        const other = readings.slice(-2).find((reading) => reading.chassis !== host)?.chassis;
        if (other !== undefined) return `${host} is proven off by ${device} of ${other}`;
      }
      return undefined;
    },
    atOrder: (witness, order) => {
      if (order.kind === "evacuate") {
        const wrong = witness.of(order.host).wrongOff;
        if (wrong === undefined || witness.world.host(wrong.other).power) return undefined;
        // Found out, told, armed again by a person, and proven by something else than that device.
        const byOther = order.proof.method === "confirmed" || !rests(witness, order, wrong.device);
        if (wrong.armedAgain && byOther) return undefined;
        return `a move of ${order.host} began after ${wrong.other} was switched off in its name`;
      }
      if (order.kind !== "power-off" || witness.vouchedWrongly.has(order.host)) return undefined;
      const fenced = witness.world.state.memory.incidents.get(order.host)?.phase.kind === "ended";
      const rehearses = order.ifEmpty === true && !fenced;
      const rehearsed = rehearses ? rehearsedWith(witness, order.host) : undefined;
      if (rehearsed !== undefined) return rehearsed;
      const chassis = witness.world.device(order.host, order.device)?.chassis;
      if (chassis === undefined || order.expected.guid === undefined) return undefined;
      // Whose it is a rehearsal is to find out, where nobody has ever heard that host's UUID.
      const isHeard = witness.world.state.memory.known[chassis] !== undefined;
      if (order.ifEmpty === true && !isHeard) return undefined;
      const { uuid } = witness.world.host(chassis);
      return chassis !== order.host && uuid === order.expected.guid
        ? `off for ${order.host} was sent to the device of ${chassis}`
        : undefined;
    },
  },
  {
    number: 5,
    says: "a proof lives 30 s, of people 30 min, and no move starts on a lapsed one",
    atProof: (_witness, host, proof) =>
      proof.expiresAt - proof.obtainedAt > lifetimeMs(proof) + roundingMs
        ? `the proof of ${host} lives longer than ${lifetimeMs(proof) / 1000} s`
        : undefined,
    atOrder: (witness, order) => {
      if (order.kind !== "evacuate") return undefined;
      const ageMs = witness.now - witness.clock(order.proof.obtainedAt);
      return ageMs >= lifetimeMs(order.proof) || order.proof.host !== order.host
        ? `a move of ${order.host} began under a proof that does not stand`
        : undefined;
    },
  },
  {
    number: 6,
    says: "any sign of life after the readings revokes the proof",
    atOrder: (witness, order) => {
      if (order.kind === "power-off") {
        return order.ifEmpty === true ? undefined : refenceOfLiving(witness, order.host);
      }
      if (order.kind !== "evacuate") return undefined;
      const truth = witness.of(order.host);
      const obtainedAt = witness.clock(order.proof.obtainedAt);
      // A word was given later than what a device said long before; newer, it takes the word away.
      const since = order.proof.method === "confirmed" ? obtainedAt : 0;
      for (const [device, readings] of truth.readings) {
        const last = readings.at(-1);
        if (last?.power !== "on" || last.at < since || !speaks(witness, order, device)) continue;
        return `a move of ${order.host}: ${device} reads on`;
      }
      if (truth.echoAt > obtainedAt) return `a move of ${order.host}, which answered a ping`;
      const known = truth.reportAt > obtainedAt && witness.now - truth.reportAt > readByUsMs;
      return known && witness.eyes.goodForMs() > 12_000
        ? `a move of ${order.host}, which has reported`
        : undefined;
    },
    atTick: (witness) => {
      for (const host of witness.world.hosts.values()) {
        const truth = witness.of(host.name);
        // Cut off until a moment ago, behind a device that is gone: nobody could know.
        const hidden = witness.now - host.mendedAt < switchedOffAgainMs;
        const mayWait = !host.power || hidden || !isLeftOn(witness, host);
        truth.onWhileMovingMs = mayWait ? 0 : truth.onWhileMovingMs + witness.roundMs;
        if (truth.onWhileMovingMs > switchedOffAgainMs) {
          return `${host.name} was powered on while its servers move, and is not switched off again`;
        }
      }
      return undefined;
    },
  },
  {
    number: 7,
    says: "forced_down, disabled, a lost ping or another's mark is no proof",
    atOrder: (witness, order) => {
      if (order.kind === "power-off" || order.kind === "power-on") return undefined;
      if (order.kind === "live-migrate") return undefined;
      if (isMark(order)) return undefined;
      const { proof } = witness.of(order.host);
      const phase = witness.world.state.memory.incidents.get(order.host)?.phase;
      const current = phase?.kind === "evacuating" ? phase.proof : undefined;
      // The proof of this very round is held against the readings at its end.
      if (proof !== undefined || current !== undefined) return undefined;
      return `${order.kind} of ${order.host} without a proof`;
    },
  },
  {
    number: 8,
    says: "an off chassis is ordered off all the same, has answered, and is read once more",
    atProof: (witness, host, proof) => {
      if (proof.method === "confirmed") return undefined;
      for (const device of restingOn(witness, host)) {
        const off = witness.of(host).offs.get(device);
        const answered = off?.answer?.kind === "done" || off?.answer?.kind === "already-off";
        const readings = witness.of(host).readings.get(device) ?? [];
        if (off === undefined || !answered) {
          return `${host} is proven off, and ${device} answered no off command`;
        }
        // An answer to an earlier question may come in after those to later ones.
        if (!readings.some(({ askedAt }) => askedAt >= off.answeredAt - roundingMs)) {
          return `${host} is proven off, and ${device} was not read after its answer`;
        }
      }
      return undefined;
    },
  },
];

/** A rehearsal is for an empty host that is taken out, in a cloud that is well. */
function rehearsedWith({ world }: Witness, host: HostName): string | undefined {
  const own = world.host(host);
  // The order itself looks once more: what came in the last moment makes it no order at all.
  const listed = world.nova.serversOn(host).length;
  if (own.running.size > listed) return `${host} is rehearsed while a server runs on it`;
  const service = world.nova.services.get(host);
  // Somebody may have enabled it since Nova was asked last.
  const enabledFor =
    service?.status === "disabled" ? 0 : world.queue.now - (service?.changedAt ?? 0);
  return enabledFor < markReadMs
    ? undefined
    : `${host} is rehearsed while Nova may send servers to it`;
}

/** The devices of the one level that the guardian says its proof rests on. */
function restingOn(witness: Witness, host: HostName): readonly string[] {
  const { devices = [], levels } = witness.world.settings.hosts.get(host) ?? {};
  if (levels === undefined) return devices;
  const phase = witness.world.state.memory.incidents.get(host)?.phase;
  const level = phase?.kind === "evacuating" ? phase.run?.level : undefined;
  return levels[level ?? 0]?.devices ?? [];
}

function rests(witness: Witness, { host }: Order, device: string): boolean {
  return restingOn(witness, host).includes(device);
}

/** A BMC speaks of the chassis; an outlet of a level behind the proof's own only of itself. */
function speaks(witness: Witness, order: Extract<Order, { kind: "evacuate" }>, device: string) {
  const { host, proof } = order;
  const isOutlet = witness.world.device(host, device)?.outlet !== undefined;
  const { levels } = witness.world.settings.hosts.get(host) ?? {};
  if (!isOutlet || levels === undefined || proof.method === "confirmed") return true;
  return restingOn(witness, host).includes(device);
}

function lifetimeMs(proof: FenceProof): number {
  return proof.method === "confirmed" ? confirmedLifetimeMs : proofLifetimeMs;
}

/** As many people as the policy wants said so, close together, of a host that showed no life since. */
function confirmedBy(witness: Witness, host: HostName, proof: FenceProof): string | undefined {
  const truth = witness.of(host);
  const obtainedAt = witness.clock(proof.obtainedAt);
  const uids = new Set(
    truth.confirmed
      .filter(({ at }) => at >= obtainedAt - roundingMs && at - obtainedAt <= confirmWithinMs)
      .map(({ uid }) => uid),
  );
  if (uids.size < witness.world.settings.confirmBy) {
    return `${host} is proven off by the word of ${uids.size} people`;
  }
  const on = [...truth.readings.values()].some(
    (readings) => readings.findLast(({ at }) => at > obtainedAt)?.power === "on",
  );
  if (on) return `${host} is proven off by people, and a device of it reads on`;
  return truth.echoAt > obtainedAt
    ? `${host} is proven off by people, and it answered a ping`
    : undefined;
}

function unbrokenOff(readings: readonly Delivered[]): readonly Delivered[] {
  const lastOther = readings.findLastIndex((reading) => reading.power !== "off");
  return readings.slice(lastOther + 1);
}

/** Its servers are being moved, its own device says on and obeys, and nobody holds the incident. */
function isLeftOn(witness: Witness, host: WorldHost): boolean {
  const { world } = witness;
  const incident = world.state.memory.incidents.get(host.name);
  if (incident?.phase.kind !== "evacuating" || incident.answer?.kind === "held") return false;
  if (incident.phase.proof?.method === "confirmed") return false;
  if (!world.nova.isMovingOff(host.name) || !isSound(witness, host)) return false;
  return witness.eyes.goodForMs() > switchedOffAgainMs && world.guardian.journalWritable;
}

/** Switched off again as often as needed while a move is unfinished, else twice at most. */
function refenceOfLiving(witness: Witness, host: HostName): string | undefined {
  const truth = witness.of(host);
  // With the other devices of its level: judged with the first of them.
  if (truth.orderedLivingAt === witness.now) return undefined;
  if (truth.ordersToLiving < 2 || !witness.isLiving(witness.world.host(host))) return undefined;
  const incident = witness.world.state.memory.incidents.get(host);
  if (incident?.id !== truth.fencedIn || witness.world.nova.isMovingOff(host)) return undefined;
  const phase = incident?.phase;
  const moves = phase?.kind === "evacuating" ? Object.values(phase.moves ?? {}) : [];
  const ordered = moves.some(({ state }) => state.kind === "ordered" || state.kind === "running");
  return ordered ? undefined : `${host} was switched off more than twice with no move under way`;
}

/** An order about a host that lives: new servers are kept from it, or come to it again. */
function isMark(order: Order): boolean {
  return (
    order.kind === "enable" ||
    order.kind === "force-up" ||
    (order.kind === "disable" && order.onlyIfEnabled)
  );
}
