/** What should be said of a reserve host: that it is in use, or that it is none. */
import type { Assessment } from "./assessment.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import { disabledWords, isReserveMark, reserveMark } from "./marks.ts";
import { isReserve } from "./reserves.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** After a start, and after people changed it, Nova's list may be older than what they did. */
const lastsMs = 60_000;

export function reserveAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted | undefined {
  const use = state.memory.reserves.get(host.host);
  const next = words("todo.reserve", { host: host.host, mark: reserveMark(state) });
  if (use?.order.kind === "done") {
    return about(state, host, assessment, {
      kind: "reserve",
      class: "ticket",
      title: words("alert.reserve-used", { host: host.host }),
      why: () => [words("why.reserve-used", { id: use.incident })],
      impact: () => words("impact.reserve"),
      next,
    });
  }
  const reason = isReserve(state, host.host) ? noReserve(state, host) : undefined;
  if (reason === undefined || state.now - state.startedAt < lastsMs) return undefined;
  return about(state, host, assessment, {
    kind: "reserve",
    class: "ticket",
    title: words("alert.reserve-none", { host: host.host }),
    why: () => [reason],
    impact: () => words("impact.reserve"),
    next,
  });
}

/** Why a host that is configured as a reserve is none; undefined while it is one. */
function noReserve(state: GuardianState, { service }: HostState): Words | undefined {
  const shown = service?.service;
  if (shown === undefined) return undefined;
  if (shown.status === "enabled") return words("shown.enabled");
  return isReserveMark(state, shown.disabledReason)
    ? undefined
    : disabledWords(shown.disabledReason);
}
