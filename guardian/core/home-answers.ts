/** What Nova and the power devices answer on a host's way home. */
import { after } from "../../shared/time.ts";
import type { Effect } from "./effects.ts";
import type { PowerOffAnswered, ServersSeen, ServiceOrderAnswered } from "./events.ts";
import { seenMsMax } from "./home-gates.ts";
import { stop, withHome } from "./home-steps.ts";
import { incidentOf, say } from "./incidents.ts";
import type { OrderState } from "./memory.ts";
import { openRecords } from "./move-plan.ts";
import { serviceRetryMs } from "./service-orders.ts";
import { hostOf, type GuardianState, type HostState } from "./state.ts";
import { words } from "./words.ts";

/** What Nova shows on it, and of what was evacuated from it. */
export function foldHomeList(state: GuardianState, event: ServersSeen): GuardianState {
  const host = hostOf(state, event.host);
  const phase = incidentOf(state, event.host)?.phase;
  if (phase?.kind !== "ended" || phase.home === undefined) return state;
  const { home } = phase;
  if (event.askedAt <= Math.max(home.seen?.askedAt ?? 0, home.heard?.askedAt ?? 0)) return state;
  // The one before waits for Nova's record of the host: a newer list would only begin the wait anew.
  if (home.heard !== undefined && event.askedAt - home.heard.askedAt < seenMsMax) return state;
  const { servers, records, askedAt } = event;
  const open = openRecords(records).length;
  const busy = servers.filter(({ taskState }) => taskState !== undefined).length;
  const uncleaned = records.filter(({ status }) => status === "done").length;
  const failed = servers.filter(({ status }) => status === "ERROR").length;
  const seen = { askedAt, servers: servers.length, moving: open + busy, uncleaned, failed };
  return withHome(state, host, { heard: seen });
}

/**
 * A list counts once Nova has shown the host's own record, asked for later: of a cell that is down it lists no server
 * and no evacuation, and the record has nothing but a name.
 */
export function withSeen(state: GuardianState, host: HostState): GuardianState {
  const phase = incidentOf(state, host.host)?.phase;
  const heard = phase?.kind === "ended" ? phase.home?.heard : undefined;
  if (heard === undefined || (host.service?.askedAt ?? 0) < heard.askedAt) return state;
  return withHome(state, host, { seen: heard, heard: undefined });
}

/** Takes in Nova's answer to one of the two orders. */
export function foldHomeOrder(
  state: GuardianState,
  event: ServiceOrderAnswered,
  out: Effect[],
): GuardianState {
  const phase = incidentOf(state, event.host)?.phase;
  const step = phase?.kind === "ended" ? phase.home?.step : undefined;
  const own = event.order === "force-up" ? "up" : event.order === "enable" ? "enabling" : undefined;
  if (step === undefined || step.kind !== own || !("order" in step)) return state;
  const { answer, order } = event;
  if (step.order.kind === "done") return state;
  const reason = answer.kind === "accepted" ? "" : answer.reason;
  const done = answer.kind === "accepted";
  const again: OrderState = { kind: "retry", at: after(event.at, serviceRetryMs), reason };
  const next = { ...step, order: done ? ({ kind: "done" } as const) : again };
  const host = hostOf(state, event.host);
  return say(withHome(state, host, { step: next }), out, {
    level: done ? "info" : "warn",
    host: event.host,
    event: order,
    text: done
      ? words(order === "enable" ? "log.home-enabled" : "log.home-up")
      : words("log.order-again", { order, reason, limit: serviceRetryMs / 1000 }),
  });
}

/** A device, or the shell's own look, refused to switch it off again: told at once. */
export function foldHomeOff(
  state: GuardianState,
  { host: name, device, answer }: PowerOffAnswered,
  out: Effect[],
): GuardianState {
  const phase = incidentOf(state, name)?.phase;
  const step = phase?.kind === "ended" ? phase.home?.step : undefined;
  if (step?.kind !== "off" || answer.kind !== "refused") return state;
  const refused = words("fence.refused", { device, reason: answer.reason });
  const reason = words("home.still-on", { reason: step.reason, why: refused });
  return stop(state, hostOf(state, name), reason, true, out);
}
