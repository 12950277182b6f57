/** What people are shown of channels, alerts and silences: plain rows, as the command line prints them. */
import { describeMs, describeWall } from "../../shared/time.ts";
import { rateOf, tokensNow } from "./bucket.ts";
import { heldBackBy } from "./due.ts";
import { rowsOf } from "./lanes.ts";
import { laneOf, type DispatchState, type TrackedAlert } from "./model.ts";
import { channelsFor } from "./routes.ts";
import { endsAtWall } from "./silences.ts";

/** Each channel: how it fares, what waits, what its provider still takes. */
export function showChannels(state: DispatchState): readonly object[] {
  return [...state.settings.channels].map(([channel, { feed }]) => {
    const lane = laneOf(state, channel);
    const { perMinute } = rateOf(state, channel);
    const failingMs = lane.failingSince === undefined ? 0 : state.at - lane.failingSince;
    return {
      notifier: channel,
      health: lane.failingSince === undefined ? "ok" : `failing for ${describeMs(failingMs)}`,
      takes: feed ? "everything" : "by the rules",
      lastDelivered: lane.deliveredWall === undefined ? "" : describeWall(lane.deliveredWall),
      waiting: rowsOf(state, channel).length,
      mayWait: state.settings.waitingMax,
      rateLeft: `${Math.floor(tokensNow(state, channel))} now, ${perMinute} a minute`,
      delivered: lane.delivered,
      failedTries: lane.failedTries,
      dropped: lane.givenUp,
      problem: lane.problem ?? "",
    };
  });
}

/** Each alert that fires: who was told, and what keeps it from whom. */
export function showAlerts(state: DispatchState): readonly object[] {
  return [...state.alerts.values()].flatMap((tracked) => {
    const { message, ack, escalations } = tracked;
    if (message.status !== "firing") return [];
    return [
      {
        key: message.dedupKey,
        class: message.class,
        title: message.title,
        since: describeWall(tracked.changedWall),
        told: toldOf(tracked).join(", "),
        heldBack: heldBackOf(state, tracked),
        acknowledged: ack === undefined ? "" : `${ack.by}: ${ack.reason}`,
        secondLevel: escalations,
        incident: message.incident ?? "",
      },
    ];
  });
}

function toldOf({ told }: TrackedAlert): readonly string[] {
  return Object.entries(told).flatMap(([channel, { status, lost }]) =>
    status === "firing" ? [lost === true ? `${channel} (refused)` : channel] : [],
  );
}

function heldBackOf(state: DispatchState, tracked: TrackedAlert): string {
  const whole = heldBackBy(state, tracked, undefined);
  if (whole === undefined) return "";
  const channels = channelsFor(state, tracked);
  const held = channels.filter((channel) => heldBackBy(state, tracked, channel) !== undefined);
  return held.length === channels.length ? whole : `on ${held.join(", ")}: ${whole}`;
}

export function showSilences(state: DispatchState): readonly object[] {
  return [...state.silences.values()].map((silence) => ({
    id: silence.id,
    matches: Object.entries(silence.match)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
    until: describeWall(endsAtWall(state, silence)),
    reason: silence.reason,
    owner: silence.owner,
    by: silence.by,
  }));
}
