/**
 * What has changed about each host since the last look, into the feed: so a page follows without asking. It
 * looks twice a second, and more seldom where a look takes long: it costs the decision loop a twentieth at most.
 */
import type { Clock } from "../../shared/clock.ts";
import { runLoop } from "../../shared/loop.ts";
import type { GuardianState } from "../core/state.ts";
import type { EventFeed } from "./event-feed.ts";
import { barOf, linesOf, type LightLine } from "./host-lights.ts";

type Line = Readonly<Record<string, string | number>>;

const lookEveryMs = 500;
const share = 20;

export interface LiveHosts {
  /** Tells what has changed since it was called last; at first it only looks. */
  look(): void;
  run(signal: AbortSignal): Promise<void>;
}

export function createLiveHosts(options: {
  readonly state: () => GuardianState;
  readonly feed: Pick<EventFeed, "push">;
  readonly clock: Clock;
}): LiveHosts {
  const { state, feed, clock } = options;
  let lines: ReadonlyMap<string, LightLine> | undefined;
  let bar: Line | undefined;

  function look(): void {
    const now = state();
    const seen = new Map(linesOf(now).map((line) => [line.host, line]));
    const own = barOf(now);
    if (lines !== undefined && bar !== undefined) {
      if (!same(bar, own)) feed.push("guardian", own);
      for (const [host, line] of seen) {
        const before = lines.get(host);
        if (before === undefined || !same(before, line)) feed.push("host", line);
      }
      for (const host of lines.keys()) {
        if (!seen.has(host)) feed.push("host", { host, verdict: "gone" });
      }
    }
    lines = seen;
    bar = own;
  }

  return {
    look,
    run(signal) {
      let tookMs = 0;
      const everyMs = (): number => Math.max(lookEveryMs, share * tookMs);
      return runLoop(clock, everyMs, signal, () => {
        const beganMs = clock.monoMs();
        look();
        tookMs = clock.monoMs() - beganMs;
      });
    },
  };
}

function same(left: Line, right: Line): boolean {
  for (const name of Object.keys(right)) if (left[name] !== right[name]) return false;
  return true;
}
