/**
 * Every fault that the simulation can cause, as data: a name, how often it is drawn, and what it
 * does. `inject` answers false when the fault would break more than the design promises to
 * survive, or would change nothing; then it did not happen and is not counted.
 */
import { guardianFaults } from "./faults-guardian.ts";
import { hostFaults } from "./faults-host.ts";
import { limitFaults } from "./faults-limits.ts";
import { networkFaults } from "./faults-network.ts";
import { novaFaults } from "./faults-nova.ts";
import { peopleFaults } from "./faults-people.ts";
import { powerFaults } from "./faults-power.ts";
import { telemetryFaults } from "./faults-telemetry.ts";
import type { FaultKind } from "./fault.ts";

export const faultKinds: readonly FaultKind[] = [
  ...hostFaults,
  ...networkFaults,
  ...telemetryFaults,
  ...powerFaults,
  ...novaFaults,
  ...guardianFaults,
  ...peopleFaults,
  ...limitFaults,
];

export const faultsByName: ReadonlyMap<string, FaultKind> = new Map(
  faultKinds.map((kind) => [kind.name, kind]),
);
