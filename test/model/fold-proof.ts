/**
 * Whether states that are compared as one behave as one: each state that is met again goes on for a quantum in
 * which nothing happens, and must come to where the one that was kept came. What is not compared and changes
 * a decision shows here, sooner or later, as two ways on from one state.
 */
import { nothing } from "./actions.ts";
import type { Canonical } from "./canonical.ts";
import type { Node, Quantum } from "./quantum.ts";
import type { StateTable } from "./state-table.ts";

export interface Unlike {
  /** The state that was kept, and how the other one was come by: a state and what happened in it. */
  readonly kept: number;
  readonly from: number;
  readonly action: string;
  /** A promise that only the other one breaks. */
  readonly violation: string | undefined;
}

export class FoldProof {
  readonly #quantum: Quantum;
  readonly #canonical: Canonical;
  readonly #states: StateTable;
  /** Each with the digest of what it went on to; the kept one may not have gone on yet. */
  readonly #met: (Unlike & { readonly first: number; readonly second: number })[] = [];

  constructor(quantum: Quantum, canonical: Canonical, states: StateTable) {
    this.#quantum = quantum;
    this.#canonical = canonical;
    this.#states = states;
  }

  /** A state was met again: it goes on by itself. */
  meet(kept: number, node: Node, from: number, action: string): void {
    const outcome = this.#quantum.run(node, nothing);
    if (outcome === undefined) return;
    const { state, world, late, faultsLeft } = outcome.node;
    this.#canonical.write(state, world, late, faultsLeft);
    const pair = new Int32Array(2);
    this.#canonical.tokens.digest(pair);
    const [first = 0, second = 0] = pair;
    const violation = outcome.violations[0];
    this.#met.push({ kept, from, action, violation, first, second });
  }

  /** Once every state has gone on: how many were met again, and which went another way. */
  end(): { readonly met: number; readonly unlike: readonly Unlike[] } {
    const states = this.#states;
    const unlike = this.#met.filter(({ kept, violation, first, second }) => {
      const next = states.get(kept, "next");
      const same = states.get(next, "first") === first && states.get(next, "second") === second;
      return violation !== undefined || !same;
    });
    return { met: this.#met.length, unlike };
  }
}
