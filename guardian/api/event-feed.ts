/**
 * What happens, as it happens, for everybody who watches (server-sent events). One bounded ring for all; each
 * watcher has its place in it, and is written to only while it reads, so a slow one holds no memory of ours.
 * Whoever falls behind the ring, or comes back too late or from before a restart, is told that it missed something.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../../shared/clock.ts";
import { runLoop, sleep } from "../../shared/loop.ts";
import { EventRing, type Piece } from "./event-ring.ts";

export type EventKind = "line" | "alert" | "action" | "host" | "guardian";

export interface EventFeed {
  push(kind: EventKind, body: Readonly<Record<string, string | number | undefined>>): void;
  /** False: there are as many watchers as there may be. */
  follow(response: ServerResponse, watcher: Watcher): boolean;
  watchers(): number;
  /** Writes to each watcher what is due to it. */
  flush(): Promise<void>;
  /** Flushes until the signal; ends every watcher's answer then. */
  run(signal: AbortSignal): Promise<void>;
}

export interface Watcher {
  /** "" when it comes for the first time. */
  readonly lastEventId: string;
  readonly stillAllowed: () => Promise<boolean>;
}

export interface EventFeedOptions {
  readonly clock: Clock;
  readonly epoch: number;
  readonly eventsMax?: number;
  readonly watchersMax?: number;
}

interface Place {
  readonly response: ServerResponse;
  readonly watcher: Watcher;
  /** The event it gets next. */
  next: number;
  wroteMs: number;
  checkedMs: number;
  /** Since when it has not read what it was sent. */
  stuckMs: number | undefined;
}

const flushEveryMs = 250;
/** Comments keep connections alive, and show the page that the guardian is. */
const aliveEveryMs = 15_000;
const checkEveryMs = 30_000;
/** A watcher that reads nothing for so long is gone. */
const stuckMsMax = 60_000;
const unreadBytesMax = 65_536;
/** After so many writes the decision loop gets its turn. */
const writesAtOnce = 25;

export function createEventFeed(options: EventFeedOptions): EventFeed {
  const { clock, epoch, eventsMax = 5000, watchersMax = 500 } = options;
  const ring = new EventRing(epoch, eventsMax);
  const places = new Set<Place>();

  async function flush(): Promise<void> {
    const nowMs = clock.monoMs();
    const made = new Map<number, Piece>();
    let writes = 0;
    // As they are now: who comes in between has its first words already.
    for (const place of Array.from(places)) {
      const text = due(ring, place, nowMs, made);
      if (text === "") continue;
      place.response.write(text);
      place.wroteMs = nowMs;
      writes += 1;
      if (writes % writesAtOnce === 0) await sleep(0);
    }
  }

  return {
    push: (kind, body) => {
      ring.push(kind, { at: new Date(clock.wallMs()).toISOString(), ...body });
    },
    follow(response, watcher) {
      if (places.size >= watchersMax) return false;
      const { next, text } = ring.placeOf(watcher.lastEventId);
      const nowMs = clock.monoMs();
      const times = { wroteMs: nowMs, checkedMs: nowMs, stuckMs: undefined };
      const place: Place = { response, watcher, next, ...times };
      places.add(place);
      response.once("close", () => places.delete(place));
      response.write(`retry: 2000\n${text}`);
      return true;
    },
    watchers: () => places.size,
    flush,
    async run(signal) {
      await runLoop(clock, flushEveryMs, signal, flush);
      for (const { response } of places) response.end();
    },
  };
}

/** What this watcher is sent now; it moves on. Many stand at the same place: `made` has their text. */
function due(ring: EventRing, place: Place, nowMs: number, made: Map<number, Piece>): string {
  if (nowMs - place.checkedMs >= checkEveryMs) check(place, nowMs);
  if (place.response.writableLength > unreadBytesMax) {
    place.stuckMs ??= nowMs;
    if (nowMs - place.stuckMs > stuckMsMax) place.response.destroy();
    return "";
  }
  place.stuckMs = undefined;
  let missed = "";
  if (place.next < ring.begin) {
    const gap = ring.gapSince(place.next);
    missed = gap.text;
    place.next = gap.next;
  }
  if (place.next === ring.end) {
    return missed === "" && nowMs - place.wroteMs >= aliveEveryMs ? ": alive\n\n" : missed;
  }
  const piece = made.get(place.next) ?? ring.from(place.next);
  made.set(place.next, piece);
  place.next = piece.next;
  return missed + piece.text;
}

/** Who was let in may have been shut out since: its token ended, or was revoked. */
function check(place: Place, nowMs: number): void {
  place.checkedMs = nowMs;
  place.watcher.stillAllowed().then(
    (allowed) => void (allowed ? undefined : place.response.end()),
    () => undefined,
  );
}
