/**
 * The witness: what truly was, moment by moment, beside what reached the guardian. The invariants
 * ask it; it asks the simulated world, and the guardian's state only for what it is about to do.
 */
import type { Order } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { Phase } from "../../guardian/core/memory.ts";
import type { FenceProof } from "../../guardian/core/proof.ts";
import { deviceKey } from "../../guardian/core/verification.ts";
import type { PowerOffAnswer, PowerReading } from "../../guardian/ports.ts";
import type { HostName } from "../../shared/names.ts";
import { answers, echoes, isWithoutDisks, type WorldHost } from "../support/world-host.ts";
import type { World } from "../support/world.ts";
import { EyesTruth } from "./eyes-truth.ts";
import { LimitsTruth } from "./limits-truth.ts";

export type Evacuating = Extract<Phase, { kind: "evacuating" }>;

export interface Delivered {
  readonly askedAt: number;
  readonly at: number;
  readonly power: PowerReading["power"];
  /** Whose chassis it was. */
  readonly chassis: HostName;
}

interface OffOrder {
  readonly askedAt: number;
  answer: PowerOffAnswer | undefined;
  answeredAt: number;
}

/** An evacuate call that was made. */
export interface Call {
  readonly at: number;
  /** How many migrations Nova had before it: a record with a greater number is of this call, or later. */
  readonly recordsBefore: number;
  /** What became of it reached the guardian: refused, or a record that failed. */
  settled: boolean;
}

/** A device of a host that switched off another's chassis while that lived. */
export interface WrongOff {
  readonly other: HostName;
  readonly device: string;
  /** The guardian has found it out: the device counts no more, and it is disarmed. */
  found: boolean;
  /** A person who was told of it armed the guardian again. */
  armedAgain: boolean;
}

/** Of a call that came to nothing; after one that was done the server is elsewhere. */
const failedRecords: readonly string[] = ["error", "failed"];
const readingsMax = 12;
const lastWordMs = 6000;
const wellKnownMs = 3000;
const steadyAfterMs = 7000;

/** Facts of one host that the guardian's process could know, in the world's time. */
export class HostTruth {
  /** When a report of it last counted as new. */
  reportAt = Number.NEGATIVE_INFINITY;
  /** Since when reports came without a gap of two seconds. */
  reportsSince = Number.POSITIVE_INFINITY;
  /** Since when reports came without a gap that makes a host suspect. */
  freshFrom = Number.POSITIVE_INFINITY;
  /** When it had last been fresh so for ten seconds, less what a round needs to notice. */
  steadyAt = Number.NEGATIVE_INFINITY;
  /** Since when its servers' disks have not worked, without a break. */
  ailingSince: number | undefined;
  ailedAt = Number.NEGATIVE_INFINITY;
  /** When an echo of it was last delivered. */
  echoAt = Number.NEGATIVE_INFINITY;
  readonly readings = new Map<string, Delivered[]>();
  readonly unknownAt = new Map<string, number>();
  readonly offs = new Map<string, OffOrder>();
  /** Words of people that the guardian was told in this process. */
  readonly confirmed: { readonly uid: number; readonly at: number }[] = [];
  proof: FenceProof | undefined;
  /** The incident whose proof was found true, and how often a living host was ordered off in it. */
  fencedIn: string | undefined;
  /** The incident in which it was last ordered off. */
  orderedIn: string | undefined;
  ordersToLiving = 0;
  orderedLivingAt: number | undefined;
  /** Its work goes on from before a restart. */
  resumed = false;
  /** A living host's chassis that was switched off in its name. */
  wrongOff: WrongOff | undefined;
  /** How long it has been dead with nothing in the way of its fence. */
  cleanDeadMs = 0;
  /** How long its chassis has been on while Nova moves its servers, with nothing in the way of off. */
  onWhileMovingMs = 0;
  newestBoot = 0;
  newestBootId = "";

  forget(): void {
    this.readings.clear();
    this.unknownAt.clear();
    this.offs.clear();
    this.confirmed.length = 0;
    this.proof = undefined;
    this.newestBoot = 0;
    this.newestBootId = "";
    this.cleanDeadMs = 0;
    this.onWhileMovingMs = 0;
    this.echoAt = Number.NEGATIVE_INFINITY;
  }
}

