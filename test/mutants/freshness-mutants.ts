/** A mutant for each rule of what old reports say. */
import { core, replacing, type Mutant } from "./mutant.ts";

export const freshnessMutants: readonly Mutant[] = [
  {
    name: "rule freshness: a watermark that stands still since we began has a vote",
    changes: [
      replacing(core("reports"), "return began || watermark.monoMs > observedFrom", "return true"),
    ],
  },
  {
    name: "rule eyes: an anchor that answers now and then is as good as one that always does",
    changes: [replacing(core("reverse-ping"), "if (isShaky(anchor, state.now))", "if (false)")],
  },
  {
    name: "rule freshness: what waited for a collector that stood still is of now",
    changes: [replacing(core("reports"), "Math.min(arrivedAt, dueAt(row, track))", "arrivedAt")],
  },
  {
    name: "rule freshness: a boot is learnt from a report that is not the newest",
    changes: [
      replacing(
        core("reports"),
        "host.newest === row && (isMoving(track) || remembered === undefined)",
        "true",
      ),
    ],
  },
];
