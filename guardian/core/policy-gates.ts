/** The gates that people hold in their hands: armed, mode, hold, maintenance. */
import type { GateResult } from "./assessment.ts";
import { answerOf, approvalOf, describeAnswer, type Covers } from "./approvals.ts";
import { armingOf } from "./arming.ts";
import { incidentOf } from "./incidents.ts";
import { describeMaintenance, maintenanceOf } from "./maintenance.ts";
import { describeMode, modeOf } from "./modes.ts";
import type { GuardianState, HostState } from "./state.ts";

export function armedGate(state: GuardianState): GateResult {
  const arming = armingOf(state);
  const value = arming.kind === "armed" ? "armed" : `${arming.kind}: ${arming.why}`;
  return { gate: "armed", pass: arming.kind === "armed", value, operator: "=", limit: "armed" };
}

/** Act, or ask and approved: by a person, or by nobody where the configuration says so. */
export function modeGate(
  state: GuardianState,
  host: HostState,
  covers: Covers = "fence",
): GateResult {
  const choice = modeOf(state, host.host);
  const approval = approvalOf(state, host.host, covers);
  const asks = choice.mode === "ask";
  const said = asks ? `, ${askedText(state, host, approval, covers)}` : "";
  return {
    gate: "mode",
    pass: choice.mode === "act" || (asks && approval !== undefined),
    value: `${describeMode(choice)}${said}`,
    operator: "=",
    limit: asks ? "act, or approved" : "act",
  };
}

function askedText(
  state: GuardianState,
  host: HostState,
  approval: ReturnType<typeof approvalOf>,
  covers: Covers,
): string {
  if (approval?.byDefault === true) return "no answer in time: acts by default";
  if (approval !== undefined) return describeAnswer(state, approval);
  const asked = incidentOf(state, host.host)?.asked;
  if (asked?.covers !== covers) return "not asked yet";
  return `no answer for ${Math.floor((state.now - asked.at) / 1000)} s`;
}

/** A person said stop, or that this is no failure. */
export function holdGate(
  state: GuardianState,
  host: HostState,
  covers: Covers = "fence",
): GateResult {
  const answer = answerOf(state, host.host, covers);
  const stopped = answer !== undefined && answer.kind !== "approved";
  return {
    gate: "hold",
    pass: !stopped,
    value: stopped ? `${describeAnswer(state, answer)}: ${answer.reason}` : "no",
    operator: "=",
    limit: "no",
  };
}

export function maintenanceGate(state: GuardianState, host: HostState): GateResult {
  const maintenance = maintenanceOf(state, host.host);
  const value =
    maintenance === undefined
      ? "in service"
      : `in maintenance: ${describeMaintenance(maintenance)}`;
  return {
    gate: "maintenance",
    pass: maintenance === undefined,
    value,
    operator: "=",
    limit: "in service",
  };
}
