/**
 * The rules between the alerts of the decision core and the channels: one reducer, synchronous and without a
 * clock, as the core itself. An event only changes what is known; then, each time, everything that is due by
 * what is known now is posted, and what can be tried is tried. So a rule that held something back needs no
 * memory of it: once it lets it pass, it is due.
 */
import { withTokenTaken } from "./bucket.ts";
import { forgetSpent } from "./ceiling.ts";
import type { DispatchEffect, DispatchEvent } from "./events.ts";
import { isTold, withFiring, withSighting } from "./intake.ts";
import { whyDue } from "./due.ts";
import { ageRows, startTries, withAnswer, withTried } from "./lanes.ts";
import { laneOf, withAlert, withEntry, withLane, type DispatchState } from "./model.ts";
import { withOwnAlerts } from "./own-alerts.ts";
import { isSilenceOver, withEnd } from "./silences.ts";
import { updateMs } from "./settings.ts";
import { withNewestWords, withOvertaken } from "./overtaken.ts";
import { post } from "./sending.ts";

export interface Dispatched {
  readonly state: DispatchState;
  readonly effects: readonly DispatchEffect[];
}

/** Takes one event; what is to be tried has to be kept on disk before it is. */
export function dispatch(before: DispatchState, event: DispatchEvent): Dispatched {
  const effects: DispatchEffect[] = [];
  const moved = { ...before, at: Math.max(before.at, event.at), wall: event.wall };
  let state = fold(moved, event, effects);
  state = forgetSilences(forgetSpent(ageRows(state, effects)), effects);
  state = post(withOvertaken(withOwnAlerts(state)));
  state = startTries(forgetOver(withNewestWords(state)), effects);
  return { state, effects };
}

function fold(state: DispatchState, event: DispatchEvent, out: DispatchEffect[]): DispatchState {
  switch (event.kind) {
    case "tick":
      return { ...state, storms: event.storms };
    case "alerts":
      return event.alerts.reduce(withSighting, { ...state, storms: event.storms });
    case "firing":
      return withFiring({ ...state, storms: event.storms }, event.alerts);
    case "tried":
      return withTried(state, event.row, event.delivery, event.random, out);
    case "tested": {
      const { channel, delivery } = event;
      const { trying } = laneOf(state, channel);
      const taken = withLane(state, channel, withTokenTaken(state, channel));
      const next = withAnswer(taken, channel, delivery, 0, out);
      return withLane(next, channel, { ...laneOf(next, channel), trying });
    }
    case "acknowledged":
      return withAcknowledged(state, event, out);
    case "silence-set": {
      const { silence } = event;
      say(out, "silence-set", silence.id, silence.by, silence.reason);
      const silences = withEntry(state.silences, silence.id, withEnd(state, silence));
      return { ...state, silences };
    }
    case "silence-ended":
      say(out, "silence-ended", event.id, event.by, event.reason);
      return { ...state, silences: withEntry(state.silences, event.id, undefined) };
    case "kept":
      return { ...state, unkept: event.problem };
    default:
      return event satisfies never;
  }
}

/** What fires of a host and was told is in somebody's hand: no second level. */
function withAcknowledged(
  state: DispatchState,
  { host, key: one, by, reason, alone }: Extract<DispatchEvent, { kind: "acknowledged" }>,
  out: DispatchEffect[],
): DispatchState {
  let next = state;
  for (const [key, known] of state.alerts) {
    const { message } = known;
    // Whoever names an alert has seen it; with a host goes what was told of it.
    const isMeant = one === undefined ? message.host === host && isTold(known) : key === one;
    if (!isMeant || message.status !== "firing") continue;
    const ack = { by, reason, wall: state.wall, alone };
    next = withAlert(next, key, { ...known, ack, unackedAt: undefined });
    const fields = { alert: key, by, reason };
    const text = "alert acknowledged";
    out.push({ kind: "line", level: "info", event: "alert-acknowledged", text, fields });
  }
  return next;
}

/** Drops what is over, of which nothing waits, and old enough not to be taken for new when it begins again. */
function forgetOver(state: DispatchState): DispatchState {
  let next = state;
  const spokenOf = new Set([...state.rows.values()].flatMap(({ keys }) => keys));
  for (const [key, known] of state.alerts) {
    if (known.message.status !== "resolved" || spokenOf.has(key)) continue;
    const grouped = state.at - known.changedAt < state.settings.groupMs;
    const told = Object.keys(known.told);
    if (grouped && told.some((channel) => known.told[channel]?.status === "firing")) continue;
    if (told.some((channel) => state.at - (known.told[channel]?.at ?? 0) < updateMs)) continue;
    if (told.some((channel) => whyDue(state, known, channel, false) !== undefined)) continue;
    next = withAlert(next, key, undefined);
  }
  return next;
}

function forgetSilences(state: DispatchState, out: DispatchEffect[]): DispatchState {
  let next = state;
  for (const [id, silence] of state.silences) {
    if (!isSilenceOver(state, silence)) continue;
    say(out, "silence-over", id, "its end", "");
    next = { ...next, silences: withEntry(next.silences, id, undefined) };
  }
  return next;
}

function say(out: DispatchEffect[], event: string, id: string, by: string, reason: string): void {
  const fields = { silence: id, by, reason };
  out.push({ kind: "line", level: "info", event, text: event.replace("-", " "), fields });
}
