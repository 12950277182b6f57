/** What faults act on: the world of a plan, and what the faults under way make unfair to add. */
import { isBeyondReach } from "./beyond-reach.ts";
import { defaultPolicy } from "../../guardian/core/evacuation-policy.ts";
import { reserveMark } from "../../guardian/core/marks.ts";
import { confirmProblem } from "../../guardian/core/confirmations.ts";
import { rehearsalProblem } from "../../guardian/core/rehearsal-gates.ts";
import { vouchProblem } from "../../guardian/core/power.ts";
import { undoProblem } from "../../guardian/core/undo.ts";
import { defaultLimits, type HostSettings, type Settings } from "../../guardian/core/settings.ts";
import { collectorId, hostName, type HostName } from "../../shared/names.ts";
import { seededRandom } from "../../shared/random.ts";
import type { NetworkName } from "../../shared/telemetry.ts";
import { worldSettings } from "../support/world-settings.ts";
import { rackName, type WorldHost, type WorldRack } from "../support/world-host.ts";
import { furnishLevels, newOutlet, type WorldBmc } from "../support/world-power.ts";
import { World } from "../support/world.ts";
import { wallMs } from "../../shared/time.ts";
import type { Cloud, Plan } from "./plan.ts";

export const allNetworks: readonly NetworkName[] = ["management", "storage", "business"];

export class Scene {
  readonly world: World;
  readonly plan: Plan;
  readonly names: readonly HostName[];
  /** Devices that say "off" of a chassis that is on: such a host is not cut off as well. */
  readonly lying = new Set<HostName>();
  /** Hosts whose device somebody vouched for wrongly. */
  readonly vouchedWrongly = new Set<HostName>();
  /** Hosts that people confirmed to be off: they see to it that nobody switches them on. */
  readonly lockedOut = new Set<HostName>();
  /** When somebody switched a host on last while its servers were moved. */
  readonly #turnedOnAt = new Map<HostName, number>();
  /** Changes when everything is mended: what was booked before does not happen any more. */
  #healed = false;

