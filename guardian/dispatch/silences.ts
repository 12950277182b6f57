/** Silences: what they match, and what none of them may swallow. */
import { isLike } from "./patterns.ts";
import type { DispatchState, Silence, TrackedAlert } from "./model.ts";

/** A silence that is forgotten must not outlive those who remember why. */
export const silenceMsMax = 30 * 86_400_000;

/**
 * Pages that no silence swallows: every page about the guardian itself or about many hosts (blind, disarmed,
 * nova, storm, the network of power devices, a broken channel), since they say that nobody looks after the
 * rest, and a host that is in quarantine, which nobody guards.
 */
export function isNeverSilenced({ message }: Pick<TrackedAlert, "message">): boolean {
  if (message.class !== "page") return false;
  return message.host === undefined || message.kind === "quarantined";
}

/** The silence that keeps an alert from people now. */
export function silenceOf(state: DispatchState, tracked: TrackedAlert): Silence | undefined {
  if (isNeverSilenced(tracked)) return undefined;
  for (const silence of state.silences.values()) {
    if (!isSilenceOver(state, silence) && silenceMatches(silence, tracked)) return silence;
  }
  return undefined;
}

/** By the clock on the wall or by the time that passed, whichever is there first: a clock may be put back. */
export function isSilenceOver(
  { at, wall }: Pick<DispatchState, "at" | "wall">,
  { untilWall, untilAt }: Silence,
): boolean {
  return wall >= untilWall || (untilAt !== undefined && at >= untilAt);
}

/** With its end by the time that never steps, where nobody has worked that out yet. */
export function withEnd(
  { at, wall }: Pick<DispatchState, "at" | "wall">,
  silence: Silence,
): Silence {
  return { ...silence, untilAt: silence.untilAt ?? at + (silence.untilWall - wall) };
}

/** When it ends by the clock as it is now. */
export function endsAtWall(
  { at, wall }: Pick<DispatchState, "at" | "wall">,
  { untilWall, untilAt }: Silence,
): number {
  return untilAt === undefined ? untilWall : Math.min(untilWall, wall + untilAt - at);
}

function silenceMatches({ match }: Silence, { message, place }: TrackedAlert): boolean {
  const { host, kind, domain } = match;
  if (match.class !== undefined && match.class !== message.class) return false;
  if (kind !== undefined && !isLike(kind, message.kind)) return false;
  if (host !== undefined && !isLike(host, message.host ?? "")) return false;
  return domain === undefined || place.domains.some((name) => isLike(domain, name));
}

/** Why a silence is refused; undefined: it may be set. */
export function silenceProblem(silence: Silence): string | undefined {
  const { match, untilWall, fromWall, reason } = silence;
  if (reason === "") return "a silence needs a reason";
  const names = [match.host, match.kind, match.domain].filter((name) => name !== undefined);
  if (names.every((name) => /^\**$/.test(name))) {
    return "a silence must name a host, a kind or a domain: all alerts at once are never silenced";
  }
  if (untilWall <= fromWall) return "its end is over";
  if (untilWall - fromWall > silenceMsMax) {
    return `its end is more than ${silenceMsMax / 86_400_000} days away; set it again when it is needed longer`;
  }
  return undefined;
}
