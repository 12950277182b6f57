/** Says that datagrams were refused: once a second at most, with how many for which reason. */
import type { Logger } from "../../shared/log.ts";

/** What every network does to datagrams; metrics count it. */
const usual: readonly string[] = ["replayed", "late", "too-old"];

/** Logs what came since the last call. */
export function createRefusalLog(
  counts: () => ReadonlyMap<string, number>,
  log: Logger,
  what = "datagrams",
): () => void {
  let before: ReadonlyMap<string, number> = new Map();
  return () => {
    const now = counts();
    const fresh = [...now].flatMap(([reason, count]): readonly [string, number][] => {
      const more = count - (before.get(reason) ?? 0);
      return more === 0 || usual.includes(reason) ? [] : [[reason, more]];
    });
    before = now;
    if (fresh.length === 0) return;
    const fields = { event: "refused", ...Object.fromEntries(fresh) };
    log.warn(fields, `${what} refused in the last second, by reason`);
  };
}