export class Witness {
  readonly world: World;
  readonly eyes: EyesTruth;
  readonly limits: LimitsTruth;
  readonly truths = new Map<HostName, HostTruth>();
  /** First orders of each fence, for storm and rate. */
  readonly fences: { readonly host: HostName; readonly at: number }[] = [];
  /** The last evacuate calls by "host server". */
  readonly calls = new Map<string, Call>();
  /** Incidents in which a move was called: their next one is not the first. */
  readonly begun = new Set<string>();
  /** Incidents whose work was seen to end. */
  readonly ended = new Set<string>();
  /** Hosts that people took back: what still lies there is in their hands. */
  readonly takenBack = new Set<HostName>();
  /** Live migrations that were called, by "incident server". */
  readonly migrated = new Set<string>();
  /** Hosts whose fence people called off, in any process. */
  readonly undone = new Set<HostName>();
  armedByPersonAt = Number.NEGATIVE_INFINITY;
  readonly vouchedWrongly: ReadonlySet<HostName>;
  ticks = 0;
  /** From the round before to this one; none after a pause. */
  roundMs = 0;
  #roundAt = 0;
  readonly #clockOffset: number;

  constructor(world: World, vouchedWrongly: ReadonlySet<HostName> = new Set()) {
    this.world = world;
    this.vouchedWrongly = vouchedWrongly;
    this.#clockOffset = world.guardian.mono() - world.queue.now;
    this.eyes = new EyesTruth(world);
    this.limits = new LimitsTruth(world.settings.limits);
    for (const name of world.hosts.keys()) this.truths.set(name, new HostTruth());
    world.collectors.onNewest = ({ host, sentAt }) => {
      const truth = this.of(host);
      const { now } = world.queue;
      if (now - truth.reportAt > 2000) truth.reportsSince = now;
      if (now - truth.reportAt > world.settings.limits.suspectAfterMs) truth.freshFrom = now;
      if (now - truth.freshFrom > steadyAfterMs) truth.steadyAt = now;
      // A replay that got through would be dated by when it was said.
      truth.reportAt = Math.max(truth.reportAt, sentAt);
    };
  }

  get now(): number {
    return this.world.queue.now;
  }

  of(host: HostName): HostTruth {
    const truth = this.truths.get(host) ?? new HostTruth();
    this.truths.set(host, truth);
    return truth;
  }

  /** The world's time of an instant on the guardian's clock. */
  clock(mono: number): number {
    return mono - this.#clockOffset;
  }

  /** An order leaves; it was judged before. */
  ordered(order: Order): void {
    if (order.kind === "power-off" && order.ifEmpty !== true) this.#orderedOff(order);
    if (order.kind === "live-migrate") {
      const incident = this.world.state.memory.incidents.get(order.host)?.id ?? "";
      this.migrated.add(`${incident} ${order.server}`);
    }
    if (order.kind !== "evacuate") return;
    this.begun.add(incidentOf(order));
    // Called from another host it has left the first one: what was called there is over, should it come back.
    for (const key of this.calls.keys()) {
      if (key.endsWith(` ${order.server}`)) this.calls.delete(key);
    }
    const recordsBefore = this.world.nova.migrations.length;
    const call = { at: this.now, recordsBefore, settled: false };
    this.calls.set(`${order.host} ${order.server}`, call);
  }