  constructor(plan: Plan) {
    const { cloud } = plan;
    this.plan = plan;
    this.names = Array.from({ length: cloud.hosts }, (_, at) => hostName(`compute-${at + 1}`));
    const settings = settingsOf(cloud, this.names);
    const random = seededRandom(Math.imul(plan.seed, 0x85ebca6b) ^ 0x0a11);
    this.world = new World(settings, this.names, random, cloud.racks);
    furnish(this.world, cloud, this.names);
    this.world.isBeyondReach = (host) =>
      isBeyondReach(this.world, host, this.#turnedOnAt.get(host.name));
  }

  host(index: number): WorldHost {
    const name = this.names[index];
    if (name === undefined) throw new Error(`no host at ${index}`);
    return this.world.host(name);
  }

  device(host: WorldHost): WorldBmc | undefined {
    return this.world.bmcs.get(host.name);
  }

  inRack(rack: WorldRack): readonly WorldHost[] {
    return [...this.world.hosts.values()].filter((host) => host.rack === rack);
  }

  /** Books what ends a fault; healing overtakes it. */
  later(ms: number, run: () => void): void {
    this.world.queue.in(ms, () => {
      if (!this.#healed) run();
    });
  }

  /** From here on faults do not end by themselves any more: everything is mended. */
  closeFaults(): void {
    this.#healed = true;
  }

  mended(host: WorldHost): void {
    host.mendedAt = this.world.queue.now;
  }

  /** A person switches it on, unless a tag on it says that its servers are being moved. */
  switchOn(name: HostName): boolean {
    const phase = this.world.guardian.journaled.incidents.get(name)?.phase.kind;
    const open = phase !== undefined && phase !== "ended";
    const isMoving = open || this.world.nova.isMovingOff(name);
    if (isMoving && (this.lockedOut.has(name) || this.#isHeld(name))) return false;
    if (open) this.#turnedOnAt.set(name, this.world.queue.now);
    this.world.boot(name);
    return true;
  }

  /** On hold it would not be switched off again: whoever wants that sees to it that it stays off. */
  #isHeld(name: HostName): boolean {
    return this.world.guardian.journaled.incidents.get(name)?.answer?.kind === "held";
  }

  /** Whether nothing at all ails a host's networks. */
  isReachable(host: WorldHost): boolean {
    const cabled = allNetworks.every((name) => host.networks[name] && host.rack.networks[name]);
    return cabled && !host.echoLost && host.link === undefined;
  }
}

function settingsOf(cloud: Cloud, names: readonly HostName[]): Settings {
  const collectors = Array.from({ length: cloud.collectors }, (_, at) => collectorId(`c${at + 1}`));
  const limits = {
    ...defaultLimits,
    novaCadenceMs: cloud.novaReportMs,
    stormShare: cloud.stormShare,
    stormCooldownMs: cloud.stormCooldownMs,
    fencesPerHour: cloud.fencesPerHour,
    fencesPerHourInDomain: cloud.fencesPerHourInDomain,
    movesAtOnce: cloud.movesAtOnce,
    noticeMs: cloud.noticeMs,
    // A seed is fifteen minutes: what takes six by default is made to fit into it.
    disableDegradedAfterMs: 20_000,
    enableHealthyAfterMs: 60_000,
  };
  const { mode, instancesShared, oneNetworkIsEnough, rebootOverdue, confirmBy, odd } = cloud;
  const paused = cloud.rebuildMs % 8 === 0 ? "leave" : "reset";
  const states = { ...defaultPolicy.states, paused } as const;
  const base = worldSettings(names, {
    evacuation: { ...defaultPolicy, states },
    collectors,
    limits,
    mode,
    instancesShared,
    oneNetworkIsEnough,
    confirmBy,
    rebootOverdue,
    drain: cloud.rebuildMs % 5 < 4,
    // Hosts that live, and whose storage has failed, are switched off in most clouds.
    rows: new Map(cloud.rebuildMs % 7 < 5 ? [["4", "fence"]] : []),
    comeHome: cloud.rebuildMs % 3 === 0 ? "power-on" : "leave-off",
  });
  const networks = base.networks.slice(0, cloud.networks);
  const hosts = new Map<HostName, HostSettings>();
  for (const [index, name] of names.entries()) {
    const several = index === odd.levels && index !== odd.outlets;
    const outlets = ["outlet-a", "outlet-b"];
    const single = index === odd.outlets ? outlets : ["bmc"];
    const devices = several ? ["bmc", ...outlets] : single;
    const levels = [
      { devices: ["bmc"], deadlineMs: undefined },
      { devices: outlets, deadlineMs: undefined },
    ];
    const addresses = base.hosts.get(name)?.addresses ?? {};
    hosts.set(name, {
      addresses: cloud.networks === 1 ? { management: addresses.management ?? "" } : addresses,
      devices: index === odd.withoutDevice ? [] : devices,
      levels: several && index !== odd.withoutDevice ? levels : undefined,
      maintenance: index === odd.inMaintenance ? "a new memory module" : undefined,
      domains: cloud.racksKnown ? { rack: rackName(index, cloud.racks) } : {},
    });
  }
  const last = names.at(-1);
  const reserve: Partial<Settings> =
    cloud.reserve === undefined || last === undefined || names.length < 5
      ? {}
      : { reserve: { hosts: [last], use: cloud.reserve } };
  return { ...base, ...reserve, networks, hosts };
}

/** What stands in the cloud before anything happens. */
function furnish(world: World, cloud: Cloud, names: readonly HostName[]): void {
  const { odd } = cloud;
  world.nova.schedulers = { up: 1, total: 1 };
  world.nova.memoryMb = cloud.memoryMb;
  world.nova.showsSizes = true;
  world.nova.reportEveryMs = cloud.novaReportMs;
  world.nova.rebuildMs = cloud.rebuildMs;
  world.evacuateAnswerMs = cloud.evacuateAnswerMs;
  world.bootMs = cloud.bootMs;
  world.guardian.beat = { busyMs: cloud.busyMs, calmMs: cloud.calmMs };
  for (const [index, name] of names.entries()) {
    const host = world.host(name);
    const isFree = world.settings.reserve?.hosts.includes(name) === true;
    world.addServers(name, isFree ? 0 : (cloud.servers[index] ?? 0), index !== odd.localDisks);
    if (cloud.reportPaths === 2) host.reportPaths = ["management", "storage"];
    if (cloud.novaApart) host.novaPath = undefined;
    if (index === odd.unprobed) host.probe = false;
    const bmc = world.bmcs.get(name);
    if (bmc !== undefined) bmc.latencyMs = cloud.bmcLatencyMs;
    if (index === odd.outlets) furnishOutlets(world, name);
    else if (index === odd.levels) {
      furnishLevels(world, name, 2);
      world.queue.in(15_000, () => vouch(world, name));
    }
  }
  for (const name of world.settings.reserve?.hosts ?? []) {
    world.nova.disable(`service-${name}`, reserveMark(world.state));
  }
  if (hasPaused(cloud)) {
    for (const [at, server] of [...world.nova.servers.values()].entries()) {
      if (at % 3 === 0) server.vmState = "paused";
    }
  }
  const stopped = odd.stoppedServers === undefined ? undefined : names[odd.stoppedServers];
  for (const server of world.nova.servers.values()) {
    if (server.host !== stopped) continue;
    world.nova.stop(server.id);
    world.host(server.host).running.delete(server.id);
  }
}

/** Every third server was paused by its owner, in a quarter of the seeds; in half of these it is left. */
function hasPaused({ rebuildMs }: Cloud): boolean {
  return rebuildMs % 4 === 0;
}

function furnishOutlets(world: World, name: HostName): void {
  world.bmcs.set(name, newOutlet(name));
  world.further.set(name, [newOutlet(name)]);
  world.queue.in(15_000, () => vouch(world, name));
}

/** A person says that this host's devices are its own. */
export function vouch(world: World, host: HostName): void {
  const { guardian } = world;
  if (vouchProblem(world.state, host) !== undefined) return;
  guardian.hear(() => ({
    kind: "vouched",
    at: guardian.mono(),
    wall: guardian.wall(),
    host,
    by: "alice",
    reason: "compared",
  }));
}

/** A person takes a fenced host back. */
export function release(world: World, host: HostName): void {
  const { guardian } = world;
  guardian.hear(() => ({
    kind: "released",
    at: guardian.mono(),
    wall: guardian.wall(),
    host,
    by: "alice",
    reason: "repaired",
  }));
}

/** A person calls a fence off; refused where there is none, as the daemon does it. */
export function undo(world: World, host: HostName): boolean {
  const { guardian } = world;
  if (!guardian.up || undoProblem(world.state, host) !== undefined) return false;
  const words = { host, by: "alice", reason: "a false alarm" };
  guardian.hear(() => ({
    kind: "undo-asked",
    at: guardian.mono(),
    wall: guardian.wall(),
    ...words,
  }));
  return true;
}

/** A person's word that a host is off, as the daemon takes it: refused while life speaks against it. */
export function confirmOff(world: World, host: HostName, uid: number): boolean {
  const { guardian } = world;
  if (!guardian.up || confirmProblem(world.state, host) !== undefined) return false;
  const incident = world.state.memory.incidents.get(host)?.id ?? "none";
  const words = { host, incident, uid, by: `uid ${uid}`, reason: "cables pulled" };
  guardian.hear(() => ({
    kind: "confirmed",
    at: guardian.mono(),
    wall: guardian.wall(),
    ...words,
  }));
  return true;
}

/** A person wants a host's power to be cycled; refused by any gate, as the daemon does it. */
export function rehearse(world: World, host: HostName): void {
  const { guardian } = world;
  if (!guardian.up || rehearsalProblem(world.state, host, 0).length > 0) return;
  const words = { host, level: 0, by: "alice", reason: "is this its BMC" };
  guardian.hear(() => ({
    kind: "rehearsal-asked",
    at: guardian.mono(),
    wall: guardian.wall(),
    ...words,
  }));
}

/** A person answers a host's open incident, if it has one. */
export function answer(
  world: World,
  host: HostName,
  said: "approved" | "held" | "dismissed",
): boolean {
  const { guardian } = world;
  const incident = guardian.journaled.incidents.get(host)?.id;
  if (incident === undefined || !guardian.up) return false;
  guardian.hear(() => ({
    kind: "incident-answered",
    at: guardian.mono(),
    wall: guardian.wall(),
    host,
    incident,
    answer: said,
    by: "alice",
    reason: "looked",
  }));
  return true;
}

/** A person puts a host into maintenance for some time, or ends that. */
export function maintain(world: World, host: HostName, ms: number | undefined): void {
  const { guardian } = world;
  guardian.hear(() => {
    const [at, wall] = [guardian.mono(), guardian.wall()];
    const words = { host, by: "alice", reason: "new disks" };
    if (ms === undefined) return { kind: "maintenance-cleared", at, wall, ...words };
    const untilWall = wallMs(wall + ms);
    return { kind: "maintenance-set", at, wall, ...words, owner: "bob", untilWall };
  });
}

/** A person arms or disarms it. */
export function arm(world: World, armed: boolean): void {
  const { guardian } = world;
  guardian.hear(() => ({
    kind: "arming",
    at: guardian.mono(),
    wall: guardian.wall(),
    armed,
    by: "alice",
    reason: armed ? "looked" : "work on the room's cooling",
  }));
}
