/** The two clocks of a process. */
import { monoMs, wallMs, type MonoMs, type WallMs } from "./time.ts";

export interface Clock {
  /** For every age and timeout. Never steps; stops while the machine is suspended. */
  monoMs(): MonoMs;
  /** For people and stores. May step. */
  wallMs(): WallMs;
}

export const systemClock: Clock = {
  monoMs: () => monoMs(Number(process.hrtime.bigint() / 1000n) / 1000),
  wallMs: () => wallMs(Date.now()),
};
