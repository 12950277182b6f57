/** Whether a service that fails is to be started again by us: never without a limit, and never at once. */

export interface FirstAidPolicy {
  readonly afterFailingMs: number;
  /** So many restarts within `withinMs`; then people have to look. */
  readonly atMost: number;
  readonly withinMs: number;
}

export interface FirstAidMemory {
  readonly failingSinceMs: number | undefined;
  readonly restartsAtMs: readonly number[];
}

export const noFirstAid: FirstAidMemory = { failingSinceMs: undefined, restartsAtMs: [] };

/** What is remembered after a look, and whether it is time to act. "unknown" is no failure. */
export function considerFirstAid(
  memory: FirstAidMemory,
  looked: { readonly isFailing: boolean; readonly nowMs: number },
  policy: FirstAidPolicy,
): { readonly memory: FirstAidMemory; readonly restart: boolean } {
  const { isFailing, nowMs } = looked;
  const restartsAtMs = memory.restartsAtMs.filter((atMs) => nowMs - atMs < policy.withinMs);
  if (!isFailing) return { memory: { failingSinceMs: undefined, restartsAtMs }, restart: false };
  const failingSinceMs = memory.failingSinceMs ?? nowMs;
  const isTime = nowMs - failingSinceMs >= policy.afterFailingMs;
  if (!isTime || restartsAtMs.length >= policy.atMost) {
    return { memory: { failingSinceMs, restartsAtMs }, restart: false };
  }
  // Counted anew from the restart: it needs its time to come up.
  return {
    memory: { failingSinceMs: nowMs, restartsAtMs: [...restartsAtMs, nowMs] },
    restart: true,
  };
}
