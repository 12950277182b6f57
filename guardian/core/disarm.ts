/**
 * Taking our own hands off: no new fence and no new move, planned ones included. What Nova accepted
 * is followed to its end, and a fenced host that comes on meanwhile is switched off again.
 */
import type { Effect } from "./effects.ts";
import { say } from "./incidents.ts";
import { readsSame } from "./same-words.ts";
import { stateWith, type GuardianState } from "./state.ts";
import { words, type Said } from "./words.ts";

/** Stops every new action until a person arms again; told as a page by its alert. */
export function disarm(state: GuardianState, out: Effect[], reason: Said): GuardianState {
  const before = state.memory.disarmed;
  if (before !== undefined && readsSame(before, reason)) return state;
  const memory = { ...state.memory, disarmed: withReason(before, reason) };
  return say(stateWith(state, { memory }), out, {
    level: "error",
    host: undefined,
    event: "disarmed",
    text: words("log.disarmed", { why: reason }),
  });
}

const reasonsMax = 4;

/** Whoever arms again sees every reason why it was disarmed: one may be their own, and another a wrong chassis. */
export function withReason(before: Said | undefined, reason: Said): Said {
  if (before === undefined) return reason;
  const known = reasonsOf(before).filter((one) => !readsSame(one, reason));
  return words("arming.several", { reasons: [...known, reason].slice(-reasonsMax) });
}

function reasonsOf(said: Said): readonly Said[] {
  if (typeof said === "string" || said.key !== "arming.several") return [said];
  const { reasons } = said.with;
  return Array.isArray(reasons) ? (reasons as readonly Said[]) : [said];
}
