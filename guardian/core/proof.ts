/**
 * The fence proof: the value that evacuation requires and only fencing can mint. Its brand is not
 * exported, so no other file can write one down; `fencing.ts` is the only caller of `mintProof`
 * (held by test/unit/tidy.test.ts).
 */
import type { HostName } from "../../shared/names.ts";
import { after, type MonoMs } from "../../shared/time.ts";

declare const minted: unique symbol;

/** Readings of power devices, or the word of people. */
export type ProofMethod = "power-devices" | "confirmed";

export interface FenceProof {
  readonly [minted]: true;
  readonly host: HostName;
  /** Boot that was fenced, as far as a report told us. */
  readonly bootId: string | undefined;
  readonly method: ProofMethod;
  /** When the last device was read off, or the first of the people that count said so. */
  readonly obtainedAt: MonoMs;
  readonly expiresAt: MonoMs;
}

/**
 * For `fencing.ts` alone: call it only with every device of a level read off twice after the command, or
 * with the word of as many people as the policy wants and no sign of life since.
 */
export function mintProof(
  method: ProofMethod,
  host: HostName,
  bootId: string | undefined,
  obtainedAt: MonoMs,
  lifetimeMs: number,
): FenceProof {
  const fields = {
    host,
    bootId,
    method,
    obtainedAt,
    expiresAt: after(obtainedAt, lifetimeMs),
  };
  return fields as FenceProof;
}

/** Whether a proof still stands at `now`: of this host, and not lapsed. */
export function proofStands(proof: FenceProof | undefined, host: HostName, now: MonoMs): boolean {
  return proof !== undefined && proof.host === host && now < proof.expiresAt;
}
