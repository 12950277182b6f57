/** What the dispatcher itself has to say: a channel that is broken or full, a file that cannot be written. */
import type { AlertMessage } from "../ports.ts";
import { rowsByChannel } from "./lanes.ts";
import { laneOf, withAlert, type AlertClass, type DispatchState } from "./model.ts";
import { takesPages } from "./routes.ts";
import { brokenMs, brokenPageMs } from "./settings.ts";
import { say } from "./words.ts";

interface Wanted {
  readonly kind: string;
  readonly about: string | undefined;
  readonly class: AlertClass;
  readonly title: string;
  readonly why: readonly string[];
  readonly impact: string;
  readonly next: string;
}

/** Sets what is so now beside the core's alerts, and ends what is over. */
export function withOwnAlerts(state: DispatchState): DispatchState {
  let next = state;
  const wanted = new Map(
    wantedOf(state).map((want) => [`guardian/${state.settings.cloud}/guardian/${want.kind}`, want]),
  );
  for (const [key, want] of wanted) next = withOwn(next, key, want);
  for (const [key, known] of state.alerts) {
    if (!known.own || wanted.has(key) || known.message.status === "resolved") continue;
    const id = `${key}/resolved/${next.sequence}`;
    const message = { ...known.message, id, status: "resolved" as const, wallMs: state.wall };
    next = withAlert({ ...next, sequence: next.sequence + 1 }, key, {
      ...known,
      message,
      sending: id,
      changedAt: state.at,
      changedWall: state.wall,
    });
  }
  return next;
}

function withOwn(state: DispatchState, key: string, want: Wanted): DispatchState {
  const known = state.alerts.get(key);
  const fires = known?.message.status === "firing";
  if (known !== undefined && fires && known.message.class === want.class) {
    // The newest evidence goes out with the next repeat.
    if (known.message.why.join() === want.why.join()) return state;
    const message = { ...known.message, why: want.why };
    return withAlert(state, key, { ...known, message });
  }
  const id = `${key}/firing/${state.sequence}`;
  return withAlert({ ...state, sequence: state.sequence + 1 }, key, {
    message: messageOf(state, key, id, want),
    place: { domains: [], groups: [] },
    own: true,
    about: want.about,
    sending: id,
    changedAt: state.at,
    changedWall: state.wall,
    escalations: 0,
    told: known?.told ?? {},
  });
}

function messageOf(
  { wall }: DispatchState,
  dedupKey: string,
  id: string,
  want: Wanted,
): AlertMessage {
  const { kind, title, why, impact, next } = want;
  const nobody = { host: undefined, incident: undefined };
  const status = "firing";
  const said = { kind, title, why, impact, next, wallMs: wall };
  return { id, dedupKey, class: want.class, status, ...nobody, ...said };
}

function wantedOf(state: DispatchState): readonly Wanted[] {
  const { settings, unkept } = state;
  const wanted: Wanted[] = [...settings.channels.keys()].flatMap((channel) => {
    const want = channelAlert(state, channel);
    return want === undefined ? [] : [want];
  });
  if (unkept !== undefined) {
    wanted.push({
      kind: "outbox",
      about: undefined,
      class: "page",
      title: say(settings, "unkept.title"),
      why: [unkept],
      impact: say(settings, "unkept.impact"),
      next: say(settings, "unkept.next"),
    });
  }
  return wanted;
}

/** Failing, or so full that messages wait in the state: on the other channels, until it is mended. */
function channelAlert(state: DispatchState, channel: string): Wanted | undefined {
  const { settings } = state;
  const { failingSince, failures, problem = "", givenUp } = laneOf(state, channel);
  const waiting = rowsByChannel(state).get(channel)?.length ?? 0;
  const failingMs = failingSince === undefined ? 0 : state.at - failingSince;
  const full = waiting >= settings.waitingMax;
  if (failingMs < brokenMs && !full) return undefined;
  const pages = takesPages(settings, channel) && failingMs >= brokenPageMs;
  const limit = settings.waitingMax;
  const since = `${Math.floor(failingMs / 60_000)} min`;
  return {
    kind: `channel-${channel}`,
    about: channel,
    class: pages ? "page" : "notification",
    title: say(settings, failingMs < brokenMs ? "full.title" : "channel.title", { channel }),
    why: [
      say(settings, "channel.why", { since, failures, problem }),
      say(settings, "channel.waiting", { waiting, limit, givenUp }),
    ],
    impact: say(settings, "channel.impact", { channel }),
    next: say(settings, "channel.next", { channel }),
  };
}
