/** What devices answer to an on command. Whether the power came on only their readings say. */
import type { Effect } from "./effects.ts";
import type { PowerOnAnswered } from "./events.ts";
import { say } from "./incidents.ts";
import type { GuardianState } from "./state.ts";
import { words } from "./words.ts";

/** An order that was not taken is told; it is given again by whoever gave it. */
export function foldPowerOn(
  state: GuardianState,
  { host, device, answer }: PowerOnAnswered,
  out: Effect[],
): GuardianState {
  if (answer.kind === "done") return state;
  return say(state, out, {
    level: "warn",
    host,
    event: "power-on",
    text: words("log.not-on", { device, reason: answer.reason }),
  });
}
