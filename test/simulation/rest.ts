/**
 * Whether a run has come to rest: everything mended, nothing under way, nothing waited for, and for longer than
 * the judge gives anybody to notice what is wrong, nothing done or said. What would follow is the same to the
 * end, so most runs stop there; one in eight is played to its end all the same.
 */
import type { Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { Phase } from "../../guardian/core/memory.ts";
import type { World } from "../support/world.ts";
import type { Plan } from "./plan.ts";

/** Longer than the 150 s within which a dead host must be fenced, and a silent one told of. */
const quietMs = 170_000;
/** Where a host is held back: so much longer than the longest time that a gate waits for by itself, a storm's cooldown. */
const heldQuietMoreMs = 40_000;
/** Longer between two rounds: the process stood still. */
const standsStillMs = 2500;
/** Every so manyth seed is played to its end. */
const wholeEvery = 8;
/** Looks, which go on for ever. */
const looks: ReadonlySet<Effect["kind"]> = new Set([
  "ping",
  "ping-anchor",
  "read-power",
  "read-services",
  "read-inventory",
  "list-servers",
  "read-moves",
  "read-migrations",
]);
/** Healthy; fenced, evacuated, and left to people; never guarded. */
const restingRows = ["8", "3a", "3"];

export class Rest {
  readonly #world: World;
  readonly #plan: Plan;
  #busyAt = 0;
  #heldAt = 0;
  #roundAt = 0;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
  }

  took(event: GuardianEvent, effects: readonly Effect[]): void {
    const { now } = this.#world.queue;
    const told = effects.some(({ kind }) => !looks.has(kind));
    const round = event.kind === "tick";
    const stood = round && now - this.#roundAt > standsStillMs;
    if (told || stood || (round && this.#isBusy())) this.#busyAt = now;
    if (round && this.#isHeld()) this.#heldAt = now;
    if (round) this.#roundAt = now;
  }

  /** From here to the end nothing would be new. */
  isReached(): boolean {
    const { guardian, queue } = this.#world;
    if (this.#plan.seed % wholeEvery === 0 || !guardian.up) return false;
    // Who stands still says nothing, and has seen nothing yet of what is wrong.
    if (queue.now - this.#roundAt > standsStillMs) return false;
    const restedMs = queue.now - Math.max(this.#busyAt, this.#plan.healAtMs);
    return restedMs > (queue.now - this.#heldAt > quietMs ? quietMs : this.#heldQuietMs());
  }

  #heldQuietMs(): number {
    return Math.max(quietMs, this.#plan.cloud.stormCooldownMs + heldQuietMoreMs);
  }

  /** Something waits, for a gate or for people, that may not happen at all. */
  #isHeld(): boolean {
    const { memory } = this.#world.state;
    if (Object.keys(memory.storms).length > 0) return true;
    return [...memory.incidents.values()].some(({ phase }) => phase.kind === "watching");
  }

  #isBusy(): boolean {
    const { memory, hosts } = this.#world.state;
    for (const { phase } of memory.incidents.values()) {
      if (phase.kind !== "ended" && phase.kind !== "watching") return true;
      if (phase.kind === "ended" && isUnderWay(phase)) return true;
    }
    if (memory.degraded.size > 0) return true;
    return hosts.values().some(({ host, assessment }) => {
      if (restingRows.includes(assessment?.row ?? "")) return false;
      return memory.incidents.get(host)?.phase.kind !== "watching";
    });
  }
}

function isUnderWay({ home }: Extract<Phase, { kind: "ended" }>): boolean {
  return home !== undefined && home.step.kind !== "stopped";
}
