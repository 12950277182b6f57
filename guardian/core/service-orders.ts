/** Our two orders to Nova about a fenced host's nova-compute: force it down, then disable it. */
import { after, type MonoMs } from "../../shared/time.ts";
import type { Effect } from "./effects.ts";
import type { ServiceOrderAnswered } from "./events.ts";
import { incidentOf, say, withPhase } from "./incidents.ts";
import { ourMark } from "./marks.ts";
import type { Incident, OrderState, Phase } from "./memory.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words } from "./words.ts";

export type Evacuating = Extract<Phase, { kind: "evacuating" }>;

export const serviceRetryMs = 5000;
const serviceAnswerMs = 15_000;

/** Its evacuation, while one is under way. */
export function phaseOf(state: GuardianState, host: HostState): Evacuating | undefined {
  const phase = incidentOf(state, host.host)?.phase;
  return phase?.kind === "evacuating" ? phase : undefined;
}

/** Force down, then disable; both may be repeated without harm, so both are retried. */
export function orderService(state: GuardianState, host: HostState, out: Effect[]): GuardianState {
  const phase = phaseOf(state, host);
  const incident = incidentOf(state, host.host);
  const serviceId = host.service?.service.serviceId;
  if (phase?.proof === undefined || incident === undefined || serviceId === undefined) return state;
  if (isOrderDue(phase.forcedDown, state.now)) {
    out.push({
      kind: "force-down",
      id: orderId(incident, "force-down"),
      host: host.host,
      serviceId,
    });
    return withPhase(state, host.host, { ...phase, forcedDown: { kind: "asked", at: state.now } });
  }
  if (phase.forcedDown.kind === "done" && isOrderDue(phase.disabled, state.now)) {
    const reason = ourMark(state, incident.id);
    const [kind, onlyIfEnabled] = ["disable", false] as const;
    const id = orderId(incident, kind);
    out.push({ kind, id, host: host.host, serviceId, reason, onlyIfEnabled });
    return withPhase(state, host.host, { ...phase, disabled: { kind: "asked", at: state.now } });
  }
  return state;
}

function orderId({ id, host }: Incident, order: "force-down" | "disable"): string {
  return `${id}/${host}/${order}`;
}

/** Whether an order is to be given now: for the first time, or again. */
export function isOrderDue(order: OrderState, now: MonoMs): boolean {
  switch (order.kind) {
    case "due":
      return true;
    case "asked":
      return now - order.at > serviceAnswerMs;
    case "retry":
      return now >= order.at;
    case "done":
      return false;
    default:
      return order satisfies never;
  }
}

export function foldServiceOrder(
  state: GuardianState,
  event: ServiceOrderAnswered,
  out: Effect[],
): GuardianState {
  const incident = incidentOf(state, event.host);
  const phase = incident?.phase;
  if (incident === undefined || phase?.kind !== "evacuating") return state;
  if (event.order !== "force-down" && event.order !== "disable") return state;
  // Disabled while it was only degraded, it bears another mark: it is not what this one asks for.
  if (event.id !== undefined && event.id !== orderId(incident, event.order)) return state;
  const { answer } = event;
  const done = answer.kind === "accepted";
  // The late failure of an earlier try does not undo what a later one did.
  const before = event.order === "force-down" ? phase.forcedDown : phase.disabled;
  if (!done && before.kind === "done") return state;
  const reason = answer.kind === "accepted" ? "" : answer.reason;
  const result: OrderState = done
    ? { kind: "done" }
    : { kind: "retry", at: after(event.at, serviceRetryMs), reason };
  const next =
    event.order === "force-down"
      ? {
          ...phase,
          forcedDown: result,
          moves: done ? countedFrom(phase.moves, event.at) : phase.moves,
        }
      : { ...phase, disabled: result };
  return say(withPhase(state, event.host, next), out, {
    level: done ? "info" : "warn",
    host: event.host,
    event: event.order,
    text: done
      ? words(event.order === "force-down" ? "log.forced-down" : "log.host-disabled")
      : words("log.order-again", { order: event.order, reason, limit: serviceRetryMs / 1000 }),
  });
}

/** A call of before a restart is looked for from the moment on at which Nova took a write: it may have waited till then. */
function countedFrom(moves: Evacuating["moves"], at: MonoMs): Evacuating["moves"] {
  if (moves === undefined) return undefined;
  const entries = Object.entries(moves).map(([server, move]) => {
    const { state } = move;
    const isHeld = state.kind === "ordered" && state.inherited;
    return [server, isHeld ? { ...move, state: { ...state, at } } : move] as const;
  });
  return Object.fromEntries(entries);
}
