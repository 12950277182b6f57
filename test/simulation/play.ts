/** Plays a plan: a settled cloud, its faults (safety), then everything mended (liveness). */
import { faultsByName } from "./fault-kinds.ts";
import { Coverage } from "./coverage.ts";
import { heal } from "./healing.ts";
import { endMs, settleMs, type Plan, type PlannedFault } from "./plan.ts";
import { Scene } from "./scene.ts";
import { Judge } from "./judge.ts";
import { Rest } from "./rest.ts";

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Empty unless it was asked for. */
  readonly log: readonly string[];
  /** Equal for equal seeds, or the run was not deterministic. */
  readonly hash: string;
  /** Names that coverage counts. */
  readonly reached: readonly string[];
  readonly evacuateCalls: number;
  readonly powerOffs: number;
}

/** How often a run is asked whether it has come to rest. */
const stretchMs = 10_000;

/** Plays a plan to its end, or until it rests; `logging` keeps the story. */
export function play(plan: Plan, logging = false): RunResult {
  const scene = new Scene(plan);
  const { world } = scene;
  world.logging = logging;
  const judge = new Judge(world, scene.vouchedWrongly);
  const coverage = new Coverage(world);
  const rest = new Rest(world, plan);
  world.guardian.watcher = {
    ordered: (order) => judge.ordered(order),
    heard: (event) => judge.heard(event),
    took: (event, effects) => {
      world.hash.number(event.kind.length);
      world.hash.number(event.at);
      judge.took(event, effects);
      coverage.took(event, effects);
      rest.took(event, effects);
    },
  };
  world.queue.at(settleMs, () => world.say("world", "settled"));
  for (const fault of plan.faults) {
    world.queue.at(fault.atMs, () => {
      if (fault.atMs < plan.healAtMs && inject(scene, fault)) {
        coverage.reached.add(`fault ${fault.kind}`);
      }
    });
  }
  world.queue.at(plan.healAtMs, () => heal(scene));
  for (let at = 0; at < endMs && !rest.isReached(); at += stretchMs) {
    world.queue.runUntil(Math.min(endMs, at + stretchMs));
  }
  judge.end();
  return {
    seed: plan.seed,
    violations: world.violations,
    log: world.log,
    hash: world.hash.digest(),
    reached: [...coverage.reached],
    evacuateCalls: world.evacuations.length,
    powerOffs: world.powerOffs.length,
  };
}

function inject(scene: Scene, fault: PlannedFault): boolean {
  const kind = faultsByName.get(fault.kind);
  if (kind === undefined) throw new Error(`no fault ${fault.kind}`);
  const host = scene.host(fault.host);
  const other = scene.host(fault.other);
  const { lastsMs, luck } = fault;
  const done = kind.inject(scene, { host, other, lastsMs, luck });
  if (done) scene.world.say("world", `${fault.kind} (${host.name})`);
  return done;
}
