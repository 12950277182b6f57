/** Every mutant of a compiled tree, derived from its rows, gates, rules and promises. */
import { answerMutants } from "./answer-mutants.ts";
import { witnessMutants } from "./witness-mutants.ts";
import { gateMutants } from "./gate-mutants.ts";
import { freshnessMutants } from "./freshness-mutants.ts";
import { invariantMutants } from "./invariant-mutants.ts";
import type { Mutant } from "./mutant.ts";
import { rowMutants } from "./row-mutants.ts";
import { ruleMutants } from "./rule-mutants.ts";

export function allMutants(tree: string): readonly Mutant[] {
  const gates = gateMutants(tree);
  const rules = [...ruleMutants(tree), ...freshnessMutants, ...answerMutants, ...witnessMutants];
  return [...rowMutants, ...gates, ...rules, ...invariantMutants];
}

/** Mutants that change nothing anybody could see, each with the reason. */
export const equivalents: Readonly<Record<string, string>> = {
  "row 1a does the opposite": "no state reaches it: row 1 comes first",
  "row 1a never matches": "no state reaches it: row 1 comes first",
  "row 3 does the opposite":
    "no incident opens on row 3; one that a start finds open is held until Nova and a collector were heard",
  "gate third witness never holds":
    "the table asks the same before it says fence, and no table is accepted that does not",
  "gate reverse ping never holds":
    "the table asks the same before it says fence, and no table is accepted that does not",
  "invariant 7: a host that is forced down counts as off":
    "one that others forced down is held by its gate; one that we forced down was proven off before",
  "rule proof: it stands for any host":
    "a move takes the proof of its own host's incident: there is no other to mistake it for",
  "row 13a does the opposite": "no state reaches it: row 1 comes first",
  "row 13a never matches": "no state reaches it: row 1 comes first",
  "rule drain: a host that is not heard is drained":
    "rows 4 and 5 are of hosts that report: this asks once more",
  'rule fencing, confirmedFence: never "at <= (lifeAt ?? 0)"':
    "what revokes a proof voids the word in the same round; this asks once more",
};
