/** Storms that grow: the core says nothing of a host that a storm's page names, so people must read it there. */
import { downMark } from "../core/storm-alerts.ts";
import type { AlertMessage } from "../ports.ts";
import type { DispatchState, Told } from "./model.ts";

/** Hosts that a storm's page names as the core last sent it; undefined: it is no storm. */
export function namedIn(state: DispatchState, dedupKey: string): readonly string[] | undefined {
  return state.storms.find(({ key }) => key === dedupKey)?.named;
}

/** It names a host that the page which this channel was told last did not. */
export function hasJoined(state: DispatchState, message: AlertMessage, told: Told): boolean {
  return namesBeyond(state, message, told.names);
}

/** It names a host that no page of this storm named on this channel. */
export function hasGrown(state: DispatchState, message: AlertMessage, told: Told): boolean {
  return namesBeyond(state, message, told.everNamed ?? told.names);
}

function namesBeyond(
  state: DispatchState,
  { dedupKey }: AlertMessage,
  names: readonly string[] | undefined,
): boolean {
  const read = new Set(names);
  // One that was told as down, and is better now, is no news.
  const isRead = (host: string): boolean => read.has(host) || read.has(host + downMark);
  return namedIn(state, dedupKey)?.some((host) => !isRead(host)) === true;
}

/** All that a storm named on a channel since it began there. */
export function withNames(
  before: Told | undefined,
  names: readonly string[] | undefined,
): readonly string[] | undefined {
  if (names === undefined || before?.status !== "firing") return names;
  return [...new Set([...(before.everNamed ?? before.names ?? []), ...names])];
}
