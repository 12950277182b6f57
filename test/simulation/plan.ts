/**
 * A seed's plan: a cloud, and faults with their times and their luck, all drawn before anything
 * runs. So any of the faults can be left out and the others stay what they were (see shrink.ts).
 */
import { integerBetween, seededRandom, type Random } from "../../shared/random.ts";
import { faultKinds } from "./fault-kinds.ts";

export interface Cloud {
  readonly hosts: number;
  readonly racks: number;
  readonly collectors: number;
  readonly novaReportMs: number;
  /** Whether nova-compute reaches Nova by a network that nothing else uses. */
  readonly novaApart: boolean;
  /** How many networks the guardian has a leg on. */
  readonly networks: 1 | 2;
  readonly oneNetworkIsEnough: boolean;
  readonly rebootOverdue: "ask" | "act";
  /** By how many networks a probe reports. */
  readonly reportPaths: 1 | 2;
  /** Whether the guardian knows of the racks. */
  readonly racksKnown: boolean;
  readonly mode: "act" | "observe";
  readonly instancesShared: boolean;
  readonly stormShare: number;
  readonly stormCooldownMs: number;
  readonly fencesPerHour: number;
  readonly fencesPerHourInDomain: number;
  readonly movesAtOnce: number;
  readonly noticeMs: number;
  readonly busyMs: number;
  readonly calmMs: number;
  readonly evacuateAnswerMs: number;
  readonly rebuildMs: number;
  readonly bmcLatencyMs: number;
  readonly bootMs: number;
  /** Of each host; the smallest is full with the servers that it may have at first. */
  /** People who must confirm that a host is off. */
  readonly confirmBy: 1 | 2;
  readonly memoryMb: number;
  readonly servers: readonly number[];
  /** The last host is kept free, and enabled so. */
  readonly reserve: "when-short" | "always" | undefined;
  /** Places in the list of hosts, undefined for none. */
  readonly odd: {
    readonly inMaintenance: number | undefined;
    /** Never had a probe. */
    readonly unprobed: number | undefined;
    readonly withoutDevice: number | undefined;
    /** Two outlets of a power strip, vouched for, instead of a BMC. */
    readonly outlets: number | undefined;
    /** A BMC, and two vouched outlets as a second level. */
    readonly levels: number | undefined;
    readonly localDisks: number | undefined;
    readonly stoppedServers: number | undefined;
  };
}

/** One fault with its luck; what it does with it is its kind's business. */
export interface PlannedFault {
  readonly atMs: number;
  readonly kind: string;
  readonly host: number;
  readonly other: number;
  readonly lastsMs: number;
  /** Two more numbers in [0, 1). */
  readonly luck: readonly [number, number];
}

export interface Plan {
  readonly seed: number;
  readonly cloud: Cloud;
  readonly faults: readonly PlannedFault[];
  /** When everything but the dead hosts is mended. */
  readonly healAtMs: number;
}

export const settleMs = 30_000;
export const endMs = 900_000;
/** The host that focused plans pick on. */
export const victim = 0;

/** What a focused plan begins with, each as often as it is named. */
const deaths = (
  "power-loss power-loss power-loss hang hang hang " +
  "cut-all rack-power-loss reboot-announced reboot-announced"
).split(" ");

/** Draws a plan. */
export function makePlan(seed: number): Plan {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ 0x5eed);
  const cloud = { ...makeCloud(random), reserve: drawReserve(seed) };
  const focused = random.next() < 0.65;
  // Long enough for slow troubles; focused plans crowd theirs around one death.
  const chaosMs = focused ? integerBetween(random, 20_000, 120_000) : 330_000;
  const count = integerBetween(random, 1, 14);
  const kinds = someKinds(random);
  const faults: PlannedFault[] = [];
  if (focused) {
    faults.push({ ...drawFault(random, deaths, 10_000, cloud.hosts), host: victim });
  }
  if (focused && random.next() < 0.5) {
    // A second death a while later: what is counted over time is met again.
    const second = drawFault(random, ["neighbour-dies"], chaosMs, cloud.hosts);
    faults.push({ ...second, atMs: second.atMs + 20_000, host: victim });
  }
  if (focused && random.next() < 0.35) {
    // A death that its BMC can tell nobody of: another level, or people, must prove it.
    const gone = drawFault(random, ["bmc-gone-for-good"], 15_000, cloud.hosts);
    faults.push({ ...gone, host: victim });
    const seen = drawFault(random, ["confirmed-by-person"], chaosMs, cloud.hosts);
    faults.push({ ...seen, atMs: seen.atMs + 30_000 });
  }
  for (let index = 0; index < count; index += 1) {
    faults.push(drawFault(random, kinds, chaosMs, cloud.hosts));
  }
  const healAtMs = settleMs + chaosMs + integerBetween(random, 0, 60_000);
  if (random.next() < 0.3) {
    // Before there is trouble, since there is none in trouble; what comes after may meet it.
    faults.push(drawFault(random, ["rehearsed-by-person"], 3000, cloud.hosts));
  }
  const more = focused ? onTheWayHome : whileDrained;
  faults.push(...more(random, chaosMs, cloud.hosts));
  faults.sort((left, right) => left.atMs - right.atMs);
  return { seed, cloud, faults, healAtMs };
}

