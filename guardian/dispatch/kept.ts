/**
 * What outlives the process, as texts by key: everything but what is being tried at the moment. Only what
 * changed is written; how a channel fares and the time go along with the next change that counts.
 */
import {
  initialDispatch,
  laneOf,
  type Digest,
  type DispatchState,
  type Lane,
  type Row,
  type Silence,
  type Spent,
  type TrackedAlert,
} from "./model.ts";
import type { DispatchSettings } from "./settings.ts";
import { withEnd } from "./silences.ts";

export interface KeptEntry {
  readonly key: string;
  readonly body: string;
}

export interface KeptChanges {
  readonly set: readonly KeptEntry[];
  readonly gone: readonly string[];
}

const parts = ["alerts", "silences", "spent", "digests"] as const;
const clockKey = "clock";

/** What must be written so that the file says `after`; undefined when it says all that counts already. */
export function keptChanges(before: DispatchState, after: DispatchState): KeptChanges | undefined {
  const set: KeptEntry[] = [];
  const gone: string[] = [];
  for (const part of parts) differences<unknown>(part, before[part], after[part], set, gone);
  // How often a message was tried is not kept: after a restart it is tried at once.
  for (const [id, row] of after.rows) {
    if (!before.rows.has(id)) set.push(entry("rows", id, { ...row, tries: 0 }));
  }
  for (const id of before.rows.keys()) if (!after.rows.has(id)) gone.push(`rows/${id}`);
  if (set.length + gone.length === 0) return undefined;
  for (const name of after.lanes.keys()) set.push(entry("lanes", name, laneOf(after, name)));
  const { at, wall, sequence } = after;
  set.push({ key: clockKey, body: JSON.stringify({ at, wall, sequence }) });
  return { set, gone };
}

function differences<V>(
  part: string,
  before: ReadonlyMap<string, V>,
  after: ReadonlyMap<string, V>,
  set: KeptEntry[],
  gone: string[],
): void {
  if (before === after) return;
  for (const [key, value] of after) {
    if (before.get(key) !== value) set.push(entry(part, key, value));
  }
  for (const key of before.keys()) if (!after.has(key)) gone.push(`${part}/${key}`);
}

function entry(part: string, key: string, value: unknown): KeptEntry {
  return { key: `${part}/${key}`, body: JSON.stringify(value) };
}

interface Clock {
  readonly at: number;
  readonly wall: number;
  readonly sequence: number;
}

/** Whether a text of the file is one that this outbox wrote, as far as its shape tells. */
export function isKeptEntry({ key, body }: KeptEntry): boolean {
  const value: unknown = JSON.parse(body);
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  const has = (type: string, ...names: readonly string[]): boolean =>
    names.every((name) => typeof fields[name] === type && fields[name] !== null);
  if (key === clockKey) return has("number", "at", "wall", "sequence");
  const part = key.slice(0, key.indexOf("/"));
  if (part === "rows") return has("object", "message", "keys") && has("string", "id", "channel");
  if (part === "alerts") return has("object", "message", "told", "place");
  if (part === "lanes") return has("number", "tokens", "tokensAt", "pausedUntil");
  if (part === "silences") return has("object", "match") && has("number", "untilWall");
  if (part === "spent") return has("number", "count", "at");
  if (part === "digests") return has("object", "message", "keys") && has("string", "channel");
  return true;
}

/** The state that a file holds, as of `wall`; time went on while nobody ran, but never back. */
export function restored(
  settings: DispatchSettings,
  entries: readonly KeptEntry[],
  wall: number,
): DispatchState {
  const maps = new Map<string, Map<string, unknown>>();
  let clock: Clock = { at: 0, wall, sequence: 0 };
  for (const { key, body } of entries.filter((one) => isKeptEntry(one))) {
    const value: unknown = JSON.parse(body);
    if (key === clockKey) clock = value as Clock;
    const slash = key.indexOf("/");
    const part = key.slice(0, slash);
    const map = maps.get(part) ?? new Map<string, unknown>();
    maps.set(part, map.set(key.slice(slash + 1), value));
  }
  const read = <V>(part: string): ReadonlyMap<string, V> =>
    (maps.get(part) ?? new Map()) as ReadonlyMap<string, V>;
  const at = clock.at + Math.max(0, wall - clock.wall);
  const rows = [...read<Row>("rows")].sort(([, a], [, b]) => a.sequence - b.sequence);
  const lanes = [...read<Lane>("lanes")].map(([name, lane]) => [name, resumed(lane, at)] as const);
  return {
    ...initialDispatch(settings, at, wall),
    sequence: clock.sequence,
    alerts: read<TrackedAlert>("alerts"),
    silences: new Map(
      [...read<Silence>("silences")].map(([id, one]) => [id, withEnd({ at, wall }, one)]),
    ),
    spent: read<Spent>("spent"),
    digests: read<Digest>("digests"),
    rows: new Map(rows),
    lanes: new Map(lanes),
  };
}

/**
 * Nothing is on its way after a restart, and a pause that was asked for goes on. What was tried since the last writing
 * nobody knows: the allowance begins anew from nothing, so that no provider is asked oftener than it takes.
 */
function resumed(lane: Lane, at: number): Lane {
  return { ...lane, trying: undefined, tokens: 0, tokensAt: at };
}
