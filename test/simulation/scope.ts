/** Which hosts the guardian is responsible for, as the world has it. */
import { isDismissed } from "../../guardian/core/approvals.ts";
import { reserveMark } from "../../guardian/core/marks.ts";
import { maintenanceOf } from "../../guardian/core/maintenance.ts";
import type { WorldHost } from "../support/world-host.ts";
import type { Witness } from "./witness.ts";

/** Whether a reason in Nova is a mark of this guardian's. */
export function isOurs(witness: Witness, reason: string | undefined): boolean {
  return reason?.startsWith(`guardian ${witness.world.settings.guardianId} `) === true;
}

/**
 * Hosts that people keep free for us, and degraded ones, have a mark of ours, too; forced down, they are others', but
 * for those that we fenced: their mark follows.
 */
function isOurFence(witness: Witness, host: WorldHost, reason: string | undefined): boolean {
  const { state } = witness.world;
  if (!isOurs(witness, reason) || reason === reserveMark(state)) return false;
  const phase = state.memory.incidents.get(host.name)?.phase.kind;
  return reason?.endsWith(" degraded") !== true || phase === "evacuating" || phase === "ended";
}

/** Guarded, in service, under no notice, and not called no failure by a person. */
export function isInScope(witness: Witness, host: WorldHost): boolean {
  const { nova, state } = witness.world;
  if (maintenanceOf(state, host.name) !== undefined) return false;
  const service = nova.services.get(host.name);
  if (service?.status === "disabled" && !isOurs(witness, service.reason)) return false;
  if (service?.forcedDown === true && !isOurFence(witness, host, service.reason)) return false;
  if (state.memory.released.includes(host.name)) return false;
  if (isDismissed(state, host.name)) return false;
  const newest = state.hosts.get(host.name)?.newest;
  return newest !== undefined && newest.checks.notice === "none";
}
