/**
 * Taking our own hands off: no new fence and no new move, planned ones included. What Nova accepted
 * is followed to its end, and a fenced host that comes on meanwhile is switched off again.
 */
import type { Effect } from "./effects.ts";
import { say } from "./incidents.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Said } from "./words.ts";

/** Stops every new action until a person arms again; told as a page by its alert. */
export function disarm(state: GuardianState, out: Effect[], reason: Said): GuardianState {
  if (state.memory.disarmed !== undefined) return state;
  const memory = { ...state.memory, disarmed: reason };
  return say(stateWith(state, { memory }), out, {
    level: "error",
    host: undefined,
    event: "disarmed",
    text: words("log.disarmed", { why: reason }),
  });
}
