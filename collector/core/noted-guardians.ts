/**
 * The guardians that told a collector who is fenced, as its file has them over a restart: what stands in the file, what
 * that means at a start, and when it is written anew. The file is read with suspicion: one that was left out would let
 * another one's list free a host that it has fenced.
 */
import { forgottenAfterMs, guardiansMax, type KnownGuardian } from "./fenced-hosts.ts";

export interface NotedGuardian {
  readonly guardian: string;
  readonly journal: number;
  /** When it last told its list, wall clock. */
  readonly heardMs: number;
}

/** The file says so often at least when each was heard; it is not written every two seconds for that. */
export const notedEveryMs = 3_600_000;

/**
 * After a start each of them has so long to speak, whenever it was heard: it could tell nothing to a collector that
 * was off for days, or the clock is wrong after a power cut.
 */
export const awaitedForMs = 3_600_000;

/** Stands for those whose names a damaged file has lost. No list bears its name, so it never speaks. */
export const nameless: KnownGuardian = { guardian: "", journal: 0, silentMs: 0 };

/** The guardians in a parsed file. Throws when anything in it is not as we write it. */
export function readNotedGuardians(value: unknown): readonly NotedGuardian[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  if (value.length > guardiansMax) throw new Error(`more than ${guardiansMax} guardians`);
  return value.map(readGuardian);
}

function readGuardian(value: unknown, index: number): NotedGuardian {
  const noted = (value ?? {}) as Partial<Record<keyof NotedGuardian, unknown>>;
  const { guardian, journal, heardMs } = noted;
  if (typeof guardian === "string" && guardian.length <= 64 && isWhole(journal) && isWhole(heardMs))
    return { guardian, journal, heardMs };
  throw new Error(`entry ${index} is not a guardian that was heard`);
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** What a start makes of the file. A clock that was put back makes nobody's silence negative. */
export function guardiansFrom(
  noted: readonly NotedGuardian[],
  wallMs: number,
): readonly KnownGuardian[] {
  return noted.map(({ guardian, journal, heardMs }) => {
    const silentMs = Math.max(0, Math.min(wallMs - heardMs, forgottenAfterMs - awaitedForMs));
    return { guardian, journal, silentMs };
  });
}

export function notesOf(known: readonly KnownGuardian[], wallMs: number): readonly NotedGuardian[] {
  return known.map(({ guardian, journal, silentMs }) => {
    return { guardian, journal, heardMs: Math.max(0, Math.round(wallMs - silentMs)) };
  });
}

/** One is new, one is forgotten, or the time of one is old (or ahead of a clock that was put right). */
export function isNoteDue(
  written: readonly NotedGuardian[],
  now: readonly NotedGuardian[],
): boolean {
  if (written.length !== now.length) return true;
  return now.some(({ guardian, journal, heardMs }) => {
    const before = written.find((one) => one.guardian === guardian && one.journal === journal);
    return before === undefined || Math.abs(heardMs - before.heardMs) >= notedEveryMs;
  });
}
