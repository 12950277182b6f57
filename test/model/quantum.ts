/**
 * One quantum of the model: something happens in the world or nothing does, reports and late answers
 * arrive, the real reducer decides, its effects are carried out, and their answers come in.
 */
import { isOrder, type Effect } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { Step } from "../../guardian/core/guardian.ts";
import { memoryText, parseMemory } from "../../guardian/core/memory-text.ts";
import type { Settings } from "../../guardian/core/settings.ts";
import type { GuardianState } from "../../guardian/core/state.ts";
import type { HostName } from "../../shared/names.ts";
import { monoMs, wallMs, type MonoMs, type WallMs } from "../../shared/time.ts";
import { judgeOrder, judgeState } from "./promises.ts";
import { peer } from "./model-settings.ts";
import { answerTo } from "./model-answers.ts";
import { emptiedMark, ModelWorld } from "./model-world.ts";

/** The reducer under test: the real one, or one with a planted bug. */
export interface Reducer {
  readonly step: (state: GuardianState, event: GuardianEvent) => Step;
  readonly initialState: (settings: Settings, now: MonoMs, wall: never) => GuardianState;
}

/** All there is at one moment, between two quanta. */
export interface Node {
  readonly state: GuardianState;
  readonly world: ModelWorld;
  /** Answers that are under way still. */
  readonly late: readonly GuardianEvent[];
  /** Faults that may still come in this episode. */
  readonly faultsLeft: number;
}

export interface Action {
  readonly name: string;
  readonly cost: 0 | 1;
  /** What happens in the world; false when it cannot happen now. */
  readonly happen: (world: ModelWorld, node: Node) => boolean;
  /** What becomes of this quantum's answers. */
  readonly answers: "come" | "late" | "lost" | "twice" | "nova-lost";
  /** The guardian dies when it has decided, before or after its orders were carried out. */
  readonly crash: "none" | "before" | "after";
  /** What people tell the guardian, before anything else of this quantum. */
  readonly say?: (state: GuardianState, at: Said) => readonly GuardianEvent[];
}

export interface Said {
  readonly at: MonoMs;
  readonly wall: WallMs;
}

export interface Outcome {
  readonly node: Node;
  readonly violations: readonly string[];
}

const answerMs = 100;
const restartMs = 200;

export class Quantum {
  readonly #reducer: Reducer;
  readonly #settings: Settings;

  constructor(reducer: Reducer, settings: Settings) {
    this.#reducer = reducer;
    this.#settings = settings;
  }

  /** A guardian that has just started beside hosts that are well. */
  start(victims: readonly HostName[], at: number, emptied: boolean): Node {
    const world = ModelWorld.of(victims, at, emptied);
    const state = this.#started(this.#initial(at), at);
    return { state, world, late: [], faultsLeft: 0 };
  }

  #initial(at: number): GuardianState {
    return this.#reducer.initialState(this.#settings, monoMs(at), wallMs(at) as never);
  }

  /** A new process with what the last one journaled. The count of its starts is left out. */
  #started(before: GuardianState, at: number): GuardianState {
    const memory = parseMemory(JSON.parse(memoryText(before.memory)));
    const [now, wall] = [monoMs(at), wallMs(at)];
    const event = { kind: "started", at: now, wall, epoch: 1, memory, starts: [wall] } as const;
    return this.#reducer.step(this.#initial(at), event).state;
  }

  /** Undefined when the action cannot happen now. */
  run(node: Node, action: Action): Outcome | undefined {
    const world = node.world.copy();
    if (!action.happen(world, node)) return undefined;
    world.pass();
    const now = monoMs(world.now);
    let { state } = node;
    for (const event of action.say?.(state, { at: now, wall: wallMs(now) }) ?? []) {
      state = this.#reducer.step(state, event).state;
    }
    state = this.#reducer.step(state, world.telemetry()).state;
    for (const event of node.late) state = this.#reducer.step(state, { ...event, at: now }).state;
    const tick = { kind: "tick", at: now, wall: wallMs(now), disarmed: false } as const;
    const { state: ticked, effects } = this.#reducer.step(state, tick);
    const found = effects.filter(isOrder).flatMap((order) => judgeOrder(order, ticked, world));
    const at = monoMs(now + answerMs);
    const doing = action.crash === "before" ? [] : effects;
    const answers = answersOf(
      world,
      action.crash === "none" ? doing : doing.filter(isOrder),
      now,
      at,
    );
    state = this.#answered(ticked, action, answers, now);
    // A person's word is no word any more after a restart.
    if (action.crash !== "none") world.forgetWords();
    const late = action.crash === "none" && action.answers === "late" ? answers : [];
    const faultsLeft = node.faultsLeft - action.cost;
    const violations = [...found, ...world.violations, ...judgeState(node.state, state, world)];
    world.violations = [];
    return { node: { state, world, late, faultsLeft }, violations };
  }

  #answered(
    ticked: GuardianState,
    action: Action,
    answers: readonly GuardianEvent[],
    now: number,
  ): GuardianState {
    if (action.crash !== "none") return this.#started(ticked, now + restartMs);
    if (action.answers === "lost" || action.answers === "late") return ticked;
    let state = ticked;
    const come = action.answers === "nova-lost" ? answers.flatMap(withoutNova) : answers;
    for (const event of come) {
      state = this.#reducer.step(state, event).state;
      if (action.answers === "twice") state = this.#reducer.step(state, event).state;
    }
    return state;
  }
}

const novaLooks = ["services", "inventory", "servers-seen", "moves-seen", "migrations-seen"];

/** Nova did what it was asked for, and its answer got lost: a timeout tells of a call that changes. */
function withoutNova(event: GuardianEvent): GuardianEvent[] {
  const answer = { kind: "unknown", reason: "no answer within 30 s" } as const;
  if (event.kind === "evacuate-answered") return [{ ...event, answer }];
  if (event.kind === "service-order-answered") return [{ ...event, answer }];
  if (event.kind === "live-migrate-answered") return [{ ...event, answer }];
  return novaLooks.includes(event.kind) ? [] : [event];
}

function answersOf(
  world: ModelWorld,
  effects: readonly Effect[],
  askedAt: MonoMs,
  at: MonoMs,
): readonly GuardianEvent[] {
  return effects.flatMap((effect) => answerTo(world, effect, { askedAt, at }) ?? []);
}

/** Everything is as it should be, and the guardian knows it. */
export function isWell(
  state: GuardianState,
  world: ModelWorld,
  late: readonly GuardianEvent[],
): boolean {
  if (!world.novaUp || world.stalled || late.length > 0) return false;
  if (state.memory.disarmed !== undefined) return false;
  for (const [name, { bmc, degraded, startsAll }] of world.hosts) {
    if (!isInService(name, world) || bmc !== "normal" || degraded || startsAll) return false;
    const host = state.hosts.get(name);
    if (host?.assessment?.row !== "8" || state.memory.incidents.get(name) !== undefined)
      return false;
  }
  return true;
}

/** It lives, and Nova uses it as people want it to. */
export function isInService(name: HostName, world: ModelWorld): boolean {
  const { disabledReason, forcedDown } = world.host(name);
  const wanted = world.emptied && name !== peer ? emptiedMark : undefined;
  return world.lives(name) && disabledReason === wanted && !forcedDown;
}
