/** What should be said of one host because of what people decided: maintenance, answers, our marks. */
import { describeWall } from "../../shared/time.ts";
import { answerOf, approvalOf, reasonedAnswer } from "./approvals.ts";
import type { Assessment } from "./assessment.ts";
import { drainAlert } from "./drain-alerts.ts";
import { isDisabledByUs } from "./degraded.ts";
import { reasonLines } from "./explain.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { incidentOf } from "./incidents.ts";
import { returnMsMax } from "./rehearsals.ts";
import { maintenanceOf, maintenanceWords } from "./maintenance.ts";
import type { GuardianState, HostState } from "./state.ts";
import { durationWords, render, words, type Said, type Words } from "./words.ts";

/** The end of a maintenance is told this long before, or half of it before when it is short. */
const endToldMs = 600_000;

export function* policyAlerts(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Generator<Wanted> {
  const maintenance = maintenanceAlert(state, host, assessment);
  if (maintenance !== undefined) yield maintenance;
  const answer = answerOf(state, host.host, "fence");
  if (answer?.kind === "dismissed" && host.freshSince === undefined) {
    yield about(state, host, assessment, {
      kind: "dismissed",
      class: "notification",
      title: words("alert.dismissed", { host: host.host, by: answer.by }),
      why: () => [reasonedAnswer(state, answer), ...reasonLines(state, host, assessment)],
      next: words("todo.dismissed"),
    });
  }
  const off = notSwitchedBack(state, host);
  if (off !== undefined) {
    yield about(state, host, assessment, {
      kind: "not-switched-back",
      class: "page",
      title: words("alert.not-switched-back", { host: host.host }),
      revision: render(off),
      why: () => [off],
      next: words("todo.not-switched-back", { host: host.host }),
    });
  }
  const late = rehearsalLate(state, host);
  const reason = late ?? rehearsalFailed(state, host);
  if (reason !== undefined) {
    const isLate = late !== undefined;
    yield about(state, host, assessment, {
      kind: "rehearsal",
      class: "ticket",
      title: words(isLate ? "alert.rehearsal-late" : "alert.rehearsal", { host: host.host }),
      revision: render(reason),
      why: () => [reason],
      next: words("todo.rehearsal", { host: host.host }),
    });
  }
  const drain = drainAlert(state, host, assessment);
  if (drain !== undefined) yield drain;
  const asked = disablingAsked(state, host, assessment);
  if (asked !== undefined) yield asked;
  if (isDisabledByUs(state, host.host)) {
    const minutes = state.settings.limits.enableHealthyAfterMs / 60_000;
    yield about(state, host, assessment, {
      kind: "disabled",
      class: "notification",
      title: words("alert.disabled", { host: host.host }),
      next: words("todo.disabled", { minutes }),
    });
  }
}

/** Why a rehearsal shows nothing: told at once, though the host may still be on its way back. */
function rehearsalFailed(state: GuardianState, { host }: HostState): Said | undefined {
  const rehearsal = state.memory.rehearsals.get(host);
  if (rehearsal?.afterFence === true) return undefined;
  if (rehearsal?.step.kind === "failed") return rehearsal.step.reason;
  return rehearsal?.step.kind === "on" ? rehearsal.step.failed : undefined;
}

/** After a fence the disarming is told; what is left to tell is that the chassis did not come on. */
function notSwitchedBack(state: GuardianState, { host }: HostState): Said | undefined {
  const rehearsal = state.memory.rehearsals.get(host);
  if (rehearsal?.afterFence !== true || rehearsal.step.kind !== "failed") return undefined;
  return rehearsal.step.reason;
}

/** It goes as it should, but for a host that takes longer than a silent one may unexplained. */
function rehearsalLate(state: GuardianState, { host }: HostState): Words | undefined {
  const step = state.memory.rehearsals.get(host)?.step;
  const { unattendedMs } = state.settings.limits;
  if (step?.kind !== "on" || step.failed !== undefined) return undefined;
  if (state.now - step.since < unattendedMs) return undefined;
  const limits = { limit: durationWords(unattendedMs), last: durationWords(returnMsMax) };
  return words("rehearse.late", limits);
}

function maintenanceAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const maintenance = maintenanceOf(state, host.host);
  if (maintenance?.untilWall === undefined) return undefined;
  const { untilWall, sinceWall, overdue } = maintenance;
  if (overdue) {
    return about(state, host, assessment, {
      kind: "maintenance-over",
      class: "page",
      title: words("alert.maintenance-over", { host: host.host }),
      why: () => [maintenanceWords(maintenance), ...reasonLines(state, host, assessment)],
      next: words("todo.maintenance-over", { host: host.host }),
    });
  }
  const leftMs = untilWall - state.wall;
  if (leftMs > Math.min(endToldMs, (untilWall - sinceWall) / 2)) return undefined;
  return about(state, host, assessment, {
    kind: "maintenance-ends",
    class: "notification",
    title: words("alert.maintenance-ends", { host: host.host, end: describeWall(untilWall) }),
    why: () => [maintenanceWords(maintenance)],
    next: words("todo.maintenance-ends", { host: host.host }),
  });
}

/** Mode ask: a degraded host would be disabled, and nobody has said yes. */
function disablingAsked(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const incident = incidentOf(state, host.host);
  if (incident?.asked?.covers !== "disable" || approvalOf(state, host.host, "disable")) {
    return undefined;
  }
  return about(state, host, assessment, {
    kind: "ask-disable",
    class: "ticket",
    title: words("alert.ask-disable", { host: host.host }),
    next: words("todo.ask-disable", {
      id: incident.id,
      otherwise: noAnswer(state, words("outcome.disabled")),
    }),
  });
}

/** What comes of no answer, for the message that asks. */
export function noAnswer(state: GuardianState, outcome: Words): Words {
  const { afterMs, byDefault } = state.settings.ask;
  return byDefault === "act"
    ? words("todo.no-answer-act", { limit: durationWords(afterMs), outcome })
    : words("todo.no-answer-wait");
}
