/** What should be said of one host because of what people decided: maintenance, answers, our marks. */
import { describeWall } from "../../shared/time.ts";
import { answerOf, describeAnswer } from "./approvals.ts";
import type { Assessment } from "./assessment.ts";
import { isDisabledByUs } from "./degraded.ts";
import { evidenceLines } from "./evidence.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { incidentOf } from "./incidents.ts";
import { describeMaintenance, maintenanceOf } from "./maintenance.ts";
import { modeOf } from "./modes.ts";
import type { GuardianState, HostState } from "./state.ts";

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
      why: () => [
        `${describeAnswer(state, answer)}: ${answer.reason}`,
        ...evidenceLines(state, host, assessment),
      ],
      next: "nothing is done until it has reported again; then it is guarded as before",
    });
  }
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
      why: () => [describeMaintenance(maintenance), ...evidenceLines(state, host, assessment)],
      next: `finish it, or set a new end; if it failed: guardian maintenance clear ${host.host} (it is then acted on)`,
    });
  }
  const leftMs = untilWall - state.wall;
  if (leftMs > Math.min(endToldMs, (untilWall - sinceWall) / 2)) return undefined;
  return about(state, host, assessment, {
    kind: "maintenance-ends",
    class: "notification",
    title: `${host.host} is guarded again from ${describeWall(untilWall)} on`,
    why: () => [describeMaintenance(maintenance)],
    next: `if it takes longer: guardian maintenance set ${host.host} --until … --reason …`,
  });
}

/** The gates that a person's approval opens. */
const openedByApproval: readonly string[] = ["mode", "storm", "suspects", "fence rate"];

/** A dead host in mode ask: what happens on each answer, and on none. */
export function askAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  const incident = incidentOf(state, host.host);
  if (incident === undefined || modeOf(state, host.host).mode !== "ask") return undefined;
  if (blocked.length !== 1 || blocked[0]?.gate !== "mode") return undefined;
  const { afterMs, byDefault } = state.settings.ask;
  const minutes = `${afterMs / 60_000} min`;
  return about(state, host, assessment, {
    kind: "ask",
    class: "page",
    title: `${host.host} is dead: shall we fence it and evacuate its servers?`,
    why: () => [assessment.says, ...evidenceLines(state, host, assessment)],
    next: [
      `yes: guardian incident approve ${incident.id}`,
      `not now: guardian incident hold ${incident.id}`,
      `it is no failure: guardian incident dismiss ${incident.id}`,
      byDefault === "act"
        ? `no answer within ${minutes}: it is fenced and evacuated`
        : "no answer: nothing is done, and this page comes again",
    ].join("; "),
  });
}

/** What a person can do about a held host: approve it, where that opens what holds it. */
export function nextForHeld(
  state: GuardianState,
  host: HostState,
  blocked: Assessment["gates"],
): string {
  const byHand = "change what the gate names, or evacuate it by hand once it is surely off";
  const incident = incidentOf(state, host.host);
  const opens = blocked.every(({ gate }) => openedByApproval.includes(gate));
  if (incident === undefined || !opens || modeOf(state, host.host).mode === "observe") {
    return byHand;
  }
  return `look at it, then: guardian incident approve ${incident.id}; or ${byHand}`;
}
