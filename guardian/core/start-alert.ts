/** A host whose start guard got no word, and that started its servers all the same. */
import type { Assessment } from "./assessment.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

/** Its reports say so until its next boot; people need not hear it for as long. */
const toldForMs = 3_600_000;

/** Whether it did so lately; what runs there may have been moved away before. */
export function startedUnasked(state: GuardianState, { newest, freshSince }: HostState): boolean {
  if (newest?.startGuard !== "without-word" || freshSince === undefined) return false;
  return state.now - freshSince < toldForMs;
}

export function startedUnaskedAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted {
  return about(state, host, assessment, {
    kind: "started-unasked",
    class: "ticket",
    title: words("alert.started-unasked", { host: host.host }),
    next: words("todo.started-unasked", { host: host.host }),
  });
}
