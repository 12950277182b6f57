/**
 * Whether an order that is on its way to Nova is still wanted: between the round that gave it and the moment in which
 * it is sent a look and a token may take longer than a proof lasts, and people may hold the incident.
 */
import type { MonoMs } from "../../shared/time.ts";
import type { Order } from "./effects.ts";
import { incidentOf } from "./incidents.ts";
import { holdGate } from "./policy-gates.ts";
import { proofStands } from "./proof.ts";
import { hostOf, type GuardianState } from "./state.ts";

type MoveOrder = Extract<Order, { kind: "evacuate" | "reset" }>;

/** Why it must not be sent any more; undefined when it may. */
export function objectionTo(
  state: GuardianState,
  { host, server, kind }: MoveOrder,
  now: MonoMs,
): string | undefined {
  const phase = incidentOf(state, host)?.phase;
  if (phase?.kind !== "evacuating") return "its evacuation has ended meanwhile";
  const wanted = kind === "reset" ? "resetting" : "ordered";
  if (phase.moves?.[server]?.state.kind !== wanted) return "it is not wanted any more";
  if (!proofStands(phase.proof, host, now)) return "its fence proof lapsed before the call";
  return holdGate(state, hostOf(state, host)).pass ? undefined : "people hold the incident";
}
