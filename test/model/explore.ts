/**
 * Breadth first over the real reducer until no new state is found. Every state's way on when nothing
 * more happens is kept: from each it must lead to where all is well, or to where people were told.
 */
import type { HostName } from "../../shared/names.ts";
import { faultsOfOne, faultsOfSeveral, nothing, repair } from "./actions.ts";
import { Canonical } from "./canonical.ts";
import { modelSettings, quantumMs } from "./model-settings.ts";
import { isAttended } from "./promises.ts";
import { isWell, Quantum, type Action, type Node, type Reducer } from "./quantum.ts";
import { StateTable, type StateRow } from "./state-table.ts";

export interface Options {
  readonly victims: readonly HostName[];
  /** Faults in an episode: from one moment at which all is well and settled to the next. */
  readonly faults: number;
  readonly statesMax: number;
  /** States are compared token by token, not by digests: slower, and without chance. */
  readonly exact?: boolean;
  readonly progress?: (states: number, waiting: number) => void;
}

export interface Result {
  readonly states: number;
  readonly transitions: number;
  /** Quanta on the longest of the shortest ways to a state. */
  readonly longestPath: number;
  /** No new state was left: the answer holds for every state within the faults. */
  readonly closed: boolean;
  /** The first broken promise, with the way there. */
  readonly violation: { readonly text: string; readonly path: readonly string[] } | undefined;
}

/** Numbers of what leads from state to state; of faults, of the first one. */
const steps = { start: 0, episode: 1, nothing: 2, repair: 3, fault: 4 } as const;

const startMs = 1_000_000;
const sliceMax = 1000;

export function explore(reducer: Reducer, options: Options): Result {
  return new Exploration(reducer, options).run();
}

class Exploration {
  readonly #options: Options;
  readonly #quantum: Quantum;
  /** Numbers of actions count from here: what may happen beside nothing. */
  readonly #faults: readonly Action[];
  readonly #canonical = new Canonical();
  readonly #states: StateTable;
  #frontier: { readonly at: number; readonly node: Node }[] = [];
  #transitions = 0;
  #violation: Result["violation"];

  constructor(reducer: Reducer, options: Options) {
    this.#options = options;
    this.#states = new StateTable(options.exact ?? false);
    this.#quantum = new Quantum(reducer, modelSettings(options.victims));
    const [first, ...others] = options.victims;
    const single = first !== undefined && others.length === 0;
    this.#faults = single ? faultsOfOne(first) : faultsOfSeveral(options.victims);
  }

  run(): Result {
    const start = this.#quantum.start(this.#options.victims, startMs);
    this.#arrive(start, { parent: -1, action: steps.start, depth: 0 });
    let [taken, slices] = [0, 0];
    while (taken < this.#frontier.length && this.#violation === undefined) {
      if (this.#states.size > this.#options.statesMax) break;
      const entry = this.#frontier[taken];
      taken += 1;
      if (entry !== undefined) this.#expand(entry.at, entry.node);
      if (taken < sliceMax) continue;
      // What was taken is not needed any more, and states are large.
      this.#frontier = this.#frontier.slice(taken);
      taken = 0;
      slices += 1;
      if (slices % 10 === 0) this.#options.progress?.(this.#states.size, this.#frontier.length);
    }
    const closed = taken === this.#frontier.length && this.#violation === undefined;
    if (closed) this.#judgeExits();
    return {
      states: this.#states.size,
      transitions: this.#transitions,
      longestPath: this.#states.get(this.#states.size - 1, "depth"),
      closed,
      violation: this.#violation,
    };
  }

  #expand(at: number, node: Node): void {
    const next = this.#take(at, node, nothing, steps.nothing);
    if (next === undefined) return;
    this.#states.setNext(at, next);
    if (next === at) this.#endEpisode(at, node);
    if (node.faultsLeft <= 0) return;
    for (const [number, action] of this.#faults.entries()) {
      this.#take(at, node, action, steps.fault + number);
    }
  }

