/**
 * What guardians last said of fenced hosts, and what a start guard is told by it. A list that is old frees nobody: its
 * guardian may have fenced somebody since. Whoever spoke here once, before this start too (noted-guardians.ts), must
 * still speak before a host may start: what another one says (a trial in mode observe, the guardian of another cloud)
 * proves nothing of the first one's fences.
 */
import type { FencedList } from "../../shared/fenced-list.ts";
import type { HostName } from "../../shared/names.ts";
import type { StartAnswer, StartWord } from "../../shared/wire-question.ts";

/** Several times what the guardian needs to tell it again. */
export const listForMs = 15_000;
/** A guardian that is gone for good holds nobody back for longer than this. */
export const forgottenAfterMs = 86_400_000;
/** One speaks; a trial may speak beside it. */
export const guardiansMax = 8;

/** One that told its list here, in this life of the collector or in an earlier one. */
export interface KnownGuardian {
  readonly guardian: string;
  readonly journal: number;
  /** How long ago it last did. */
  readonly silentMs: number;
}

export interface FencedHosts {
  /** Takes a list; why not, when it is refused. */
  take(list: FencedList, nowMs: number): string | undefined;
  /**
   * The word for a host that began to ask in its boot at `askedMs`. Only a list that came after that frees it: by the
   * collector's clock an older one may look new, since that clock stands still while its machine is suspended.
   */
  wordFor(host: HostName, nowMs: number, askedMs: number): Omit<StartAnswer, "nonce">;
  /** Whoever spoke here and is not forgotten: what must outlive a restart. */
  guardians(nowMs: number): readonly KnownGuardian[];
  /** For the metrics; undefined until there was a list. */
  figures(nowMs: number): { readonly ageMs: number; readonly fenced: number } | undefined;
}

interface Kept {
  readonly guardian: string;
  readonly journal: number;
  /** Undefined: it spoke before this start alone. */
  readonly list: FencedList | undefined;
  readonly words: ReadonlyMap<string, StartWord>;
  readonly atMs: number;
}

/** `before`: who spoke here before this start. */
export function createFencedHosts(
  before: readonly KnownGuardian[] = [],
  startedMs = 0,
): FencedHosts {
  const byGuardian = new Map<string, Kept>();
  for (const known of before) {
    const { guardian, journal } = known;
    const atMs = startedMs - known.silentMs;
    byGuardian.set(keyOf(known), { guardian, journal, list: undefined, words: new Map(), atMs });
  }
  /** Of the guardian that was silent for longest. */
  const ageMs = (nowMs: number): number =>
    Math.max(0, ...[...byGuardian.values()].map(({ atMs }) => nowMs - atMs));
  return {
    take(list, nowMs) {
      for (const [key, { atMs }] of byGuardian) {
        if (nowMs - atMs >= forgottenAfterMs) byGuardian.delete(key);
      }
      const { guardian, journal } = list;
      const key = keyOf(list);
      const last = byGuardian.get(key)?.list;
      if (last !== undefined && isOlder(list, last)) {
        return `epoch ${list.epoch}, version ${list.version} is older than ${last.epoch}, ${last.version}; of a journal that was restored from a copy it is taken once this collector was started again`;
      }
      if (!byGuardian.has(key) && byGuardian.size >= guardiansMax) {
        return `${guardiansMax} guardians have spoken here, which is the limit; to forget those that are gone, stop this collector, delete the file that is named as its replayFile with .guardians at the end, and start it`;
      }
      byGuardian.set(key, { guardian, journal, list, words: wordsOf(list), atMs: nowMs });
      return undefined;
    },
    wordFor(host, nowMs, askedMs) {
      const listAgeMs = ageMs(nowMs);
      const said = [...byGuardian.values()].map(({ list, words, atMs }): StartWord => {
        // It spoke here once, and not since this start: whom it has fenced is not known.
        if (list === undefined) return "unknown";
        const word = words.get(host) ?? "not-fenced";
        // An old list frees nobody, and whoever it has fenced is fenced until a newer one says else.
        const isNew = atMs >= askedMs && nowMs - atMs < listForMs;
        return isNew || word === "fenced" ? word : "unknown";
      });
      if (said.includes("fenced")) return { word: "fenced", listAgeMs };
      const isFree = said.length > 0 && said.every((word) => word === "not-fenced");
      return { word: isFree ? "not-fenced" : "unknown", listAgeMs };
    },
    guardians: (nowMs) =>
      [...byGuardian.values()].map(({ guardian, journal, atMs }) => {
        return { guardian, journal, silentMs: nowMs - atMs };
      }),
    figures(nowMs) {
      const lists = [...byGuardian.values()].flatMap(({ list }) => list ?? []);
      if (lists.length === 0) return undefined;
      const fenced = new Set(lists.flatMap((list) => list.fenced));
      return { ageMs: ageMs(nowMs), fenced: fenced.size };
    },
  };
}

function keyOf({ guardian, journal }: Pick<KnownGuardian, "guardian" | "journal">): string {
  return `${journal} ${guardian}`;
}

function isOlder(list: FencedList, than: FencedList): boolean {
  return list.epoch < than.epoch || (list.epoch === than.epoch && list.version < than.version);
}

function wordsOf({ fenced, unknown }: FencedList): ReadonlyMap<string, StartWord> {
  return new Map([
    ...unknown.map((host) => [host, "unknown"] as const),
    ...fenced.map((host) => [host, "fenced"] as const),
  ]);
}
