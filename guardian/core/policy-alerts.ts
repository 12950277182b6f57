/** What should be said of one host because of what people decided: maintenance, answers, our marks. */
import { describeMs, describeWall } from "../../shared/time.ts";
import { answerOf, approvalOf, reasonedAnswer } from "./approvals.ts";
import type { Assessment } from "./assessment.ts";
import { isDisabledByUs } from "./degraded.ts";
import { reasonLines } from "./explain.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { incidentOf } from "./incidents.ts";
import { maintenanceOf, maintenanceWords } from "./maintenance.ts";
import type { GuardianState, HostState } from "./state.ts";
import { render } from "./words.ts";

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
      title: `${host.host} is silent, and ${answer.by} says that it is no failure`,
      why: () => [render(reasonedAnswer(state, answer)), ...reasonLines(state, host, assessment)],
      next: "nothing is done until it has reported again; then it is guarded as before",
    });
  }
  const asked = disablingAsked(state, host, assessment);
  if (asked !== undefined) yield asked;
  if (isDisabledByUs(state, host.host)) {
    const minutes = state.settings.limits.enableHealthyAfterMs / 60_000;
    yield about(state, host, assessment, {
      kind: "disabled",
      class: "notification",
      title: `${host.host} takes no new servers: we disabled it in Nova while it is degraded`,
      next: `mend it; it is enabled again after ${minutes} min in good health, if our mark is still on it`,
    });
  }
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
      title: `${host.host}: its maintenance is over and it does not report: it is not guarded`,
      why: () => [render(maintenanceWords(maintenance)), ...reasonLines(state, host, assessment)],
      next: `finish it, or set a new end; if it failed: guardian maintenance clear ${host.host} (it is then acted on)`,
    });
  }
  const leftMs = untilWall - state.wall;
  if (leftMs > Math.min(endToldMs, (untilWall - sinceWall) / 2)) return undefined;
  return about(state, host, assessment, {
    kind: "maintenance-ends",
    class: "notification",
    title: `${host.host} is guarded again from ${describeWall(untilWall)} on`,
    why: () => [render(maintenanceWords(maintenance))],
    next: `if it takes longer: guardian maintenance set ${host.host} --until … --reason …`,
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
    title: `${host.host} is degraded: shall we keep new servers away from it?`,
    next: `yes: guardian incident approve ${incident.id} (disabled in Nova with our mark, enabled again when it is well); ${noAnswer(state, "it is disabled")}`,
  });
}

/** What comes of no answer, for the message that asks. */
export function noAnswer(state: GuardianState, what: string): string {
  const { afterMs, byDefault } = state.settings.ask;
  return byDefault === "act"
    ? `no answer within ${describeMs(afterMs)}: ${what}`
    : "no answer: nothing is done, and you are told again";
}
