/**
 * A seeded run: a healthy cloud, random faults within what the product promises to survive, then
 * everything but the dead hosts is mended. Safety is checked after every event, liveness at the end.
 */
import { createHash } from "node:crypto";
import { defaultLimits } from "../../guardian/core/settings.ts";
import { collectorId, hostName, type HostName } from "../../shared/names.ts";
import { integerBetween, seededRandom, type Random } from "../../shared/random.ts";
import { worldSettings } from "../support/script.ts";
import { powerLoss, type WorldHost } from "../support/world-host.ts";
import type { BmcMode } from "../support/world-power.ts";
import { World } from "../support/world.ts";

export interface RunResult {
  readonly seed: number;
  readonly options: string;
  readonly violations: readonly string[];
  readonly log: readonly string[];
  /** Equal for equal seeds, or the run was not deterministic. */
  readonly hash: string;
  readonly unseed: number;
  readonly evacuated: number;
  readonly fenced: number;
}

interface Options {
  readonly hosts: number;
  readonly collectors: number;
  readonly novaReportMs: number;
  readonly faults: number;
  /** `focused`: one host dies, and the faults come while it is fenced and evacuated. */
  readonly kind: "broad" | "focused";
}

const settleMs = 30_000;
/** Long enough for slow troubles; the focused runs crowd theirs around one death. */
const chaosMs = { broad: 240_000, focused: 40_000 } as const;
const healMs = 600_000;

/** Plays one seed to its end. */
export function play(seed: number): RunResult {
  const random = seededRandom(seed);
  const options: Options = {
    hosts: integerBetween(random, 3, 12),
    collectors: integerBetween(random, 1, 2),
    novaReportMs: random.next() < 0.5 ? 2000 : 10_000,
    faults: integerBetween(random, 1, 8),
    kind: random.next() < 0.6 ? "focused" : "broad",
  };
  const names = Array.from({ length: options.hosts }, (_, at) => hostName(`compute-${at + 1}`));
  const collectors = Array.from({ length: options.collectors }, (_, at) =>
    collectorId(`c${at + 1}`),
  );
  const limits = { ...defaultLimits, novaCadenceMs: options.novaReportMs };
  const world = new World(worldSettings(names, { collectors, limits }), names, random);
  world.nova.reportEveryMs = options.novaReportMs;
  world.evacuateAnswerMs = integerBetween(random, 50, 4000);
  for (const name of names) world.addServers(name, integerBetween(random, 0, 10));
  world.run(settleMs);
  const check = (): void => checkSafety(world);
  if (options.kind === "focused") {
    const victim = world.host(names[0] ?? hostName("compute-1"));
    if (random.next() < 0.7) powerLoss(victim);
    else victim.hung = true;
    const device = world.bmcs.get(victim.name);
    if (random.next() < 0.3) setBmc(device, random);
    world.say("world", `${victim.name} ${victim.hung ? "hangs" : "loses power"}`);
    world.run(random.next() * 20_000, check);
  }
  for (let fault = 0; fault < options.faults; fault += 1) {
    world.run(random.next() * (chaosMs[options.kind] / options.faults), check);
    inject(world, random, names);
  }
  world.run(integerBetween(random, 0, 60_000), check);
  heal(world);
  world.run(healMs, check);
  checkLiveness(world);
  const hash = createHash("sha256").update(world.log.join("\n")).digest("hex").slice(0, 16);
  return {
    seed,
    options: JSON.stringify(options),
    violations: world.violations,
    log: world.log,
    hash,
    unseed: random.next(),
    evacuated: world.evacuations.length,
    fenced: world.powerOffs.length,
  };
}

/** One fault. Devices are never wired to another host here: that needs no luck, but a scenario. */
function inject(world: World, random: Random, names: readonly HostName[]): void {
  // The first host is drawn more often: it is the one that dies in focused runs.
  const drawn = random.next() < 0.4 ? 0 : integerBetween(random, 0, names.length - 1);
  const name = names[drawn] ?? hostName("compute-1");
  const host = world.host(name);
  const collector =
    world.collectors.all[integerBetween(random, 0, world.collectors.all.length - 1)];
  const bmc = world.bmcs.get(name);
  const networks = ["management", "storage", "business"] as const;
  const network = networks[integerBetween(random, 0, 2)] ?? "management";
  const kinds: readonly (readonly [string, () => void])[] = [
    ["power-loss", () => powerLoss(host)],
    ["power-loss", () => powerLoss(host)],
    ["power-loss", () => powerLoss(host)],
    ["hang", () => void (host.hung = true)],
    ["power-on", () => world.boot(name)],
    ["power-on", () => world.boot(name)],
    ["probe and compute off", () => void ((host.probe = false), (host.compute = false))],
    ["thaw", () => mended(world, host, () => (host.hung = false))],
    ["guardian restarted", () => restartGuardian(world, random)],
    ["bmc", () => setBmc(bmc, random)],
    ["cut " + network, () => void (host.networks[network] = false)],
    ["mend " + network, () => mended(world, host, () => (host.networks[network] = true))],
    ["probe off", () => void (host.probe = false)],
    ["compute off", () => void (host.compute = false)],
    ["bmc", () => setBmc(bmc, random)],
    ["slow bmc", () => void (bmc !== undefined && (bmc.latencyMs = 3000))],
    ["collector kill", () => void (collector !== undefined && (collector.up = false))],
    ["collector start", () => collector !== undefined && world.collectors.restart(collector)],
    ["collector stuck", () => void (collector !== undefined && (collector.storeStuck = true))],
    ["collector drops", () => void (collector !== undefined && (collector.dropped += 50))],
    ["store down", () => void (world.collectors.storeUp = false)],
    ["live down", () => void (world.liveUp = false)],
    ["nova down", () => void (world.novaUp = false)],
    ["nova up", () => void (world.novaUp = true)],
    ["leg cut " + network, () => void (world.legs[network] = false)],
    [
      "guardian paused",
      () => void (world.pausedUntil = world.queue.now + 3000 + 17_000 * random.next()),
    ],
    ["guardian restarted", () => restartGuardian(world, random)],
    ["journal read-only", () => void (world.journalWritable = false)],
    ["disarmed", () => void (world.disarmedFile = true)],
    ["notice", () => void (host.checks = { ...host.checks, notice: "rebooting" })],
    ["disabled", () => void world.nova.disable(`service-${name}`, "by bob")],
  ];
  const [label, run] = kinds[integerBetween(random, 0, kinds.length - 1)] ?? [
    "nothing",
    () => undefined,
  ];
  world.say("world", `${label} (${name})`);
  run();
}

