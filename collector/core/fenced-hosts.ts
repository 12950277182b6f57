/**
 * What the guardian last said of fenced hosts, and what a start guard is told by it. A list that is old says nothing:
 * the guardian may have fenced somebody since.
 */
import type { FencedList } from "../../shared/fenced-list.ts";
import type { HostName } from "../../shared/names.ts";
import type { StartAnswer, StartWord } from "../../shared/wire-question.ts";

/** Several times what the guardian needs to tell it again. */
export const listForMs = 15_000;

export interface FencedHosts {
  /** Takes a list; why not, when it is refused. */
  take(list: FencedList, nowMs: number): string | undefined;
  wordFor(host: HostName, nowMs: number): Omit<StartAnswer, "nonce">;
  /** For the metrics; undefined until there was a list. */
  figures(nowMs: number): { readonly ageMs: number; readonly fenced: number } | undefined;
}

interface Kept {
  readonly list: FencedList;
  readonly words: ReadonlyMap<string, StartWord>;
  readonly atMs: number;
}

export function createFencedHosts(): FencedHosts {
  let kept: Kept | undefined;
  return {
    take(list, nowMs) {
      const before = kept !== undefined && nowMs - kept.atMs < listForMs ? kept.list : undefined;
      if (before !== undefined && list.guardian !== before.guardian) {
        return `guardian ${before.guardian} speaks here; ${list.guardian} may once that one was silent for ${listForMs / 1000} s`;
      }
      if (before !== undefined && isOlder(list, before)) {
        return `epoch ${list.epoch}, version ${list.version} is older than ${before.epoch}, ${before.version}`;
      }
      kept = { list, words: wordsOf(list), atMs: nowMs };
      return undefined;
    },
    wordFor(host, nowMs) {
      if (kept === undefined) return { word: "unknown", listAgeMs: 0 };
      const listAgeMs = nowMs - kept.atMs;
      if (listAgeMs >= listForMs) return { word: "unknown", listAgeMs };
      return { word: kept.words.get(host) ?? "not-fenced", listAgeMs };
    },
    figures(nowMs) {
      if (kept === undefined) return undefined;
      return { ageMs: nowMs - kept.atMs, fenced: kept.list.fenced.length };
    },
  };
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
