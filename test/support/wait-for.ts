/** Bounded waiting for a condition of the outside world. */
import { sleep } from "../../shared/loop.ts";

/** The first value that is not undefined; throws when there is none in time. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 6000,
): Promise<T> {
  const giveUpMs = Date.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > giveUpMs) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await sleep(50);
  }
}
