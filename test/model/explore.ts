/**
 * Breadth first over the real reducer until no new state is found. Every state's way on when nothing
 * more happens is kept: from each it must lead to where all is well, or to where people were told.
 */
import { createHash } from "node:crypto";
import type { HostName } from "../../shared/names.ts";
import { faultsOfOne, faultsOfSeveral, nothing, repair } from "./actions.ts";
import { canonicalText } from "./canonical.ts";
import { modelSettings, peer, quantumMs } from "./model-settings.ts";
import { isAttended } from "./promises.ts";
import { isWell, Quantum, type Action, type Node, type Reducer } from "./quantum.ts";

export interface Options {
  readonly victims: readonly HostName[];
  /** Faults in an episode: from one moment at which all is well and settled to the next. */
  readonly faults: number;
  readonly statesMax: number;
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

/** What is kept of a state once its successors are known. */
interface Known {
  readonly parent: number;
  readonly action: string;
  readonly depth: number;
  /** The state after a quantum in which nothing happens. */
  next: number;
  /** Hosts that are not well and that no alert tells of. */
  readonly unattended: readonly HostName[];
}

const startMs = 1_000_000;
const sliceMax = 1000;

export function explore(reducer: Reducer, options: Options): Result {
  return new Exploration(reducer, options).run();
}

class Exploration {
  readonly #options: Options;
  readonly #quantum: Quantum;
  readonly #faults: readonly Action[];
  readonly #numbers = new Map<string, number>();
  readonly #known: Known[] = [];
  #frontier: { readonly at: number; readonly node: Node }[] = [];
  #transitions = 0;
  #violation: Result["violation"];

  constructor(reducer: Reducer, options: Options) {
    this.#options = options;
    this.#quantum = new Quantum(reducer, modelSettings(options.victims));
    const [first, ...others] = options.victims;
    const single = first !== undefined && others.length === 0;
    this.#faults = single ? faultsOfOne(first) : faultsOfSeveral(options.victims);
  }

  run(): Result {
    const start = this.#quantum.start(this.#options.victims, startMs);
    this.#arrive(start, { parent: -1, action: "start", depth: 0 });
    let [taken, slices] = [0, 0];
    while (taken < this.#frontier.length && this.#violation === undefined) {
      if (this.#known.length > this.#options.statesMax) break;
      const entry = this.#frontier[taken];
      taken += 1;
      if (entry !== undefined) this.#expand(entry.at, entry.node);
      if (taken < sliceMax) continue;
      // What was taken is not needed any more, and states are large.
      this.#frontier = this.#frontier.slice(taken);
      taken = 0;
      slices += 1;
      if (slices % 10 === 0) this.#options.progress?.(this.#known.length, this.#frontier.length);
    }
    const closed = taken === this.#frontier.length && this.#violation === undefined;
    if (closed) this.#judgeExits();
    return {
      states: this.#known.length,
      transitions: this.#transitions,
      longestPath: this.#known.at(-1)?.depth ?? 0,
      closed,
      violation: this.#violation,
    };
  }

  #expand(at: number, node: Node): void {
    const next = this.#take(at, node, nothing);
    const known = this.#known[at];
    if (next === undefined || known === undefined) return;
    known.next = next;
    if (next === at) this.#endEpisode(at, node, known);
    if (node.faultsLeft <= 0) return;
    for (const action of this.#faults) this.#take(at, node, action);
  }

  /** Nothing changes by itself any more: a new episode may begin, or it is people's turn. */
  #endEpisode(at: number, node: Node, { depth, unattended: alone }: Known): void {
    const { faults: faultsLeft } = this.#options;
    if (isWell(node.state, node.world, node.late)) {
      this.#arrive({ ...node, faultsLeft }, { parent: at, action: "a new episode", depth });
    } else if (alone.length === 0) this.#take(at, node, repair);
  }

  /** The number of the state after an action. */
  #take(at: number, node: Node, action: Action): number | undefined {
    if (this.#violation !== undefined) return undefined;
    const outcome = this.#quantum.run(node, action);
    if (outcome === undefined) return undefined;
    this.#transitions += 1;
    const [text] = outcome.violations;
    if (text !== undefined) {
      this.#violation = { text, path: [...this.#pathTo(at), action.name] };
      return undefined;
    }
    const depth = (this.#known[at]?.depth ?? 0) + 1;
    return this.#arrive(outcome.node, { parent: at, action: action.name, depth });
  }

  #arrive(node: Node, from: Pick<Known, "parent" | "action" | "depth">): number {
    const { state, world, late, faultsLeft } = node;
    const text = canonicalText(state, world, late, String(faultsLeft));
    const key = createHash("sha1").update(text).digest("base64");
    const met = this.#numbers.get(key);
    if (met !== undefined) return met;
    const at = this.#known.length;
    this.#numbers.set(key, at);
    this.#known.push({ ...from, next: -1, unattended: unattended(node) });
    this.#frontier.push({ at, node });
    return at;
  }

  #pathTo(at: number): readonly string[] {
    const path: string[] = [];
    for (let known = this.#known[at]; known !== undefined; known = this.#known[known.parent]) {
      path.push(known.action);
    }
    return path.reverse();
  }

  /** Without a further fault every state ends in a circle; in it, nobody may be left alone. */
  #judgeExits(): void {
    const seen = new Int32Array(this.#known.length).fill(-1);
    for (let start = 0; start < this.#known.length; start += 1) {
      let at = start;
      while (seen[at] === -1) {
        seen[at] = start;
        at = this.#known[at]?.next ?? -1;
        if (at < 0) return;
      }
      if (seen[at] !== start) continue;
      const alone = this.#known[at]?.unattended ?? [];
      if (alone.length === 0) continue;
      const text = `invariant 22: no exit: ${alone.join(", ")} is not well, and nobody is told`;
      this.#violation = { text, path: this.#pathTo(at) };
      return;
    }
  }
}

const told = ["page", "notification", "ticket"];

function unattended({ state, world, late }: Node): readonly HostName[] {
  if (isWell(state, world, late)) return [];
  return [...world.hosts.keys()].filter((name) => {
    if (name === peer) return false;
    const row = state.hosts.get(name)?.assessment?.row;
    const well = world.lives(name) && row === "8" && state.memory.incidents.get(name) === undefined;
    return !well && !isAttended(name, state, told);
  });
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
