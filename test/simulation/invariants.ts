/**
 * The promises of the design (section 5) by number, each with its sentence and its check on the
 * simulated world. What is not checked here is listed too, with the reason.
 */
import type { Invariant } from "./invariant.ts";
import { blameInvariants } from "./invariants-blame.ts";
import { blastInvariants } from "./invariants-blast.ts";
import { fencingInvariants } from "./invariants-fencing.ts";
import { livenessInvariants } from "./invariants-liveness.ts";
import { onceInvariants } from "./invariants-once.ts";

export const invariants: readonly Invariant[] = [
  ...fencingInvariants,
  ...blameInvariants,
  ...blastInvariants,
  ...onceInvariants,
  ...livenessInvariants,
];

/** What a simulated world cannot show, or the product does not promise yet. */
export const notChecked: Readonly<Record<number, string>> = {
  27: "a simulated world has no secrets; ipmi.test, redfish.test and notify.test hold it",
  28: "a property of the process (/healthz), not of the reducer",
};
