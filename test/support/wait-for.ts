/** Bounded waiting for a condition of the outside world. */
import { sleep } from "../../shared/loop.ts";

/** The first value that is not undefined; throws, saying `what`, when there is none in time. */
export async function waitFor<T>(
  what: string | (() => string),
  look: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 20_000,
): Promise<T> {
  const giveUpMs = Date.now() + deadlineMs;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > giveUpMs) {
      const text = typeof what === "string" ? what : what();
      throw new Error(`waited ${deadlineMs} ms in vain for ${text}`);
    }
    await sleep(50);
  }
}
