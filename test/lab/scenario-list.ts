/** The lab's scenarios, in the order in which they run. */
import type { Scenario } from "./lab.ts";
import { powerLoss } from "./scenarios/power-loss.ts";

export const scenarios: readonly Scenario[] = [powerLoss];