function mended(world: World, host: WorldHost, change: () => void): void {
  change();
  host.mendedAt = world.queue.now;
}

function setBmc(bmc: { mode: BmcMode } | undefined, random: Random): void {
  const modes: readonly BmcMode[] = ["normal", "stuck", "unreachable", "refuses"];
  if (bmc !== undefined) bmc.mode = modes[integerBetween(random, 0, 3)] ?? "normal";
}

function restartGuardian(world: World, random: Random): void {
  if (!world.guardianUp) return;
  world.killGuardian();
  world.queue.in(random.next() * 30_000, () => world.startGuardian());
}

/** Mends everything around the dead hosts; they stay as they are. */
function heal(world: World): void {
  world.say("world", "healed: only dead hosts stay dead");
  world.novaUp = true;
  world.collectors.storeUp = true;
  world.liveUp = true;
  world.journalWritable = true;
  world.disarmedFile = false;
  for (const network of ["management", "storage", "business"] as const) world.legs[network] = true;
  for (const collector of world.collectors.all) {
    collector.storeStuck = false;
    if (!collector.up) world.collectors.restart(collector);
  }
  for (const bmc of world.bmcs.values()) {
    bmc.mode = "normal";
    bmc.latencyMs = 60;
  }
  for (const host of world.hosts.values()) {
    host.mendedAt = world.queue.now;
    for (const network of ["management", "storage", "business"] as const)
      host.networks[network] = true;
    if (!host.hung && host.power) host.probe = true;
    host.compute = true;
  }
}

/** What must hold at every moment; the world itself records double starts and second calls. */
function checkSafety(world: World): void {
  const { state } = world;
  if (!world.guardianUp) return;
  for (const [name, reason] of Object.entries(state.memory.quarantined)) {
    world.violate(`${name} is in quarantine: ${reason}`);
  }
  for (const incident of Object.values(state.memory.incidents)) {
    const { phase } = incident;
    if (phase.kind !== "evacuating" || phase.proof === undefined) continue;
    if (world.host(incident.host).power && state.now < phase.proof.expiresAt) {
      const offAt = phase.proof.obtainedAt;
      // The proof may be younger than the look that would revoke it; no older than its lifetime.
      if (state.now - offAt > state.settings.limits.proofMs) {
        world.violate(`a lapsed proof of ${incident.host} still stands`);
      }
    }
  }
}

/** Every server of a dead host runs elsewhere, or a person was paged about it. */
function checkLiveness(world: World): void {
  const { state } = world;
  if (!world.guardianUp) world.violate("the guardian is not running at the end");
  const paged = [...world.firing.values()].filter((message) => message.class !== "log");
  for (const server of world.nova.servers.values()) {
    const host = world.host(server.host);
    const down = !host.power || host.hung;
    if (!down && server.status === "ACTIVE") continue;
    const told = paged.some(
      (message) =>
        message.host === server.host ||
        message.why.some((line) => line.includes(server.name) || line.includes(server.host)),
    );
    const source = world.nova.migrations.find(
      (migration) => migration.server === server.id,
    )?.source;
    const toldOfSource = paged.some((message) => message.host === source);
    if (!told && !toldOfSource)
      world.violate(`${server.name} on ${server.host} is down and nobody was told`);
  }
  for (const incident of Object.values(state.memory.incidents)) {
    const { phase } = incident;
    if (phase.kind !== "evacuating" || phase.moves === undefined) continue;
    const waiting = Object.values(phase.moves).some((move) => move.state.kind === "planned");
    const about = paged.some((message) => message.host === incident.host);
    if (waiting && !about) world.violate(`moves of ${incident.host} wait and nobody was told`);
  }
}
