/**
 * Whether an order that is on its way is still wanted. Between the round that gave it and the moment in which it is
 * sent, looks, a token or a device's other calls may take longer than a proof lasts, and people may hold the incident.
 */
import type { MonoMs } from "../../shared/time.ts";
import type { Order } from "./effects.ts";
import type { Commands } from "./fence-orders.ts";
import { incidentOf } from "./incidents.ts";
import type { Incident } from "./memory.ts";
import type { Move } from "./move.ts";
import { moveOrderId } from "./moves-under-way.ts";
import { holdGate } from "./policy-gates.ts";
import { proofStands } from "./proof.ts";
import { openResetId } from "./resets.ts";
import { hostOf, type GuardianState } from "./state.ts";

type MoveOrder = Extract<Order, { kind: "evacuate" | "reset" }>;

/** Why it must not be sent any more; undefined when it may. */
export function objectionTo(
  state: GuardianState,
  { id, host, server, kind }: MoveOrder,
  now: MonoMs,
): string | undefined {
  const incident = incidentOf(state, host);
  const phase = incident?.phase;
  if (incident === undefined || phase?.kind !== "evacuating") {
    return "its evacuation has ended meanwhile";
  }
  const move = phase.moves?.[server];
  // One that is overtaken by the next try would be the second call for its server.
  const wanted = move === undefined ? undefined : openOrderId(incident, move, kind);
  if (wanted !== id) return "it is not wanted any more";
  if (!proofStands(phase.proof, host, now)) return "its fence proof lapsed before the call";
  return holdGate(state, hostOf(state, host)).pass ? undefined : "people hold the incident";
}

/** Why a power-off must not be sent any more; undefined when it may. */
export function objectionToOff(
  state: GuardianState,
  { host, device }: Pick<Extract<Order, { kind: "power-off" }>, "host" | "device">,
): string | undefined {
  const { step } = state.memory.rehearsals.get(host) ?? {};
  if (step?.kind === "off" && isUnanswered(step.commands, device)) return undefined;
  const phase = incidentOf(state, host)?.phase;
  const isOrdered =
    phase?.kind === "fencing" || phase?.kind === "evacuating"
      ? isUnanswered(phase.commands, device)
      : phase?.kind === "ended" && phase.home?.step.kind === "off";
  if (!isOrdered) return "it is not wanted any more";
  return holdGate(state, hostOf(state, host)).pass ? undefined : "people hold the incident";
}

function isUnanswered(commands: Commands, device: string): boolean {
  const command = commands[device];
  return command !== undefined && command.answer === undefined;
}

/** The id of the order that a move waits for; undefined when it waits for none of this kind. */
function openOrderId(incident: Incident, move: Move, kind: MoveOrder["kind"]): string | undefined {
  if (kind === "evacuate") {
    return move.state.kind === "ordered" ? moveOrderId(incident, move) : undefined;
  }
  return move.state.kind === "resetting" ? openResetId(incident, move) : undefined;
}
