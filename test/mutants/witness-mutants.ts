/** A mutant for each rule of when a witness that stands still, or is not seen, says nothing. */
import { core, replacing, type Mutant } from "./mutant.ts";

export const witnessMutants: readonly Mutant[] = [
  {
    name: "rule witnesses: a record counts as still although all the others stand still, too",
    changes: [
      replacing(
        core("nova-record"),
        "return Math.min(askedAt, movedAt + reportSlack * limits.novaCadenceMs)",
        "return askedAt",
      ),
      replacing(core("nova-record"), "&& !round.records.stuck", ""),
    ],
  },
  {
    name: "rule witnesses: an echo on a network whose anchor is silent is not heard",
    changes: [
      replacing(
        core("reverse-ping"),
        "return names.filter((name) => !seen.includes(name) && pingCount(state, host, name).echoes > 0)",
        "return []",
      ),
    ],
  },
  {
    name: "rule witnesses: a fencing that came to nothing goes on while its host shows life",
    changes: [
      replacing(
        core("host-round"),
        "if (!known || livesOn(state, assessment, phase))",
        "if (!known)",
      ),
    ],
  },
];
