/** Alerts that another alert explains: while that one is told to a channel, they are not. */
import { downMark } from "../core/storm-alerts.ts";
import type { AlertMessage } from "../ports.ts";
import type { DispatchState, Told, TrackedAlert } from "./model.ts";

/**
 * What a storm says of its hosts already: silent, dead, held. What goes wrong beyond that is told all the
 * same: a proof that was lost, servers left behind, a wrong power device, a broken promise.
 */
const saidByStorm =
  /^(?:dead|held|ask|ask-disable|unproven|unattended|silent-in-doubt|isolated|hung|degraded|probe-dead|disabled|row-.+|server-.+)$/;

/** A host that is gone: its servers and its parts are gone with it. */
const hostIsGone = [
  "dead",
  "held",
  "ask",
  "unproven",
  "fence-failed",
  "unattended",
  "silent-in-doubt",
  "hung",
];
const partOfHost = /^(?:server-.+|degraded|probe-dead|ask-disable|device-mute-.+|power-restore)$/;

/**
 * The alert that explains this one; undefined: none does. `channel`: only what this channel was told itself
 * explains anything to it; undefined: what any was told.
 */
export function inhibitorOf(
  state: DispatchState,
  tracked: TrackedAlert,
  channel: string | undefined,
): TrackedAlert | undefined {
  const { host, kind } = tracked.message;
  if (host === undefined) return undefined;
  if (saidByStorm.test(kind)) {
    for (const { key, hosts } of state.storms) {
      const storm = state.alerts.get(key);
      // Only a page that was read with this host in it says anything of this host.
      const names = (tell: Told): boolean => hosts.has(host) && isNamed(tell, host);
      if (storm !== undefined && isTold(storm, channel, names)) return storm;
    }
  }
  // A page speaks for itself, whatever else is told of its host.
  if (tracked.message.class === "page" || !partOfHost.test(kind)) return undefined;
  for (const gone of hostIsGone) {
    const other = state.alerts.get(sameHostKey(tracked.message, gone));
    if (other !== undefined && isTold(other, channel)) return other;
  }
  return undefined;
}

function isNamed({ names = [] }: Told, host: string): boolean {
  return names.includes(host) || names.includes(host + downMark);
}

/** The dedup key of another kind of alert about the same host. */
export function sameHostKey({ dedupKey }: AlertMessage, kind: string): string {
  return `${dedupKey.slice(0, dedupKey.lastIndexOf("/"))}/${kind}`;
}

function isTold(
  { message, told }: TrackedAlert,
  channel: string | undefined,
  says: (tell: Told) => boolean = () => true,
): boolean {
  if (message.status !== "firing") return false;
  const tells = channel === undefined ? Object.values(told) : [told[channel]];
  return tells.some((tell) => tell?.status === "firing" && tell.lost === undefined && says(tell));
}
