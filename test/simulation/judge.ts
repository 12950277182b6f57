/** The judge: before each order, at each new proof, after each round and at the end, by number. */
import type { Effect, Order } from "../../guardian/core/effects.ts";
import type { GuardianEvent } from "../../guardian/core/events.ts";
import type { HostName } from "../../shared/names.ts";
import type { WorldWatcher } from "../support/world-guardian.ts";
import type { World } from "../support/world.ts";
import type { Invariant } from "./invariant.ts";
import { invariants } from "./invariants.ts";
import { Witness } from "./witness.ts";

export class Judge implements WorldWatcher {
  readonly witness: Witness;
  readonly #world: World;
  readonly #said = new Set<string>();

  constructor(world: World, vouchedWrongly: ReadonlySet<HostName> = new Set()) {
    this.#world = world;
    this.witness = new Witness(world, vouchedWrongly);
  }

  ordered(order: Order): void {
    for (const { number, check } of atOrder) this.#hold(number, check(this.witness, order));
    this.witness.ordered(order);
  }

  heard(event: GuardianEvent): void {
    this.witness.hear(event);
  }

  took(event: GuardianEvent, effects: readonly Effect[]): void {
    if (event.kind !== "tick") return;
    this.witness.round();
    for (const { number, check } of atTick) this.#hold(number, check(this.witness, effects));
    this.#proofs();
  }

  /** What must be true when everything has been mended for a while. */
  end(): void {
    for (const { number, check } of atEnd) this.#hold(number, check(this.witness));
  }

  /** Every proof that appears is held against what was read, and by which device. */
  #proofs(): void {
    for (const { phase, host, id } of this.#world.state.memory.incidents.values()) {
      const truth = this.witness.of(host);
      if (phase.kind !== "evacuating") {
        truth.proof = undefined;
        continue;
      }
      const { proof } = phase;
      if (proof === undefined || proof === truth.proof) continue;
      for (const { number, check } of atProof) {
        this.#hold(number, check(this.witness, host, proof));
      }
      this.witness.proven(host, id, proof);
    }
  }

  /** Each finding once. */
  #hold(invariant: number, broken: string | undefined): void {
    if (broken === undefined) return;
    const key = `${invariant} ${broken.replace(/\d+/g, "#")}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#world.violate(invariant, broken);
  }
}

type Run<K extends "atOrder" | "atProof" | "atTick" | "atEnd"> = {
  readonly number: number;
  readonly check: NonNullable<Invariant[K]>;
};

function checksOf<K extends "atOrder" | "atProof" | "atTick" | "atEnd">(
  hook: K,
): readonly Run<K>[] {
  return invariants.flatMap((invariant) => {
    const check = invariant[hook];
    return check === undefined ? [] : [{ number: invariant.number, check }];
  });
}

export const atOrder = checksOf("atOrder");
export const atProof = checksOf("atProof");
export const atTick = checksOf("atTick");
export const atEnd = checksOf("atEnd");
