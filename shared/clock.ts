/** The two clocks of a process. */
import { monoMs, wallMs, type MonoMs, type WallMs } from "./time.ts";

export interface Clock {
  /** For every age and timeout. Never steps; stops while the machine is suspended. */
  monoMs(): MonoMs;
  /** For people and stores. May step. */
  wallMs(): WallMs;
}

/** performance.now() counts from the start of the process on the same clock, and costs less than a BigInt. */
const startedMs = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now();

export const systemClock: Clock = {
  monoMs: () => monoMs(startedMs + performance.now()),
  wallMs: () => wallMs(Date.now()),
};
