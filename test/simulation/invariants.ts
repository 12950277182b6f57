/**
 * The promises of the design (section 5) by number, each with its sentence and its check on the
 * simulated world. What is not checked here is listed too, with the reason.
 */
import type { Effect, Order } from "../../guardian/core/effects.ts";
import type { FenceProof } from "../../guardian/core/proof.ts";
import type { HostName } from "../../shared/names.ts";
import { blameInvariants } from "./invariants-blame.ts";
import { blastInvariants } from "./invariants-blast.ts";
import { fencingInvariants } from "./invariants-fencing.ts";
import { livenessInvariants } from "./invariants-liveness.ts";
import { onceInvariants } from "./invariants-once.ts";
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

export const invariants: readonly Invariant[] = [
  ...fencingInvariants,
  ...blameInvariants,
  ...blastInvariants,
  ...onceInvariants,
  ...livenessInvariants,
];

/** What a simulated world cannot show, or the product does not promise yet. */
export const notChecked: Readonly<Record<number, string>> = {
  18: "no living host is ever fenced by rows 4 to 13 yet, so nothing asks whether its servers fit; a living host that is ordered off breaks 10",
  25: "nothing is undone at all: there is no effect for it",
  27: "a simulated world has no secrets; ipmi.test, redfish.test and notify.test hold it",
  28: "a property of the process (/healthz), not of the reducer",
};

type Run<K extends "atOrder" | "atProof" | "atTick" | "atEnd"> = {
  readonly number: number;
  readonly check: NonNullable<Invariant[K]>;
};

function checksOf<K extends "atOrder" | "atProof" | "atTick" | "atEnd">(hook: K): readonly Run<K>[] {
  return invariants.flatMap((invariant) => {
    const check = invariant[hook];
    return check === undefined ? [] : [{ number: invariant.number, check }];
  });
}

export const atOrder = checksOf("atOrder");
export const atProof = checksOf("atProof");
export const atTick = checksOf("atTick");
export const atEnd = checksOf("atEnd");