/** By luck of its own: everything else stays what it was without it. */
function drawReserve(seed: number): Cloud["reserve"] {
  const random = seededRandom(Math.imul(seed, 0x85ebca6b) ^ 0x4e5e);
  if (random.next() < 0.6) return undefined;
  return random.next() < 0.5 ? "when-short" : "always";
}

/** What meets a host whose moves have ended, or are called off: after its death, and before everything is mended. */
function onTheWayHome(random: Random, chaosMs: number, hosts: number): readonly PlannedFault[] {
  const faults: PlannedFault[] = [];
  if (random.next() < 0.3) {
    const undone = drawFault(random, ["undone-by-person"], chaosMs, hosts);
    faults.push({ ...undone, atMs: undone.atMs + 15_000 });
  }
  if (random.next() < 0.7) {
    const twice = drawFault(random, ["starts-what-was-moved"], chaosMs, hosts);
    for (const ms of [20_000, 35_000, 50_000]) faults.push({ ...twice, atMs: twice.atMs + ms });
  }
  return faults;
}

/** A host that is degraded for long enough to be drained; some die in the middle of it. */
function whileDrained(random: Random, _chaosMs: number, hosts: number): readonly PlannedFault[] {
  if (random.next() < 0.2) return [];
  const degraded = drawFault(random, ["directory-fails"], 60_000, hosts);
  const faults = [{ ...degraded, lastsMs: 240_000 }];
  const trouble = drawFault(random, ["nova-live-trouble"], 60_000, hosts);
  if (random.next() < 0.5) faults.push({ ...trouble, lastsMs: 120_000 });
  const lies = drawFault(random, ["bmc-says-off-once-ordered"], 60_000, hosts);
  if (random.next() < 0.15) faults.push({ ...lies, host: degraded.host });
  const dies = drawFault(random, ["power-loss"], 60_000, hosts);
  if (random.next() < 0.5) {
    faults.push({ ...dies, host: degraded.host, atMs: degraded.atMs + 80_000 + dies.lastsMs / 5 });
  }
  return faults;
}

function drawFault(
  random: Random,
  kinds: readonly string[],
  withinMs: number,
  hosts: number,
): PlannedFault {
  return {
    atMs: settleMs + random.next() * withinMs,
    kind: pick(random, kinds),
    host: random.next() < 0.45 ? victim : integerBetween(random, 0, hosts - 1),
    other: integerBetween(random, 0, hosts - 1),
    lastsMs: 500 + random.next() ** 1.7 * 150_000,
    luck: [random.next(), random.next()],
  };
}

/** Each seed has only some of the kinds, so that a run is not always a bit of everything. */
function someKinds(random: Random): readonly string[] {
  const share = 0.15 + 0.85 * random.next();
  const names = faultKinds.flatMap((kind) =>
    Array.from({ length: kind.weight }, () => kind.name).filter(() => random.next() < share),
  );
  return names.length === 0 ? ["power-loss"] : names;
}

function makeCloud(random: Random): Omit<Cloud, "reserve"> {
  const hosts = integerBetween(random, 4, random.next() < 0.6 ? 8 : 16);
  const networks = random.next() < 0.12 ? 1 : 2;
  const placeOr = (share: number): number | undefined => {
    const place = random.next() < 0.4 ? victim : integerBetween(random, 0, hosts - 1);
    return random.next() < share ? place : undefined;
  };
  return {
    hosts,
    racks: integerBetween(random, 1, Math.min(3, Math.floor(hosts / 2))),
    collectors: integerBetween(random, 1, 2),
    novaReportMs: pick(random, [2000, 10_000, 10_000]),
    novaApart: random.next() < 0.4,
    networks,
    oneNetworkIsEnough: networks === 1 && random.next() < 0.4,
    reportPaths: random.next() < 0.4 ? 2 : 1,
    racksKnown: random.next() < 0.7,
    mode: random.next() < 0.06 ? "observe" : "act",
    instancesShared: random.next() < 0.3,
    stormShare: pick(random, [0.1, 0.1, 0.25, 0.4, 0.6, 0.6]),
    stormCooldownMs: pick(random, [60_000, 120_000, 300_000]),
    fencesPerHour: pick(random, [1, 2, 3, 3]),
    fencesPerHourInDomain: pick(random, [1, 1, 2]),
    movesAtOnce: integerBetween(random, 1, 8),
    rebootOverdue: pick(random, ["ask", "act"]),
    noticeMs: pick(random, [60_000, 60_000, 60_000, 60_000, 180_000, 600_000]),
    busyMs: pick(random, [200, 333, 500, 500, 1000, 1000]),
    calmMs: pick(random, [1000, 1500, 1500]),
    evacuateAnswerMs: integerBetween(random, 50, 4000),
    rebuildMs: integerBetween(random, 1000, 40_000),
    bmcLatencyMs: integerBetween(random, 20, 900),
    bootMs: integerBetween(random, 0, 30_000),
    memoryMb: pick(random, [18_000, 65_536, 65_536]),
    servers: Array.from({ length: hosts }, () => integerBetween(random, 0, 8)),
    odd: {
      inMaintenance: placeOr(0.12),
      unprobed: placeOr(0.06),
      withoutDevice: placeOr(0.06),
      outlets: placeOr(0.2),
      localDisks: placeOr(0.2),
      stoppedServers: placeOr(0.2),
      levels: random.next() < 0.4 ? victim : placeOr(0.3),
    },
    confirmBy: pick(random, [1, 1, 2]),
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[Math.floor(random.next() * from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}
