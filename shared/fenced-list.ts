/**
 * Which hosts the guardian has fenced, as it tells every collector: PUT /v1/fenced, always the whole list. From it a
 * collector answers the start guards of hosts (wire-question.ts).
 */
import { isHostName } from "./names.ts";

export const fencedListPath = "/v1/fenced";
/** The guardian tells it anew so often, changed or not. */
export const fencedListEveryMs = 2000;
/** 10,000 hosts with the longest names. */
export const fencedListBytesMax = 1_000_000;

export interface FencedList {
  /** The guardian's configured id: for people; two may have the same. */
  readonly guardian: string;
  /** When its journal began, wall clock in ms: tells apart guardians that do not know of each other's fences. */
  readonly journal: number;
  /** Of the guardian's journal: higher with each start. */
  readonly epoch: number;
  /** Within that epoch; higher with each change. */
  readonly version: number;
  /** Hosts whose servers were or are moved, or that are being switched off for it. */
  readonly fenced: readonly string[];
  /** Hosts of which it does not trust its own state, or of which its journal knows less than Nova. */
  readonly unknown: readonly string[];
}

/** A parsed body, read with suspicion; undefined when it is not such a list. */
export function decodeFencedList(body: unknown): FencedList | undefined {
  const list = (body ?? {}) as Partial<Record<keyof FencedList, unknown>>;
  const { guardian, journal, epoch, version, fenced, unknown } = list;
  if (typeof guardian !== "string" || guardian === "" || guardian.length > 64) return undefined;
  if (!isCount(journal) || !isCount(epoch) || !isCount(version)) return undefined;
  if (!isHostList(fenced) || !isHostList(unknown)) return undefined;
  return { guardian, journal, epoch, version, fenced, unknown };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isHostList(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.every((name) => typeof name === "string" && isHostName(name))
  );
}
