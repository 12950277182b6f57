/** The ends of pages that were told together. */
import { withAlert, withEntry, type DispatchState } from "./model.ts";

/** Ends a page that stood for many, once none of them fires any more. */
export function overDigests(state: DispatchState): DispatchState {
  let next = state;
  for (const [key, { channel, keys, message }] of state.digests) {
    const fires = keys.filter((name) => state.alerts.get(name)?.message.status === "firing");
    if (fires.length < keys.length) next = withEndsTold(next, keys, fires, channel);
    if (fires.length > 0) continue;
    next = { ...next, digests: withEntry(next.digests, key, undefined) };
    const id = `${key}/resolved`;
    const over = { ...message, id, status: "resolved" as const, wallMs: state.wall };
    const row = {
      id: `${id}/${channel}`,
      sequence: next.sequence,
      channel,
      message: { ...over, id: `${id}/${channel}` },
      keys: [key],
      page: false,
      at: state.at,
      tries: 0,
    };
    next = { ...next, sequence: next.sequence + 1, rows: withEntry(next.rows, row.id, row) };
  }
  return next;
}

/** The end of a page that was told in a digest alone is told by the digest's end. */
function withEndsTold(
  state: DispatchState,
  keys: readonly string[],
  fires: readonly string[],
  channel: string,
): DispatchState {
  const still = new Set(fires);
  let next = state;
  for (const key of keys) {
    const tracked = next.alerts.get(key);
    const told = tracked?.told[channel];
    if (tracked === undefined || still.has(key) || told?.status !== "firing" || told.alone)
      continue;
    const ended = { ...tracked.told, [channel]: { ...told, status: "resolved" as const } };
    next = withAlert(next, key, { ...tracked, told: ended });
  }
  return next;
}
