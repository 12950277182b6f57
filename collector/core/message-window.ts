/**
 * Which message ids were seen lately. Samples older than the window are refused by their time, younger ones by their id:
 * together no recording gets in twice. Two generations, so that forgetting costs nothing; bounded in number.
 */
import type { MonoMs } from "../../shared/time.ts";

export type MessageAdmission = "new" | "replayed" | "stale" | "window-full";

export interface MessageWindow {
  /** `skewMs`: the sample's time minus ours; its host's clock may be wrong either way, by so much. */
  admit(messageId: string, skewMs: number, now: MonoMs): MessageAdmission;
  size(): number;
}

export function createMessageWindow(options: {
  readonly windowMs: number;
  readonly idsMax: number;
}): MessageWindow {
  // An id must outlive the time in which its sample is taken: from `windowMs` early to `windowMs` late.
  const generationMs = 2 * options.windowMs;
  let [young, old] = [new Set<string>(), new Set<string>()];
  let turnedMs: number | undefined;
  return {
    admit(messageId, skewMs, now) {
      turnedMs ??= now;
      if (now - turnedMs >= generationMs) {
        old = now - turnedMs < 2 * generationMs ? young : new Set();
        young = new Set();
        turnedMs = now;
      }
      if (Math.abs(skewMs) > options.windowMs) return "stale";
      if (young.has(messageId) || old.has(messageId)) return "replayed";
      if (young.size + old.size >= options.idsMax) return "window-full";
      young.add(messageId);
      return "new";
    },
    size: () => young.size + old.size,
  };
}
