/** The page of a silent host for which nothing is done, whatever the reason is. */
import type { MonoMs } from "../../shared/time.ts";
import { gateWords, type Assessment } from "./assessment.ts";
import { isFiring } from "./dead-alert.ts";
import { reasonLines } from "./explain.ts";
import type { Ended } from "./home-gates.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import type { Phase } from "./memory.ts";
import { isRehearsing } from "./rehearsals.ts";
import { stayedOn } from "./release.ts";
import { noticeEndsAt, noticeOf } from "./self-checks.ts";
import type { GuardianState, HostState } from "./state.ts";
import { isNamedInStorm } from "./storm-alerts.ts";
import { durationWords, words } from "./words.ts";

/** Whatever holds it: a silent host with no move under way gets a page of its own. */
export function unattended(
  state: GuardianState,
  host: HostState,
  phase: Phase | undefined,
): boolean {
  const isLong = isLongSilent(state, host);
  if (phase?.kind === "ended") {
    // After a start of ours its silence is counted anew, and is as long as it was.
    const stands = host.freshSince === undefined && isFiring(state, host, "unattended");
    return (isLong || stands) && mayRunAgain(state, host, phase);
  }
  if (!isLong) return false;
  if (isRehearsing(state, host.host)) return false;
  if (phase?.kind === "evacuating" && phase.proof !== undefined) return false;
  const unguarded = host.assessment?.row === "3" && state.memory.known[host.host] === undefined;
  if (unguarded || host.assessment?.row === "3a") return false;
  return !isNamedInStorm(state, host);
}

function isLongSilent(state: GuardianState, host: HostState): boolean {
  // Overdue for so long: collectors that keep starting anew never vouch for its silence.
  const isOverdue = ["1b", "8a"].includes(host.assessment?.row ?? "");
  const overdue = isOverdue ? host.suspectSince : undefined;
  const since = unexplainedSince(state, host, host.silentSince ?? overdue);
  return since !== undefined && state.now - since >= state.settings.limits.unattendedMs;
}

/**
 * A fenced host that came back, and was not released, with servers that were left on it: silent again, it takes them
 * down with it. While it is ordered on or off nothing of it is expected.
 */
function mayRunAgain(
  { memory }: GuardianState,
  { host, newest }: HostState,
  phase: Ended,
): boolean {
  const { bootId } = memory.known[host] ?? {};
  if (bootId === undefined || bootId === memory.incidents.get(host)?.bootId) return false;
  if (phase.home?.step.kind === "on" || phase.home?.step.kind === "off") return false;
  const isCounted = newest?.checks.libvirt === "up";
  return isCounted ? newest.checks.serversRunning > 0 : stayedOn(phase) > 0;
}

/** A silence that was announced counts from the end of its notice; a power-off is not waited for. */
function unexplainedSince(
  state: GuardianState,
  host: HostState,
  since: MonoMs | undefined,
): MonoMs | undefined {
  const endsAt = noticeEndsAt(state, host);
  if (since === undefined || endsAt === undefined) return since;
  const waits = noticeOf(state, host) !== "powering-off";
  return waits && endsAt > since ? endsAt : since;
}

export function unattendedAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted {
  const { unattendedMs } = state.settings.limits;
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  return about(state, host, assessment, {
    kind: "unattended",
    class: "page",
    title: words("alert.unattended", { host: host.host, limit: durationWords(unattendedMs) }),
    why: () => {
      const { row, says } = assessment;
      const hold =
        blocked.length === 0
          ? words("why.row", { row, says })
          : words("why.gates", { row, gates: blocked.map(gateWords) });
      const evidence = reasonLines(state, host, assessment);
      return [hold, ...evidence];
    },
    next: words("todo.end-hold"),
  });
}
