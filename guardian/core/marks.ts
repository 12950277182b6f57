/**
 * Our mark in Nova's `disabled_reason`: "guardian <id> epoch <n> incident <id>". It tells people
 * why a host is disabled, and tells another guardian to keep its hands off. It proves nothing. On a
 * host that lives and is degraded it ends with "degraded".
 */
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

const pattern = /^guardian (\S+) epoch (\d+) incident (\S+)(?: degraded)?$/;

export function ourMark(state: GuardianState, incident: string): string {
  return `guardian ${state.settings.guardianId} epoch ${state.epoch} incident ${incident}`;
}

/** On a host that lives and should get no new servers; it is ours to take away again. */
export function degradedMark(state: GuardianState, incident: string): string {
  return `${ourMark(state, incident)} degraded`;
}

/** By which people hand a host to us as a reserve: the one mark that we do not set ourselves. */
export function reserveMark({ settings }: GuardianState): string {
  return `guardian ${settings.guardianId} reserve`;
}

/** Whether a shown reason is exactly that mark. */
export function isReserveMark(state: GuardianState, shown: string | undefined): boolean {
  return shown === reserveMark(state);
}

/** A mark as this process makes it: an order that is given again after a restart carries its epoch. */
export function markOfThisEpoch(state: GuardianState, mark: string): string {
  return mark.replace(/ epoch \d+ /, ` epoch ${state.epoch} `);
}

/** Whether a shown reason is this mark of ours, set by this process or by an earlier one. */
export function isMarkOfAnyEpoch(
  state: GuardianState,
  mark: string,
  shown: string | undefined,
): shown is string {
  return shown !== undefined && markOfThisEpoch(state, shown) === markOfThisEpoch(state, mark);
}

/** A fence's mark of ours on a host that is forced down: its servers were moved, or were about to be. */
export function bearsFenceMark(state: GuardianState, { service }: HostState): boolean {
  const { forcedDown, disabledReason = "" } = service?.service ?? {};
  const match = pattern.exec(disabledReason);
  const isOurs = match?.[1] === state.settings.guardianId;
  return forcedDown === true && isOurs && !disabledReason.endsWith(" degraded");
}

export type DisabledBy =
  | { readonly kind: "nobody" }
  | { readonly kind: "us" }
  | { readonly kind: "others"; readonly reason: Words };

/** Who disabled a host's nova-compute, by its mark. A force-down without a mark is another's too. */
export function disabledBy(state: GuardianState, host: HostState): DisabledBy {
  const service = host.service?.service;
  if (service === undefined) return { kind: "nobody" };
  const phase = state.memory.incidents.get(host.host)?.phase.kind;
  const ours = phase === "evacuating" || phase === "ended";
  if (service.status === "disabled") {
    const match = pattern.exec(service.disabledReason ?? "");
    const isOurs = match?.[1] === state.settings.guardianId;
    // Forced down beside our mark of a degraded host: that was not ours, we force down only what we fence.
    const isTaken = service.forcedDown && !ours && service.disabledReason?.endsWith(" degraded");
    if (isOurs && isTaken === true) return { kind: "others", reason: words("value.forced-down") };
    if (isOurs) return { kind: "us" };
    return { kind: "others", reason: disabledWords(service.disabledReason) };
  }
  // We force down before we disable, so for a moment our own incident shows only the first.
  if (service.forcedDown && !ours) {
    return { kind: "others", reason: words("value.forced-down") };
  }
  return { kind: "nobody" };
}

/** "disabled: …", with the reason that Nova shows. */
export function disabledWords(reason: string | undefined): Words {
  return reason === undefined
    ? words("value.disabled-no-reason")
    : words("value.disabled", { reason });
}
