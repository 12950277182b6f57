/** The gates that people hold in their hands: armed, mode, hold, maintenance, rehearsal. */
import { isLivingFence, type GateResult } from "./assessment.ts";
import { answerOf, answerWords, approvalOf, reasonedAnswer, type Covers } from "./approvals.ts";
import { armingOf, armingWords } from "./arming.ts";
import { incidentOf } from "./incidents.ts";
import type { Answer } from "./memory.ts";
import { maintenanceOf, maintenanceWords } from "./maintenance.ts";
import { modeOf, modeWords } from "./modes.ts";
import { isRehearsing, rehearsalThatMayHit } from "./rehearsals.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

export function armedGate(state: GuardianState): GateResult {
  const arming = armingOf(state);
  const armed = words("value.armed");
  return {
    gate: "armed",
    pass: arming.kind === "armed",
    value: armingWords(arming),
    operator: "=",
    limit: armed,
  };
}

/** Act, or ask and approved: by a person, or by nobody where the configuration says so. */
export function modeGate(
  state: GuardianState,
  host: HostState,
  covers: Covers = "fence",
): GateResult {
  const choice = modeOf(state, host.host);
  const approval = approvalOf(state, host.host, covers);
  const asks = choice.mode === "ask" && !(covers === "fence" && isLivingFence(host.assessment));
  const mode = modeWords(choice);
  return {
    gate: "mode",
    pass: choice.mode === "act" || (asks && approval !== undefined),
    value: asks
      ? words("value.mode-asked", { mode, asked: askedWords(state, host, approval, covers) })
      : mode,
    operator: "=",
    limit: asks ? words("limit.act-or-approved") : words("value.mode", { mode: "act" }),
  };
}

function askedWords(
  state: GuardianState,
  host: HostState,
  approval: ReturnType<typeof approvalOf>,
  covers: Covers,
): Words {
  if (approval?.byDefault === true) return words("asked.default");
  if (approval !== undefined) return answerWords(state, approval);
  const asked = incidentOf(state, host.host)?.asked;
  if (asked?.covers !== covers) return words("asked.not-yet");
  return words("asked.waiting", { age: Math.floor((state.now - asked.at) / 1000) });
}

/** A person said stop, or that this is no failure. */
export function holdGate(
  state: GuardianState,
  host: HostState,
  covers: Covers = "fence",
): GateResult {
  const answer = answerOf(state, host.host, covers) ?? wordOnDegraded(state, host);
  const stopped = answer !== undefined && answer.kind !== "approved";
  return {
    gate: "hold",
    pass: !stopped,
    value: stopped ? reasonedAnswer(state, answer) : words("value.no"),
    operator: "=",
    limit: words("value.no"),
  };
}

/**
 * What a policy would fence while it reports, a person has called no failure: that covers all that is done about it. Of
 * a lesser trouble it says nothing of failed storage; journals of earlier releases do not tell what was seen.
 */
export function wordOnDegraded(state: GuardianState, host: HostState): Answer | undefined {
  const phase = incidentOf(state, host.host)?.phase.kind;
  const isOpen = phase === "watching" || phase === "fencing";
  const isMeant = isOpen && host.assessment?.row === "4";
  const word = isMeant ? answerOf(state, host.host, "disable") : undefined;
  const { seen } = word ?? {};
  const isOfIt = seen === undefined || seen.row === "4" || (seen.storage ?? seen.row === "7");
  return word?.kind === "dismissed" && isOfIt ? word : undefined;
}

export function maintenanceGate(state: GuardianState, host: HostState): GateResult {
  const maintenance = maintenanceOf(state, host.host);
  const value =
    maintenance === undefined
      ? words("value.in-service")
      : words("value.maintenance", { maintenance: maintenanceWords(maintenance) });
  return {
    gate: "maintenance",
    pass: maintenance === undefined,
    value,
    operator: "=",
    limit: words("value.in-service"),
  };
}

/**
 * While its power is cycled on purpose its silence says nothing, nor while another host's is, if that may
 * be this one's; a rehearsal has an end of its own. Printed only while there is one.
 */
export function rehearsalGates(state: GuardianState, host: HostState): readonly GateResult[] {
  const other = rehearsalThatMayHit(state, host);
  if (!isRehearsing(state, host.host) && other === undefined) return [];
  const value =
    other === undefined
      ? words("value.rehearsed")
      : words("value.rehearsed-other", { host: other });
  const limit = words("value.no");
  return [{ gate: "rehearsal", pass: false, value, operator: "=", limit }];
}
