/** What hosts say has failed that they may share: counted, to tell one host's trouble from a common one. */
import type { MonoMs } from "../../shared/time.ts";
import type { HostState } from "./state.ts";

export interface Failing {
  /** The storage network or the instances directory. */
  readonly storage: number;
  readonly business: number;
  /** Reports on a path that works for other hosts. */
  readonly path: number;
}

/** When two hosts or more said the same last: what they share fails, and comes back to one of them last. */
export type SharedAt = { readonly [K in keyof Failing]?: MonoMs };

export const noneFailing: Failing = { storage: 0, business: 0, path: 0 };

const none: readonly (keyof Failing)[] = [];

/** What a reporting host says has failed, from the first moment on. */
export function failings(host: HostState): readonly (keyof Failing)[] {
  if (host.freshSince === undefined) return none;
  const { storage, directory, business } = host.checksSince;
  const partial = host.assessment?.row === "5a";
  if (!partial && storage === undefined && directory === undefined && business === undefined) {
    return none;
  }
  const found: (keyof Failing)[] = [];
  if (storage !== undefined || directory !== undefined) found.push("storage");
  if (business !== undefined) found.push("business");
  if (partial) found.push("path");
  return found;
}
