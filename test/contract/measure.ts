/** Trials and watches in the simulated world, with the default limits. */
import { seededRandom } from "../../shared/random.ts";
import { hostName, type HostName } from "../../shared/names.ts";
import { worldSettings } from "../support/world-settings.ts";
import { powerLoss } from "../support/world-host.ts";
import { World } from "../support/world.ts";
import type { Condition } from "./conditions.ts";

const settleMs = 30_000;
const yearMs = 365 * 86_400_000;

function makeWorld(hosts: number, condition: Condition, seed: number): World {
  const names = Array.from({ length: hosts }, (_, at) => hostName(`compute-${at + 1}`));
  const random = seededRandom(seed);
  const world = new World(worldSettings(names, {}), names, random);
  world.logging = false;
  condition.begin(world, random);
  world.run(settleMs + 20_000 * random.next());
  return world;
}

/** Several times the longest that was seen in these conditions. */
export const detectMsMax = 600_000;

/** Milliseconds from a power loss; undefined when it did not happen within `detectMsMax`. */
export interface Detection {
  readonly deadMs: number | undefined;
  readonly evacuateMs: number | undefined;
}

/** One host loses its power at a random moment. */
export function detect(hosts: number, condition: Condition, seed: number): Detection {
  const world = makeWorld(hosts, condition, seed);
  const victim = hostName(`compute-${1 + (seed % hosts)}`);
  world.addServers(victim, 1);
  const lostAt = world.queue.now;
  let deadMs: number | undefined;
  let evacuateMs: number | undefined;
  world.guardian.watcher = {
    ordered: (order) => {
      if (order.kind === "evacuate") evacuateMs ??= world.queue.now - lostAt;
    },
    took: () => {
      const dead = world.state.hosts.get(victim)?.assessment?.verdict === "dead";
      if (dead) deadMs ??= world.queue.now - lostAt;
    },
  };
  powerLoss(world.host(victim));
  for (let waitedMs = 0; waitedMs < detectMsMax && evacuateMs === undefined; waitedMs += 1000) {
    world.run(1000);
  }
  return { deadMs, evacuateMs };
}

export interface FalseAlarms {
  readonly hostYears: number;
  /** Times that a living host turned suspect. */
  readonly suspicions: number;
  /** Times that a living host got a verdict that claims silence, death, isolation or a hang. */
  readonly verdicts: number;
  readonly powerOffs: number;
}

const falseVerdicts: ReadonlySet<string> = new Set(["silent", "dead", "isolated", "hung"]);

/** Watches a cloud in which nothing happens to any host. */
export function watch(
  hosts: number,
  condition: Condition,
  seed: number,
  forMs: number,
): FalseAlarms {
  const world = makeWorld(hosts, condition, seed);
  let suspicions = 0;
  let verdicts = 0;
  const before = new Map<HostName, { readonly suspect: boolean; readonly wrong: boolean }>();
  world.guardian.watcher = {
    ordered: () => undefined,
    took: (event) => {
      if (event.kind !== "tick") return;
      for (const host of world.state.hosts.values()) {
        const suspect = host.suspectSince !== undefined;
        const wrong = falseVerdicts.has(host.assessment?.verdict ?? "");
        const was = before.get(host.host);
        if (suspect && was?.suspect !== true) suspicions += 1;
        if (wrong && was?.wrong !== true) verdicts += 1;
        if (was?.suspect !== suspect || was.wrong !== wrong) {
          before.set(host.host, { suspect, wrong });
        }
      }
    },
  };
  world.run(forMs);
  const powerOffs = world.powerOffs.length;
  return { hostYears: (hosts * forMs) / yearMs, suspicions, verdicts, powerOffs };
}

/** What becomes of hosts that die, `gapMs` apart, with the default limits and nobody near. */
export function outcome(hosts: number, dying: number, gapMs: number, condition: Condition): string {
  const world = makeWorld(hosts, condition, 7);
  // The last ones: the simulated scheduler fills the first, so that no server moves to a victim.
  const victims = Array.from({ length: dying }, (_, at) => hostName(`compute-${hosts - at}`));
  for (const victim of victims) world.addServers(victim, 1);
  for (const victim of victims) {
    powerLoss(world.host(victim));
    world.run(gapMs);
  }
  world.run(180_000);
  const servers = [...world.nova.servers.values()];
  const moved = servers.filter((server) => !victims.includes(server.host)).length;
  const pages = new Set(world.pages.map((page) => page.kind));
  const told = pages.size === 0 ? "" : `; pages: ${[...pages].sort().join(", ")}`;
  return `${moved} of ${dying} recovered${told}`;
}
