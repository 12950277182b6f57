/** What should be said of a dead host: we act, we ask, we would act, or a gate holds us. */
import { gateWords, verdictWords, type Assessment, type GateResult } from "./assessment.ts";
import { reasonLines } from "./explain.ts";
import { about, dedupKeyOf, proofLostMs, verdictTitle, type Wanted } from "./incident-alerts.ts";
import { incidentOf } from "./incidents.ts";
import { modeOf } from "./modes.ts";
import { noAnswer } from "./policy-alerts.ts";
import { isUnheard } from "./reports.ts";
import { isOfManyHosts } from "./storm-gates.ts";
import { isNamedInStorm } from "./storm-alerts.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** Whether a person's approval opens a gate. */
function isOpenedByApproval(state: GuardianState, host: HostState, { gate }: GateResult): boolean {
  if (gate === "grace") return isUnheard(state, host.host);
  return gate === "mode" || gate.startsWith("fence rate") || isOfManyHosts(gate);
}

export function deadAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const blocked = assessment.gates.filter((gate) => !gate.pass);
  // A storm has one page that names its hosts; a suspect holds for seconds only.
  const own = blocked.filter(({ gate }) => !isOfManyHosts(gate));
  const crowd = blocked.length > own.length;
  const named = crowd && isNamedInStorm(state, host);
  if (own.length === 0) {
    if (!crowd) return actingAlert(state, host, assessment);
    if (named || state.now - assessment.since < proofLostMs) return undefined;
    return heldAlert(state, host, assessment, blocked);
  }
  const wanted = policyAlert(state, host, assessment, own);
  if (wanted === undefined) return heldAlert(state, host, assessment, blocked);
  // In a storm its page names the hosts; one that was paged before keeps its own.
  return named && !isFiring(state, host, wanted.kind) ? undefined : wanted;
}

function actingAlert(state: GuardianState, host: HostState, assessment: Assessment): Wanted {
  return about(state, host, assessment, {
    kind: "dead",
    class: "notification",
    title: verdictTitle(host, assessment),
    next: words("todo.acting"),
  });
}

/** Nothing but the mode holds; the grace after a start ends by itself, and changes nothing. */
function policyAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  own: readonly GateResult[],
): Wanted | undefined {
  if (!own.some(({ gate }) => gate === "mode")) return undefined;
  if (own.length > 1 && isUnheard(state, host.host)) return undefined;
  if (!own.every(({ gate }) => gate === "mode" || gate === "grace")) return undefined;
  if (modeOf(state, host.host).mode === "ask") return askAlert(state, host, assessment);
  return about(state, host, assessment, {
    kind: "dead",
    class: "page",
    title: verdictTitle(host, assessment),
    next: words("todo.observe"),
  });
}

/** A dead host in mode ask: what happens on each answer, and on none. */
function askAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const incident = incidentOf(state, host.host);
  if (incident === undefined) return undefined;
  const { id } = incident;
  return about(state, host, assessment, {
    kind: "ask",
    class: "page",
    title: words("alert.ask", { host: host.host }),
    why: () => [assessment.says, ...reasonLines(state, host, assessment)],
    next: words("todo.ask", { id, otherwise: noAnswer(state, words("outcome.evacuated")) }),
  });
}

function heldAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  blocked: readonly GateResult[],
): Wanted {
  return about(state, host, assessment, {
    kind: "held",
    class: "page",
    title: words("alert.held", {
      host: host.host,
      verdict: verdictWords(assessment.verdict),
      gates: blocked.map(({ gate }) => gate),
    }),
    why: () => [...blocked.map(gateWords), ...reasonLines(state, host, assessment)],
    next: nextForHeld(state, host, blocked),
  });
}

/** What a person can do: approve it, where that opens what holds it. */
function nextForHeld(state: GuardianState, host: HostState, blocked: readonly GateResult[]): Words {
  const byHand = words("todo.by-hand");
  const incident = incidentOf(state, host.host);
  const opens = blocked.every((gate) => isOpenedByApproval(state, host, gate));
  if (incident === undefined || !opens || modeOf(state, host.host).mode === "observe") {
    return byHand;
  }
  return words("todo.approve", { id: incident.id, byHand });
}

export function isFiring(state: GuardianState, host: HostState, kind: string): boolean {
  return state.memory.alerts[dedupKeyOf(state, host.host, kind)] !== undefined;
}

/** Fires as a page: over a restart, too, after which its time is counted anew. */
export function isPaged(state: GuardianState, host: HostState, kind: string): boolean {
  return state.memory.alerts[dedupKeyOf(state, host.host, kind)]?.message.class === "page";
}
