/** What one promise of the design is to the simulation: its number, its sentence, its checks. */
import type { Effect, Order } from "../../guardian/core/effects.ts";
import type { FenceProof } from "../../guardian/core/proof.ts";
import type { HostName } from "../../shared/names.ts";
import type { Witness } from "./witness.ts";

/** Undefined when the promise holds, else what broke it. */
type Broken = string | undefined;

/** One promise. Its checks run before each order, at each new proof, after each round, at the end. */
export interface Invariant {
  readonly number: number;
  readonly says: string;
  readonly atOrder?: (witness: Witness, order: Order) => Broken;
  readonly atProof?: (witness: Witness, host: HostName, proof: FenceProof) => Broken;
  readonly atTick?: (witness: Witness, effects: readonly Effect[]) => Broken;
  readonly atEnd?: (witness: Witness) => Broken;
}
