/** While a run plays, the real clock and real chance throw: a core that touches them is found out. */

/** Runs `play` with `Date.now`, `Math.random` and the timers poisoned, and restores them. */
export function withPoisonedGlobals<T>(play: () => T): T {
  const real = { now: Date.now, random: Math.random, timeout: globalThis.setTimeout };
  const poison = (name: string) => (): never => {
    throw new Error(`${name} was used inside a simulated run`);
  };
  Date.now = poison("Date.now");
  Math.random = poison("Math.random");
  Object.assign(globalThis, { setTimeout: poison("setTimeout") });
  try {
    return play();
  } finally {
    Date.now = real.now;
    Math.random = real.random;
    Object.assign(globalThis, { setTimeout: real.timeout });
  }
}
