/**
 * Breadth first over the real reducer until no new state is found. Every state's way on when nothing
 * more happens is kept: from each it must lead to where all is well, or to where people were told.
 */
import type { HostName } from "../../shared/names.ts";
import { nothing, repair } from "./actions.ts";
import { Canonical } from "./canonical.ts";
import { FoldProof } from "./fold-proof.ts";
import { ageMsMax, modelSettings, quantumMs } from "./model-settings.ts";
import { isAttended } from "./promises-to-people.ts";
import { isInService, isWell, Quantum, type Action, type Node, type Reducer } from "./quantum.ts";
import type { Size } from "./sizes.ts";
import { StateTable, type StateRow } from "./state-table.ts";

export interface Options {
  readonly size: Size;
  /** Faults in an episode: from one moment at which all is well and settled to the next. */
  readonly faults: number;
  readonly statesMax: number;
  /** States are compared token by token, not by digests: slower, and without chance. */
  readonly exact?: boolean;
  /** States that are compared as one must go on as one: see `fold-proof.ts`. */
  readonly prove?: boolean;
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
  /** With `prove`: how many states were met again, and how many of them went on another way. */
  readonly folds?: { readonly met: number; readonly unlike: number } | undefined;
}

/** Numbers of what leads from state to state; of faults, of the first one. */
const steps = { start: 0, episode: 1, nothing: 2, repair: 3, fault: 4 } as const;

const startMs = 1_000_000;
const sliceMax = 1000;
/** The longest circle that people are let into, in quanta. */
const circleMax = 64;

export function explore(reducer: Reducer, options: Options): Result {
  return new Exploration(reducer, options).run();
}

class Exploration {
  readonly #options: Options;
  readonly #quantum: Quantum;
  /** Faults, and then what people do: their numbers count from `steps.fault`. */
  readonly #actions: readonly Action[];
  readonly #canonical: Canonical;
  readonly #states: StateTable;
  #frontier: { readonly at: number; readonly node: Node }[] = [];
  /** One state of each circle in which the way on ends. */
  readonly #ends = new Set<number>();
  readonly #proof: FoldProof | undefined;
  #transitions = 0;
  #violation: Result["violation"];

  constructor(reducer: Reducer, options: Options) {
    this.#options = options;
    this.#states = new StateTable(options.exact ?? false);
    const { size } = options;
    this.#quantum = new Quantum(reducer, modelSettings(size.victims, size.settings));
    this.#actions = [...size.faults, ...size.people];
    this.#canonical = new Canonical(size.ageMsMax ?? ageMsMax);
    if (options.prove === true) {
      this.#proof = new FoldProof(this.#quantum, this.#canonical, this.#states);
    }
  }

  run(): Result {
    const { victims, emptied } = this.#options.size;
    const start = this.#quantum.start(victims, startMs, emptied);
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
    const folds = closed ? this.#judgeFolds() : undefined;
    return {
      states: this.#states.size,
      transitions: this.#transitions,
      longestPath: this.#states.get(this.#states.size - 1, "depth"),
      closed,
      violation: this.#violation,
      ...(folds === undefined ? {} : { folds }),
    };
  }

  #judgeFolds(): Result["folds"] {
    const ended = this.#proof?.end();
    if (ended === undefined) return undefined;
    const [first] = ended.unlike;
    if (first !== undefined) {
      const path = [...this.#pathTo(first.from), first.action];
      const kept = describePath(this.#pathTo(first.kept));
      const text =
        first.violation ?? `what is not compared decides: goes on unlike\n${kept}\nand so`;
      this.#violation ??= { text, path };
    }
    return { met: ended.met, unlike: ended.unlike.length };
  }

  #expand(at: number, node: Node): void {
    const next = this.#take(at, node, nothing, steps.nothing);
    if (next === undefined) return;
    this.#states.setNext(at, next);
    if (this.#closesCircle(at, next)) this.#endEpisode(at, node);
    for (const [number, action] of this.#actions.entries()) {
      if (action.cost <= node.faultsLeft) this.#take(at, node, action, steps.fault + number);
    }
  }

  /** Whether the way on from `next`, when nothing more happens, leads back to `at`. */
  #closesCircle(at: number, next: number): boolean {
    let number = next;
    for (let length = 1; length <= circleMax && number >= 0; length += 1) {
      if (number === at) return true;
      const further = this.#states.get(number, "next");
      if (further === number) return false;
      number = further;
    }
    return false;
  }

  /** Nothing changes by itself any more, or the same over and over: a new episode may begin, or it is people's turn. */
  #endEpisode(at: number, node: Node): void {
    const { faults: faultsLeft } = this.#options;
    this.#ends.add(at);
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
    const size = this.#states.size;
    const arrived = this.#arrive(outcome.node, { parent: at, action: number, depth });
    if (arrived < size) this.#proof?.meet(arrived, outcome.node, at, action.name);
    return arrived;
  }

  #arrive(node: Node, from: Omit<StateRow, "alone">): number {
    this.#canonical.write(node.state, node.world, node.late, node.faultsLeft);
    const met = this.#states.find(this.#canonical.tokens);
    if (met >= 0) return met;
    let alone = 0;
    for (const [place, name] of this.#options.size.victims.entries()) {
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
    return this.#actions[number - steps.fault]?.name ?? "?";
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
      this.#judgeCircle(at);
      if (this.#violation !== undefined) return;
    }
  }

  #judgeCircle(from: number): void {
    let at = from;
    let isEnded = false;
    do {
      if (this.#ends.has(at)) isEnded = true;
      const bits = this.#states.get(at, "alone");
      if (bits !== 0) {
        const alone = this.#options.size.victims.filter((_, place) => (bits & (1 << place)) !== 0);
        const text = `invariant 22: no exit: ${alone.join(", ")} is not well, and nobody is told`;
        this.#violation = { text, path: this.#pathTo(at) };
        return;
      }
      at = this.#states.get(at, "next");
    } while (at !== from);
    if (!isEnded) throw new Error(`a circle longer than ${circleMax} quanta: people do not end it`);
  }
}

const told = ["page", "notification", "ticket"];

/** It is not well, and no alert tells of it, and nobody has said that it is theirs. */
function isAlone(name: HostName, { state, world, late }: Node): boolean {
  const row = state.hosts.get(name)?.assessment?.row;
  const isClosed = state.memory.incidents.get(name) === undefined;
  const well = isInService(name, world) && row === "8" && isClosed;
  if (well || isWell(state, world, late) || state.memory.released.includes(name)) return false;
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
