/** A mutant for each rule of how long an answer of people stands. */
import { core, replacing, type Mutant } from "./mutant.ts";

export const answerMutants: readonly Mutant[] = [
  {
    name: "rule answers: a dismissal stands when its host shows less life than it did",
    changes: [
      replacing(
        core("lapsed-answers"),
        'return before === "life" ? now === "half" || now === "none" : before === "half" && now === "none"',
        "return false",
      ),
    ],
  },
  {
    name: "rule answers: an approval stands when pings are answered that were not answered then",
    changes: [
      replacing(
        core("lapsed-answers"),
        "return !answer.seen.echo && echoAt !== undefined && echoAt > answer.at",
        "return false",
      ),
    ],
  },
];
