/** Taking our own hands off: new actions stop, work that has begun is finished. */
import type { Effect } from "./effects.ts";
import { say } from "./incidents.ts";
import type { GuardianState } from "./state.ts";

/** Stops every new action until a person arms again; told as a page by its alert. */
export function disarm(state: GuardianState, out: Effect[], reason: string): GuardianState {
  if (state.memory.disarmed !== undefined) return state;
  const memory = { ...state.memory, disarmed: reason };
  return say({ ...state, memory }, out, {
    level: "error",
    host: undefined,
    event: "disarmed",
    text: `disarmed: ${reason}`,
  });
}
