/**
 * A chassis that a fence switched off, and that may be another host's, goes on again (invariant 4), in the
 * way in which a rehearsal that hit the wrong one ends. Never once a move may have begun: then its servers
 * would start a second time.
 */
import type { Effect } from "./effects.ts";
import { say } from "./incidents.ts";
import { hasMoved } from "./moves-under-way.ts";
import type { Rehearsal } from "./rehearsal-memory.ts";
import { withRehearsal } from "./rehearsals.ts";
import type { Evacuating } from "./service-orders.ts";
import type { GuardianState, HostState } from "./state.ts";
import { turnedOff } from "./turned-off.ts";
import { words, type Said } from "./words.ts";

/** Begins it, where our own order turned something off and nothing of the incident was moved, by us or by others. */
export function switchBack(
  state: GuardianState,
  { host }: HostState,
  phase: Evacuating,
  reason: Said,
  out: Effect[],
): GuardianState {
  const devices = turnedOff(phase);
  if (hasMoved(phase) || devices.length === 0) return state;
  const on = { kind: "on", since: state.now, orderedAt: undefined, orders: 0 } as const;
  const step = { ...on, failed: reason, freshAtCommand: phase.freshAtCommand };
  const told = say(state, out, {
    level: "error",
    host,
    event: "switching-back",
    text: words("log.switching-back", { devices, reason }),
  });
  return withRehearsal(told, host, {
    id: `s${Math.floor(state.wall / 1000)}-${host}`,
    by: state.settings.guardianId,
    reason: "",
    wall: state.wall,
    level: phase.run?.level ?? 0,
    devices,
    bootId: state.memory.known[host]?.bootId,
    afterFence: true,
    step,
  });
}

/** Its devices read on again: the disarming is told by a page of its own. */
export function switchedBack(
  state: GuardianState,
  { host }: HostState,
  { step }: Rehearsal,
  devices: readonly string[],
  out: Effect[],
): GuardianState {
  const said = step.kind === "failed" ? step.reason : undefined;
  const reason = step.kind === "on" ? (step.failed ?? "") : (said ?? "");
  return say(withRehearsal(state, host, undefined), out, {
    level: "warn",
    host,
    event: "switched-back",
    text: words("log.switched-back", { devices, reason }),
  });
}