  #orderedOff(order: Extract<Order, { kind: "power-off" }>): void {
    const truth = this.of(order.host);
    const off = { askedAt: this.now, answer: undefined, answeredAt: Number.POSITIVE_INFINITY };
    truth.offs.set(order.device, off);
    const chassis = this.world.device(order.host, order.device)?.chassis;
    if (chassis !== undefined && chassis !== order.host) {
      const other = this.world.host(chassis);
      const found = { other: chassis, device: order.device, found: false, armedAgain: false };
      if (other.power && !other.hung) truth.wrongOff = found;
    }
    truth.orderedIn = incidentOf(order);
    if (!this.isFenced(order)) this.fences.push({ host: order.host, at: this.now });
    else if (this.#isRefence(order, truth)) {
      truth.orderedLivingAt = this.now;
      truth.ordersToLiving += 1;
    }
  }

  /**
   * A living host is switched off again: not by a further level in place of one that says nothing, before any life
   * was seen; and all devices of a level at once are once.
   */
  #isRefence({ id, host }: Order, { orderedLivingAt }: HostTruth): boolean {
    const isLapsed = id.includes("/lapsed");
    return !isLapsed && orderedLivingAt !== this.now && this.isLiving(this.world.host(host));
  }

  /** Whether an order belongs to an incident whose fence was found true. */
  isFenced(order: Order): boolean {
    return this.of(order.host).fencedIn === incidentOf(order);
  }

  /** Whether we could hear that it lives, on a network of ours that works. */
  isLiving(host: WorldHost): boolean {
    const { legs, settings } = this.world;
    return settings.networks.some(({ name }) => legs[name] && echoes(host, name));
  }

  /** Dead, or deaf and dumb to everybody, whatever its probe and its links do. */
  isDown(host: WorldHost): boolean {
    return !answers(host, "management") && !answers(host, "storage");
  }

  /** A round has passed. */
  round(): void {
    this.ticks += 1;
    const roundMs = this.now - this.#roundAt;
    this.roundMs = roundMs > 2000 ? 0 : roundMs;
    this.#roundAt = this.now;
    this.eyes.look();
    if (this.world.settings.rows.size > 0) this.#look();
    const { devices } = this.world.state.memory;
    for (const [host, { wrongOff }] of this.truths) {
      if (wrongOff === undefined || wrongOff.found) continue;
      wrongOff.found = devices[deviceKey(host, wrongOff.device)]?.unverified !== undefined;
    }
  }

  #look(): void {
    for (const host of this.world.hosts.values()) {
      const truth = this.of(host.name);
      // One that has just fallen silent is known by what it said last.
      const lately = truth.ailingSince !== undefined && this.now - truth.reportAt < lastWordMs;
      const ails = isWithoutDisks(host) ?? lately;
      if (ails) truth.ailedAt = this.now;
      // Well again: its next report is on its way, and is read a second later.
      const known = this.now - truth.ailedAt > wellKnownMs;
      if (ails) truth.ailingSince ??= this.now;
      else if (known) truth.ailingSince = undefined;
    }
  }

  /** A proof that is new, and was held against what was read. */
  proven(host: HostName, incident: string, proof: FenceProof): void {
    const truth = this.of(host);
    truth.proof = proof;
    if (truth.fencedIn !== incident) truth.ordersToLiving = 0;
    truth.fencedIn = incident;
  }

  /** What reached the guardian. */
  hear(event: GuardianEvent): void {
    if (event.kind === "power-read") {
      this.#read(event);
    } else if (event.kind === "power-off-answered") {
      const off = this.of(event.host).offs.get(event.device);
      if (off === undefined || off.askedAt > this.clock(event.askedAt) + 1) return;
      off.answer = event.answer;
      off.answeredAt = this.clock(event.at);
    } else if (event.kind === "pinged") {
      if (event.result.kind === "echo") this.of(event.host).echoAt = this.now;
    } else if (event.kind === "confirmed") {
      this.of(event.host).confirmed.push({ uid: event.uid, at: this.clock(event.at) });
    } else if (event.kind === "evacuate-answered") {
      const call = this.calls.get(`${event.host} ${event.server}`);
      const nothingBegan = event.answer.kind === "refused" || event.answer.kind === "not-made";
      if (call !== undefined && nothingBegan) call.settled = true;
    } else if (event.kind === "servers-seen" || event.kind === "moves-seen") {
      this.#settle(event);
    } else if (event.kind === "arming") {
      if (!event.armed) return;
      this.armedByPersonAt = this.now;
      for (const { wrongOff } of this.truths.values()) {
        if (wrongOff?.found === true) wrongOff.armedAgain = true;
      }
    } else if (event.kind === "undo-asked") {
      this.undone.add(event.host);
    } else if (event.kind === "released") {
      this.takenBack.add(event.host);
    } else if (event.kind === "limits-set") {
      this.limits.heard(event, this.world.guardian.journalWritable);
    } else if (event.kind === "started") {
      this.limits.restarted();
      for (const [host, truth] of this.truths) {
        truth.forget();
        const incident = event.memory?.incidents.get(host);
        const phase = incident?.phase.kind;
        truth.resumed = phase === "fencing" || phase === "evacuating";
        // Its proof may have been minted in the very round in which the process died.
        if (phase === "evacuating") truth.fencedIn = incident?.id;
      }
    }
  }

  /** A record that failed tells what became of the call it is of. */
  #settle({
    host,
    records,
  }: Extract<GuardianEvent, { kind: "servers-seen" | "moves-seen" }>): void {
    for (const { server, id, status } of records) {
      const call = this.calls.get(`${host} ${server}`);
      if (call === undefined || id <= call.recordsBefore) continue;
      if (failedRecords.includes(status)) call.settled = true;
    }
  }

  /** By the identity in the answer: the device may have been rewired while it was on its way. */
  #chassisThatAnswered(event: Extract<GuardianEvent, { kind: "power-read" }>): HostName {
    const { reading } = event;
    const guid = reading.power === "unknown" ? undefined : reading.identity.guid;
    for (const { name, uuid } of this.world.hosts.values()) if (uuid === guid) return name;
    return this.world.device(event.host, event.device)?.chassis ?? event.host;
  }

  #read(event: Extract<GuardianEvent, { kind: "power-read" }>): void {
    const truth = this.of(event.host);
    const { power } = event.reading;
    const chassis = this.#chassisThatAnswered(event);
    const at = this.clock(event.at);
    const readings = truth.readings.get(event.device) ?? [];
    readings.push({ askedAt: this.clock(event.askedAt), at, power, chassis });
    if (readings.length > readingsMax) readings.shift();
    truth.readings.set(event.device, readings);
    if (power === "unknown") truth.unknownAt.set(event.device, at);
  }
}

/** Which incident an order belongs to, by its id. */
export function incidentOf(order: Order): string {
  return order.id.slice(0, order.id.indexOf("/"));
}