  /** Nothing changes by itself any more: a new episode may begin, or it is people's turn. */
  #endEpisode(at: number, node: Node): void {
    const { faults: faultsLeft } = this.#options;
    const depth = this.#states.get(at, "depth");
    if (isWell(node.state, node.world, node.late)) {
      this.#arrive({ ...node, faultsLeft }, { parent: at, action: steps.episode, depth });
    } else if (this.#states.get(at, "alone") === 0) this.#take(at, node, repair, steps.repair);
  }

  /** The number of the state after an action. */
  #take(at: number, node: Node, action: Action, number: number): number | undefined {
    if (this.#violation !== undefined) return undefined;
    const outcome = this.#quantum.run(node, action);
    if (outcome === undefined) return undefined;
    this.#transitions += 1;
    const [text] = outcome.violations;
    if (text !== undefined) {
      this.#violation = { text, path: [...this.#pathTo(at), action.name] };
      return undefined;
    }
    const depth = this.#states.get(at, "depth") + 1;
    return this.#arrive(outcome.node, { parent: at, action: number, depth });
  }

  #arrive(node: Node, from: Omit<StateRow, "alone">): number {
    this.#canonical.write(node.state, node.world, node.late, node.faultsLeft);
    const met = this.#states.find(this.#canonical.tokens);
    if (met >= 0) return met;
    let alone = 0;
    for (const [place, name] of this.#options.victims.entries()) {
      if (isAlone(name, node)) alone |= 1 << place;
    }
    const at = this.#states.add({ ...from, alone });
    this.#frontier.push({ at, node });
    return at;
  }

  #pathTo(at: number): readonly string[] {
    const path: string[] = [];
    for (let number = at; number >= 0; number = this.#states.get(number, "parent")) {
      path.push(this.#actionName(this.#states.get(number, "action")));
    }
    return path.reverse();
  }

  #actionName(number: number): string {
    if (number === steps.start) return "start";
    if (number === steps.episode) return "a new episode";
    if (number === steps.nothing) return nothing.name;
    if (number === steps.repair) return repair.name;
    return this.#faults[number - steps.fault]?.name ?? "?";
  }

  /** Without a further fault every state ends in a circle; in it, nobody may be left alone. */
  #judgeExits(): void {
    const { size } = this.#states;
    const seen = new Int32Array(size).fill(-1);
    for (let start = 0; start < size; start += 1) {
      let at = start;
      while (seen[at] === -1) {
        seen[at] = start;
        at = this.#states.get(at, "next");
        if (at < 0) return;
      }
      if (seen[at] !== start) continue;
      const bits = this.#states.get(at, "alone");
      if (bits === 0) continue;
      const alone = this.#options.victims.filter((_, place) => (bits & (1 << place)) !== 0);
      const text = `invariant 22: no exit: ${alone.join(", ")} is not well, and nobody is told`;
      this.#violation = { text, path: this.#pathTo(at) };
      return;
    }
  }
}

const told = ["page", "notification", "ticket"];

/** It is not well, and no alert tells of it. */
function isAlone(name: HostName, { state, world, late }: Node): boolean {
  const row = state.hosts.get(name)?.assessment?.row;
  const well = world.lives(name) && row === "8" && state.memory.incidents.get(name) === undefined;
  if (well || isWell(state, world, late)) return false;
  return !isAttended(name, state, told);
}

/** Ways are told in quanta: a run of nothing is one line. */
export function describePath(path: readonly string[]): string {
  const lines: string[] = [];
  let quiet = 0;
  for (const [at, name] of path.entries()) {
    if (name === "nothing") quiet += 1;
    else {
      lines.push(`${((at * quantumMs) / 1000).toString().padStart(6)} s  ${name}`);
      quiet = 0;
    }
  }
  return [...lines, `        then ${quiet} quanta of nothing`].join("\n");
}
