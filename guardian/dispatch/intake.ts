/** Alerts of the core into what is tracked: what changed, what was only said again. */
import type { AlertMessage } from "../ports.ts";
import type { Sighting } from "./events.ts";
import { withAlert, type DispatchState, type TrackedAlert } from "./model.ts";

/** The share of the core's repeat time after which the same words again are a repeat, not newer evidence. */
const repeatShare = 0.9;

/** Takes one sending of the core. */
export function withSighting(state: DispatchState, sighting: Sighting): DispatchState {
  const { message, place } = sighting;
  const known = state.alerts.get(message.dedupKey);
  if (known === undefined) {
    // The end of what nobody was told is no news.
    return message.status === "resolved" ? state : begun(state, sighting);
  }
  if (known.message.id === message.id && known.message.status === message.status) {
    return withTakenNote(state, known, sighting);
  }
  const changed = isChanged(known.message, message);
  const again = !changed && isSentAgainAfterRestart(state, known, message);
  const isRepeat = !changed && !again && isLongAgo(state, known);
  // What ended and began again before any channel was told the end has not ended for those who wait for an answer.
  const endWasTold = Object.values(known.told).some(({ status }) => status === "resolved");
  const isFiringAnew =
    known.message.status === "resolved" && message.status === "firing" && endWasTold;
  // The core forgets who took note of an alert once it sends it again, and so do we; but for a repeat by a
  // core that was never told.
  const isKnownRepeat =
    isRepeat && known.ack?.alone === true && saysTheSame(known.message, message);
  const keepsAck = again || isKnownRepeat;
  const ack = keepsAck ? known.ack : undefined;
  return withAlert(state, message.dedupKey, {
    ...known,
    message,
    place,
    ack,
    sending: keepsAck ? known.sending : message.id,
    ...(changed ? { changedAt: state.at, changedWall: state.wall } : {}),
    ...(isRepeat ? { repeatedAt: state.at } : {}),
    ...(known.ack !== undefined && !keepsAck ? { escalations: 0, unackedAt: state.at } : {}),
    ...(isFiringAnew ? { escalations: 0, unackedAt: undefined, everywhere: undefined } : {}),
  });
}

function begun(state: DispatchState, { message, place, acknowledgedBy }: Sighting): DispatchState {
  return withAlert(state, message.dedupKey, {
    message,
    place,
    own: false,
    sending: message.id,
    changedAt: state.at,
    changedWall: state.wall,
    escalations: 0,
    told: {},
    ack:
      acknowledgedBy === undefined
        ? undefined
        : { by: acknowledgedBy, reason: "", wall: state.wall },
  });
}

/** Acknowledged by another verb than ours: the core knows, and we are told here. */
function withTakenNote(
  state: DispatchState,
  known: TrackedAlert,
  { message, acknowledgedBy }: Sighting,
): DispatchState {
  if (acknowledgedBy === undefined || known.ack !== undefined) return state;
  // What nobody was told yet, nobody can have taken note of; nor later, when it is told at last.
  if (known.untoldAck === message.id) return state;
  if (!isTold(known)) {
    return withAlert(state, message.dedupKey, { ...known, untoldAck: message.id });
  }
  const ack = { by: acknowledgedBy, reason: "", wall: state.wall };
  return withAlert(state, message.dedupKey, { ...known, ack });
}

export function isTold({ told }: TrackedAlert): boolean {
  return Object.values(told).some(({ status }) => status === "firing");
}

function isChanged(before: AlertMessage, now: AlertMessage): boolean {
  return before.status !== now.status || before.class !== now.class || before.title !== now.title;
}

/**
 * After a restart the core sends every page again that fires, since it cannot know that the first sending
 * left. We do know. It counts as the same only while it says the same: then it is neither news nor a repeat.
 */
function isSentAgainAfterRestart(
  state: DispatchState,
  known: TrackedAlert,
  message: AlertMessage,
): boolean {
  if (epochOf(known.message.id) === epochOf(message.id) || isLongAgo(state, known)) return false;
  return saysTheSame(known.message, message);
}

function saysTheSame(before: AlertMessage, now: AlertMessage): boolean {
  if (before.next !== now.next) return false;
  // Evidence of a host has ages in it, and its servers are not listed yet; what is said of many hosts names them.
  if (now.host !== undefined) return true;
  return before.impact === now.impact && before.why.join("\n") === now.why.join("\n");
}

/** Ids end in "epoch-milliseconds". */
function epochOf(id: string): string {
  return /(\d+)-\d+$/.exec(id)?.[1] ?? "";
}

function isLongAgo(state: DispatchState, { told }: TrackedAlert): boolean {
  const times = Object.values(told).map(({ at }) => at);
  if (times.length === 0) return false;
  return state.at - Math.max(...times) >= state.settings.repeatPageMs * repeatShare;
}

/**
 * All that fires, by the core's own memory. What we do not know was lost before it reached us (a kill between
 * the core's journal and ours); what only we know has ended without our being told.
 */
export function withFiring(state: DispatchState, sightings: readonly Sighting[]): DispatchState {
  let next = state;
  const firing = new Set<string>();
  for (const sighting of sightings) {
    firing.add(sighting.message.dedupKey);
    next = withSighting(next, sighting);
  }
  for (const [key, known] of state.alerts) {
    if (known.own || firing.has(key) || known.message.status === "resolved") continue;
    const id = `${known.message.id}/ended`;
    const message = { ...known.message, id, status: "resolved" as const, wallMs: state.wall };
    next = withSighting(next, { message, place: known.place });
  }
  return next;
}
